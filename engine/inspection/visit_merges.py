"""合并进门: one visit for two campaigns that drew the same firm (进一次门、查多项事, R25)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from engine.actor import Actor
from engine.db import new_id
from engine.inspection.gate_visits import REMOVED, OpenVisit
from engine.inspection.models import Campaign, Inspection
from engine.inspection.plan_models import VisitMerge


@dataclass(frozen=True)
class SharedVisit:
    """A firm drawn by both campaigns: the inspection here, and the one there."""

    uscc: str
    name: str
    own: str
    own_state: str
    other_campaign: str
    other_name: str
    other: str
    other_state: str
    decided_name: str
    at: datetime


def keep_merges(
    session: Session, campaign: Campaign, joined: Mapping[str, list[OpenVisit]], actor: Actor, now: datetime
) -> int:
    """Record which candidates are to be visited together with which open inspection; replaces an earlier decision.

    Returns how many firms; only those that the draw picks matter in the end.
    """
    session.execute(
        sa.delete(VisitMerge).where(
            VisitMerge.district_id == campaign.district_id, VisitMerge.campaign == campaign.number
        )
    )
    rows = [
        {
            "id": new_id(), "district_id": campaign.district_id, "campaign": campaign.number,
            "other": visits[0].campaign, "inspection": visits[0].inspection, "uscc": uscc,
            "decided_by": actor.user_id, "decided_name": actor.name, "at": now,
        }
        for uscc, visits in sorted(joined.items()) if visits
    ]  # fmt: skip
    if rows:
        session.execute(sa.insert(VisitMerge), rows)
    return len(rows)


def waiting_merges(session: Session, campaign: Campaign) -> dict[str, int]:
    """Candidates of this campaign that would be visited together with another one: other campaign → firms."""
    rows = session.execute(
        sa.select(VisitMerge.other, sa.func.count())
        .where(VisitMerge.district_id == campaign.district_id, VisitMerge.campaign == campaign.number)
        .group_by(VisitMerge.other)
        .order_by(VisitMerge.other)
    )
    return {other: count for other, count in rows}


def shared_visits(session: Session, district_id: str, campaign: str, inspection: str = "") -> list[SharedVisit]:
    """Firms that this campaign and another one drew and visit together, whichever of the two decided it."""
    found = []
    for here, there in (("campaign", "other"), ("other", "campaign")):
        own, partner = aliased(Inspection), aliased(Inspection)
        statement = (
            sa.select(own, partner, Campaign.name, VisitMerge.decided_name, VisitMerge.at)
            .select_from(VisitMerge)
            .join(
                own,
                (own.district_id == VisitMerge.district_id)
                & (own.campaign == getattr(VisitMerge, here))
                & (own.uscc == VisitMerge.uscc)
                & (own.state != REMOVED),
            )
            .join(
                partner,
                (partner.district_id == VisitMerge.district_id)
                & (partner.campaign == getattr(VisitMerge, there))
                & (partner.uscc == VisitMerge.uscc)
                & (partner.state != REMOVED),
            )
            .join(Campaign, (Campaign.district_id == partner.district_id) & (Campaign.number == partner.campaign))
            .where(VisitMerge.district_id == district_id, getattr(VisitMerge, here) == campaign)
            .order_by(own.number)
        )
        if inspection:
            statement = statement.where(own.number == inspection)
        found += [
            SharedVisit(
                mine.uscc, str(mine.object.get("name") or mine.uscc), mine.number, mine.state, other.campaign, name,
                other.number, other.state, by, at,
            )
            for mine, other, name, by, at in session.execute(statement)
        ]  # fmt: skip
    return found
