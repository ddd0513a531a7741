"""Draw among the late additions and dispatch those admitted (抽取补充对象)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.inspection import dispatch_lists, draws, late_additions, records, visit_days
from engine.inspection.dispatch import dispatch
from engine.inspection.drawn import drawn_objects
from engine.inspection.models import Inspection
from engine.service_tasks import ServiceContext, service_task


@service_task("draw-late-addition", title="抽取补充对象")
def draw_late_addition(ctx: ServiceContext) -> dict[str, Any]:
    """In is whose ticket is at most the old threshold; where the inspections run already, theirs are opened at once."""
    campaign = records.campaign(ctx.session, ctx.district_id, ctx.data["campaign"])
    draw = draws.locked(ctx.session, ctx.district_id, ctx.data["parent_draw"])
    addition = draws.locked(ctx.session, ctx.district_id, ctx.data["draw_id"])
    admitted = late_additions.conduct_addition(ctx.session, ctx.settings, campaign, draw, addition, ctx.now)
    if admitted:
        visit_days.fill(ctx.session, ctx.settings, campaign, draw, ctx.now)
        campaign.total += len(admitted)
        campaign.open_count += len(admitted)
    dispatched = sa.exists().where(Inspection.district_id == ctx.district_id, Inspection.draw_id == draw.draw_id)
    if admitted and ctx.session.scalar(sa.select(dispatched)):
        rows = [row for row in drawn_objects(draw) if row.uscc in admitted]
        dispatch(ctx, campaign, draw, rows)
        dispatch_lists.extend(ctx.session, campaign, draw, [f"{draw.draw_id}/{row.rank:04d}" for row in rows])
    kind = "draw-done" if addition.state == "drawn" else "draw-aborted"
    ctx.record(kind, {"draw_id": addition.draw_id, "drawn": len(admitted), "reason": addition.reason})
    return {"draw_id": addition.draw_id, "admitted": len(admitted)}
