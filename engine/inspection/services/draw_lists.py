"""Draw objects and inspectors from the revealed parts (抽取)."""

from __future__ import annotations

from typing import Any

from engine.inspection import draws, records, visit_days
from engine.service_tasks import ServiceContext, service_task


@service_task("draw-lists", title="抽取对象和人员")
def draw_lists(ctx: ServiceContext) -> dict[str, Any]:
    """Objects and pairs follow from the committed lists and the revealed parts; nobody chooses anything here."""
    campaign = records.campaign(ctx.session, ctx.district_id, ctx.business_key)
    draw = draws.locked(ctx.session, ctx.district_id, ctx.data["draw_id"])
    outcome = draws.conduct(ctx.session, ctx.settings, campaign, draw, ctx.now)
    visit_days.fill(ctx.session, ctx.settings, campaign, draw, ctx.now)
    counts = {"drawn": len(outcome.drawn), "jobs": len(outcome.jobs)}
    ctx.record("draw-done", {"draw_id": draw.draw_id, "seed": outcome.seed, **counts})
    return {"draw_id": draw.draw_id, **counts}
