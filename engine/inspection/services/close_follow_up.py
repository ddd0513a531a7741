"""Close a follow-up with its outcome, and tell the case it came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from engine.inspection.follow_ups import kind_of, kinds
from engine.inspection.models import FollowUp
from engine.inspection.records import follow_up
from engine.inspection.services.record_filing import MESSAGE as FILING_DECIDED
from engine.models import Deadline
from engine.service_tasks import ServiceContext, service_task

PENALTY = "administrative-penalty"
#: What follow-ups hear that end with the case they came of (table ``follow-up-kind``).
ORIGIN_CLOSED = "origin-closed"
HANDED_ON = "依法移送有权机关处理"


@service_task("close-follow-up", title="后续处置办结")
def close_follow_up(
    ctx: ServiceContext, outcome: str | None = None, payload: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """``outcome`` is the state shown from now on; the case it came from gets the message ``<kind>-closed``,
    and what ends with this case (table ``follow-up-kind``) the message ``origin-closed``.

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
    _end_what_hangs_on(ctx, row)
    if row.kind == PENALTY and not row.facts.get("filing"):
        # Ended before anybody decided on filing, by a transfer: the lead that waits goes on, its reporter is told
        # no more of the transfer than everybody may know.
        on = ctx.calendar.local_date(ctx.now).isoformat()
        ctx.send_message(FILING_DECIDED, row.origin, {"decision": HANDED_ON, "decided_on": on})
    return {"outcome": row.state}


def _end_what_hangs_on(ctx: ServiceContext, row: FollowUp) -> None:
    """What makes no sense without this case is told that it is over, and ends as its own diagram says."""
    known = kinds(ctx.settings, ctx.calendar.local_date(ctx.now))
    ending = [key for key, kind in known.items() if kind.ends_with_origin]
    hanging = sa.select(FollowUp.number).where(
        FollowUp.district_id == ctx.district_id, FollowUp.origin == row.number, FollowUp.closed_at.is_(None),
        FollowUp.kind.in_(ending),
    )  # fmt: skip
    for number in ctx.session.scalars(hanging.order_by(FollowUp.number)).all():
        ctx.send_message(ORIGIN_CLOSED, number, {"origin": row.number})


def _outcome(data: Mapping[str, Any]) -> str:
    """What earlier versions of the diagrams left to be read off their steps."""
    if "reinspect" in data:
        return "已改正" if data["reinspect"].get("result") == "已改正" else "未改正，转行政处罚"
    if data.get("approve_filing", {}).get("decision") == "不予立案":
        return "不予立案"
    if data.get("decide", {}).get("decision") == "不予处罚":
        return "不予处罚"
    return "已处罚"
