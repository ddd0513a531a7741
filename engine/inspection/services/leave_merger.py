"""The inspection or lead joined did not conclude in time: the lead is checked on its own again."""

from __future__ import annotations

from engine.inspection.lead_steps import keep
from engine.inspection.leads import lead
from engine.service_tasks import ServiceContext, service_task


@service_task("leave-merger", title="退出合并")
def leave_merger(ctx: ServiceContext) -> None:
    """Joining excuses nobody from the limit of 15 (+ 15) working days."""
    row = lead(ctx.session, ctx.district_id, ctx.business_key)
    keep(row, "left", {"target": row.merged_into, "on": ctx.calendar.local_date(ctx.now).isoformat()})
    row.merged_into, row.state = "", "待安排核查"
