"""Close a follow-up with its outcome."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("close-follow-up", title="后续处置办结")
def close_follow_up(ctx: ServiceContext) -> dict[str, Any]:
    """The outcome shown from now on follows from what was decided on the way."""
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    row.closed_at, row.state = ctx.now, _outcome(ctx.data)
    for name in ("reinspection", "decision"):
        ctx.meet_deadline(name)
    return {"outcome": row.state}


def _outcome(data: Mapping[str, Any]) -> str:
    if "reinspect" in data:
        return "已改正" if data["reinspect"].get("result") == "已改正" else "未改正，转行政处罚"
    if data.get("approve_filing", {}).get("decision") == "不予立案":
        return "不予立案"
    if data.get("decide", {}).get("decision") == "不予处罚":
        return "不予处罚"
    return "已处罚"
