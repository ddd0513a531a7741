"""Abort a draw whose entropy was not complete in time (抽取中止)."""

from __future__ import annotations

from typing import Any

from engine.inspection import draws
from engine.service_tasks import ServiceContext, service_task


@service_task("abort-draw", title="抽取作废并公布")
def abort_draw(ctx: ServiceContext, reason: str = "") -> dict[str, Any]:
    """The aborted draw stays visible with who did not log or reveal; a new one gets a new number."""
    draw = draws.locked(ctx.session, ctx.district_id, ctx.data["draw_id"])
    said = draws.abort(ctx.session, ctx.settings, draw, reason, ctx.now)
    ctx.record("draw-aborted", {"draw_id": draw.draw_id, "reason": said})
    return {"draw_id": draw.draw_id, "reason": said}
