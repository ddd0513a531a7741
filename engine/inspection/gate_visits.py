"""Who was visited this year and who is about to be: this system's inspections and visits told by others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection.models import Campaign, Inspection
from engine.inspection.outside_visits import count_towards_cap, last_outside_visits
from engine.inspection.plan_models import VisitMerge
from engine.settings import Settings

REMOVED = "已移出"


@dataclass(frozen=True)
class OpenVisit:
    """A firm drawn by a campaign and not visited yet."""

    campaign: str
    inspection: str


@dataclass(frozen=True)
class Visits:
    """What is known of visits, by firm: how many count this year, when the last was, and which are still open."""

    this_year: Mapping[str, int] = field(default_factory=dict)
    last: Mapping[str, date] = field(default_factory=dict)
    open_now: Mapping[str, list[OpenVisit]] = field(default_factory=dict)


def visits(session: Session, settings: Settings, district_id: str, today: date) -> Visits:
    """Visits of the calendar year across departments, and those still to come.

    Two inspections that were merged into one visit and ended on the same day count once (进一次门).
    Visits ordered from above do not count, ours or others' (国办发〔2024〕54号).
    """
    ordered = _ordered(session, district_id)
    first = datetime(today.year, 1, 1, tzinfo=settings.timezone)
    ended: Counter[str] = Counter(count_towards_cap(session, district_id, today.year))
    last = dict(last_outside_visits(session, district_id, today.year))
    open_now: dict[str, list[OpenVisit]] = {}
    days: dict[tuple[str, str], date] = {}  # (campaign, firm) → day
    for number, uscc, ended_at, closed_at, campaign in session.execute(
        sa.select(
            Inspection.number, Inspection.uscc, Inspection.visits_ended_at, Inspection.closed_at, Inspection.campaign
        )
        .where(
            Inspection.district_id == district_id,
            Inspection.state != REMOVED,
            sa.or_(Inspection.closed_at.is_(None), Inspection.visits_ended_at >= first),
        )
        .order_by(Inspection.number)
    ):
        if ended_at is None:
            if closed_at is None:
                open_now.setdefault(uscc, []).append(OpenVisit(campaign, number))
        elif ended_at >= first:
            day = ended_at.astimezone(settings.timezone).date()
            ended[uscc] += campaign not in ordered
            days[campaign, uscc] = day
            last[uscc] = max(day, last.get(uscc, day))
    for campaign, other, uscc in session.execute(
        sa.select(VisitMerge.campaign, VisitMerge.other, VisitMerge.uscc).where(VisitMerge.district_id == district_id)
    ):
        day = days.get((campaign, uscc))
        if day is not None and day == days.get((other, uscc)) and not {campaign, other} & ordered:
            ended[uscc] -= 1
    return Visits(ended, last, open_now)


def _ordered(session: Session, district_id: str) -> frozenset[str]:
    """Campaigns that carry out a special inspection a superior ordered."""
    rows = session.execute(
        sa.select(Campaign.number, Campaign.plan).where(Campaign.district_id == district_id, Campaign.draw_id != "")
    )
    return frozenset(number for number, plan in rows if plan.get("ordered"))
