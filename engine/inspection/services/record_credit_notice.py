"""Keep the notice before somebody is put on the list of serious dishonesty; the time for statements begins."""

from __future__ import annotations

from datetime import datetime, time

from engine.inspection import credit_case
from engine.inspection.credit_letters import day
from engine.service_tasks import ServiceContext, service_task


@service_task("record-credit-notice", title="登记列入前告知")
def record_credit_notice(ctx: ServiceContext) -> None:
    """The limit ``serious-statement`` runs from the day of service."""
    values, row = dict(ctx.values or {}), credit_case.of(ctx)
    credit_case.not_later(ctx, values, "served_on")
    credit_case.keep(row, "notice", values, "已告知")
    served = datetime.combine(day(values["served_on"]), time(), ctx.settings.timezone)
    ctx.set_deadline(ctx.business_key, "serious-statement", started_at=served)
