"""A unit reports which measures it took."""

from __future__ import annotations

from engine.inspection import credit_measures
from engine.service_tasks import ServiceContext, service_task


@service_task("report-credit-measure", title="登记措施落实情况")
def report_credit_measure(ctx: ServiceContext) -> None:
    """Keeps the report with the notice."""
    values, row = ctx.values or {}, credit_measures.of(ctx)
    row.report, row.reported_at = f"{values['taken']}：{values['report']}", ctx.now
    row.state = credit_measures.REPORTED
