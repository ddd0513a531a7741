"""Keep the party's report on what it corrected."""

from __future__ import annotations

from engine.errors import InvalidInput
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("record-rectification-report", title="登记整改报告")
def record_rectification_report(ctx: ServiceContext) -> None:
    """The day of the report lies between service and today: the re-inspection clock counts from it."""
    values, today = ctx.values or {}, ctx.calendar.local_date(ctx.now).isoformat()
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    served, on = (row.facts.get("term") or {}).get("served_on", ""), str(values["reported_on"])[:10]
    if not served <= on <= today:
        raise InvalidInput(
            "收到报告的日期不对。",
            fields={"reported_on": [f"请填写送达（{served}）以后、今天（{today}）以前实际收到的日期。"]},
        )
    row.state, row.facts = "已报告", {**row.facts, "report": dict(values)}
    ctx.meet_deadline("rectification")
