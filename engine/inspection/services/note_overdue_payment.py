"""A last day of payment passed without the money (PL72)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from engine.inspection import enforcement as e
from engine.inspection import enforcement_steps as steps
from engine.inspection import remedies
from engine.service_tasks import ServiceContext, service_task


@service_task("note-overdue-payment", title="登记逾期")
def note_overdue_payment(ctx: ServiceContext) -> dict[str, Any]:
    """From the day after the last day on the fine bears its surcharge, and the party's time for
    review and lawsuit (deadline ``lawsuit``) is waited for; returns ``rest`` in yuan.
    """
    row = steps.own(ctx)
    balance = e.balance(ctx.session, ctx.settings, ctx.calendar, row, steps.today(ctx))
    if balance.next_on is not None:
        row.overdue_since = balance.next_on + timedelta(days=1)
    steps.state(ctx, row, e.OVERDUE)
    remedies.watch_lawsuit(ctx, row)
    return {"rest": e.yuan(balance.rest_sum)}
