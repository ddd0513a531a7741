"""Keep the report that ends an investigation (调查终结报告), with its proposal."""

from __future__ import annotations

from engine.inspection import penalties
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("record-investigation-report", title="登记调查终结报告")
def record_investigation_report(ctx: ServiceContext) -> None:
    """The proposal is whole and within the organ's discretion; what was said before a new report no longer counts."""
    values, today = dict(ctx.values or {}), ctx.calendar.local_date(ctx.now)
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    if values["proposal"] == penalties.PUNISH:
        measure = penalties.check_measure(ctx.settings, today, values)
        penalties.check_discretion(
            ctx.settings, today, row.department, {**values, "deviation": values.get("discretion_reason")}, measure
        )  # fmt: skip
        values |= measure.fields()
    kept = {key: value for key, value in row.facts.items() if key != "statement_review"}
    row.state, row.facts = "调查终结", {**kept, "report": {**values, "on": today.isoformat()}}
