"""Close a matter whose resolution is carried out."""

from __future__ import annotations

from engine.inspection import conference
from engine.service_tasks import ServiceContext, service_task


@service_task("close-conference-matter", title="联席会议事项办结")
def close_conference_matter(ctx: ServiceContext) -> None:
    """Every unit's report was accepted, or the resolution gave no tasks."""
    row = conference.matter(ctx.session, ctx.district_id, ctx.business_key)
    row.state, row.closed_at = conference.CLOSED, ctx.now
