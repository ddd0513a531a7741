"""Keep what was found when an application to repair was checked."""

from __future__ import annotations

from engine.inspection import credit_case
from engine.service_tasks import ServiceContext, service_task


@service_task("record-repair-check", title="登记信用修复核实情况")
def record_repair_check(ctx: ServiceContext) -> None:
    """The officer's finding and proposal."""
    values = dict(ctx.values or {})
    credit_case.not_later(ctx, values, "checked_on")
    credit_case.keep(credit_case.of(ctx), "check", values, "已核实")
