"""Keep that a penalty decided on the spot was reported to the organ (PL52)."""

from __future__ import annotations

from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("record-simplified-filing", title="登记当场处罚备案")
def record_simplified_filing(ctx: ServiceContext) -> None:
    """Filed, or referred to the head because it is not proper."""
    values = dict(ctx.values or {})
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    row.state = "已备案" if values["decision"] == "备案" else "等待纠正"
    row.facts = {**row.facts, "filing": {**values, "filed_on": ctx.calendar.local_date(ctx.now).isoformat()}}
    ctx.meet_deadline("simplified-filing")
