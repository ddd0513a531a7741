"""Keep the office's check of a unit's report."""

from __future__ import annotations

from engine.inspection import conference
from engine.service_tasks import ServiceContext, service_task


@service_task("check-assignment", title="核对落实情况")
def check_assignment(ctx: ServiceContext) -> None:
    """Accepted, or sent back with what is missing."""
    task = ctx.data["assignment"]
    row = conference.assignment(ctx.session, ctx.district_id, ctx.business_key, int(task["serial"]))
    if (ctx.values or {})["decision"] == "同意":
        row.accepted_at, row.state = ctx.now, conference.DONE
    else:
        row.returned, row.state = row.returned + 1, conference.DOING
