"""Close a follow-up with its outcome, and tell the case it came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from engine.inspection.follow_ups import kind_of
from engine.inspection.records import follow_up
from engine.inspection.services.record_filing import MESSAGE as FILING_DECIDED
from engine.models import Deadline
from engine.service_tasks import ServiceContext, service_task

PENALTY = "administrative-penalty"
HANDED_ON = "依法移送有权机关处理"


@service_task("close-follow-up", title="后续处置办结")
def close_follow_up(
    ctx: ServiceContext, outcome: str | None = None, payload: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """``outcome`` is the state shown from now on; the case it came from gets the message ``<kind>-closed``.

    A penalty that ends before the decision on filing also sends what its lead waits for (``case-filing-decided``).
    """
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
    if row.kind == PENALTY and not row.facts.get("filing"):
        # Ended before anybody decided on filing, by a transfer: the lead that waits goes on, its reporter is told
        # no more of the transfer than everybody may know.
        on = ctx.calendar.local_date(ctx.now).isoformat()
        ctx.send_message(FILING_DECIDED, row.origin, {"decision": HANDED_ON, "decided_on": on})
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
