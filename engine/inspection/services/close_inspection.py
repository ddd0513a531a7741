"""Close an inspection; the last one tells the campaign that all results are public."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.inspection.models import Campaign
from engine.inspection.records import inspection
from engine.service_tasks import ServiceContext, service_task


@service_task("close-inspection", title="检查办结")
def close_inspection(ctx: ServiceContext) -> dict[str, Any]:
    """Decrement the campaign's open count; whoever reaches zero sends ``all-results-published``."""
    row = inspection(ctx.session, ctx.district_id, ctx.business_key)
    row.closed_at, row.state = ctx.now, "已办结"
    row.summary = dict(ctx.data.get("object_summary") or {})
    left = ctx.session.scalar(
        sa.update(Campaign)
        .where(Campaign.district_id == ctx.district_id, Campaign.number == row.campaign)
        .values(open_count=Campaign.open_count - 1)
        .returning(Campaign.open_count)
        .execution_options(synchronize_session=False)
    )
    if left == 0:
        ctx.send_message("all-results-published", row.campaign)
    return {"left": left}
