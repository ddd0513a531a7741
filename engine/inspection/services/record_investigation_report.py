"""Keep the report that ends an investigation (调查终结报告), with its proposal."""

from __future__ import annotations

from engine.inspection import penalties
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("record-investigation-report", title="登记调查终结报告")
def record_investigation_report(ctx: ServiceContext) -> dict[str, str]:
    """The proposal is whole and within the organ's discretion; what was said before a new report no longer counts.

    Says in ``stage`` how the case goes on: 告知前, or 决定前 when the heads changed it after the party was heard and
    it is not heavier than told.
    """
    values, today = dict(ctx.values or {}), ctx.calendar.local_date(ctx.now)
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    measure = penalties.Measure()
    if values["proposal"] == penalties.PUNISH:
        measure = penalties.check_measure(ctx.settings, today, values)
        penalties.check_discretion(
            ctx.settings, today, row.department, {**values, "deviation": values.get("discretion_reason")}, measure
        )  # fmt: skip
        values |= measure.fields()
    kept = {key: value for key, value in row.facts.items() if key != "statement_review"}
    row.state, row.facts = "调查终结", {**kept, "report": {**values, "on": today.isoformat()}}
    told = penalties.told(row)
    if ctx.data.get("stage") != "决定前" or told is None:
        return {"stage": "告知前"}
    again = penalties.heavier(ctx.settings, today, told, measure) + penalties.reworded(told, measure)
    return {"stage": "告知前" if again else "决定前"}
