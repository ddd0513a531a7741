"""Keep what was found when a removal was looked into; five working days run from then."""

from __future__ import annotations

from datetime import datetime, time

from engine.inspection import credit_case
from engine.inspection.credit_letters import day
from engine.service_tasks import ServiceContext, service_task


@service_task("record-credit-removal", title="登记移出核实情况")
def record_credit_removal(ctx: ServiceContext) -> None:
    """Starts the limit ``abnormal-removal`` on the day of verification."""
    values, row = dict(ctx.values or {}), credit_case.of(ctx)
    credit_case.not_later(ctx, values, "verified_on")
    credit_case.keep(row, "removal", values)
    verified = datetime.combine(day(values["verified_on"]), time(), ctx.settings.timezone)
    ctx.set_deadline(ctx.business_key, "abnormal-removal", started_at=verified)
