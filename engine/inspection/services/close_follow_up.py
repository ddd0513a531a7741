"""Close a follow-up with its outcome, and tell the case it came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from engine.inspection.follow_ups import kind_of
from engine.inspection.records import follow_up
from engine.models import Deadline
from engine.service_tasks import ServiceContext, service_task


@service_task("close-follow-up", title="后续处置办结")
def close_follow_up(
    ctx: ServiceContext, outcome: str | None = None, payload: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """``outcome`` is the state shown from now on; the case it came from gets the message ``<kind>-closed``."""
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    row.closed_at, row.state = ctx.now, outcome or _outcome(ctx.data)
    for name in ctx.session.scalars(
        sa.select(Deadline.name).where(
            Deadline.district_id == ctx.district_id, Deadline.business_key == row.number, Deadline.met_at.is_(None)
        )
    ).all():
        ctx.meet_deadline(name)
    if kind_of(ctx.settings, row.kind, ctx.calendar.local_date(ctx.now)).tells_origin:
        told = {"number": row.number, "outcome": row.state, **(payload or {})}
        ctx.send_message(f"{row.kind}-closed", row.origin, told)
    return {"outcome": row.state}


def _outcome(data: Mapping[str, Any]) -> str:
    """What earlier versions of the diagrams left to be read off their steps."""
    if "reinspect" in data:
        return "已改正" if data["reinspect"].get("result") == "已改正" else "未改正，转行政处罚"
    if data.get("approve_filing", {}).get("decision") == "不予立案":
        return "不予立案"
    if data.get("decide", {}).get("decision") == "不予处罚":
        return "不予处罚"
    return "已处罚"
