"""Keep the special group's report, which begins the head's days."""

from __future__ import annotations

from engine.inspection import crime_transfers as crimes
from engine.service_tasks import ServiceContext, service_task


@service_task("propose-crime-transfer", title="登记核实报告")
def propose_crime_transfer(ctx: ServiceContext) -> None:
    """The head has the days of ``transfer-decision`` from the report on (transfer rules 5)."""
    crimes.keep(ctx, "report", "待负责人决定", ctx.now)
    ctx.set_deadline(ctx.business_key, "transfer-decision")
