"""Archive a finished campaign (归档)."""

from __future__ import annotations

from engine.inspection.records import campaign
from engine.service_tasks import ServiceContext, service_task


@service_task("archive-campaign", title="抽查任务归档")
def archive_campaign(ctx: ServiceContext) -> None:
    """From now on the campaign's draw record is open as far as its disclosure class allows."""
    row = campaign(ctx.session, ctx.district_id, ctx.business_key)
    row.state, row.archived_at = "已归档", ctx.now
    ctx.record("campaign-archived", {"campaign": row.number, "draw_id": row.draw_id, "total": row.total})
