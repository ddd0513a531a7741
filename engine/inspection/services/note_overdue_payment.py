"""A last day of payment passed without the money, or the party refuses a duty beside it (PL72, ACL53)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from engine.inspection import enforcement as e
from engine.inspection import enforcement_steps as steps
from engine.inspection import remedies
from engine.service_tasks import ServiceContext, service_task


@service_task("note-overdue-payment", title="登记逾期")
def note_overdue_payment(ctx: ServiceContext) -> dict[str, Any]:
    """From the day after the last day on the fine bears its surcharge; a duty the party refuses is overdue from the
    day that was found out.  The party's time for review and lawsuit (deadline ``lawsuit``) is waited for.  Returns
    ``overdue``: false when the money came in time and no duty is refused, and ``rest`` in yuan.
    """
    row = steps.own(ctx)
    balance = e.balance(ctx.session, ctx.settings, ctx.calendar, row, steps.today(ctx))
    refused = [steps.day(duty["on"]) for duty in steps.refused(row.duties)]
    if not balance.rest_sum and not refused:
        return {"overdue": False, "rest": e.yuan(0)}
    since = [*refused, *([balance.next_on + timedelta(days=1)] if balance.next_on and not refused else [])]
    row.overdue_since = min(since, default=steps.today(ctx))
    steps.state(ctx, row, e.OVERDUE)
    remedies.watch_lawsuit(ctx, row)
    return {"overdue": True, "rest": e.yuan(balance.rest_sum)}
