"""Visiting days: a proposal for every visit of a draw, by area and date, which the lead's officer may change.

The proposal is a rule, not a choice: visits in the order of their regions and names; each gets
the working day between the task's first and last day on which its people have the fewest visits,
then on which the fewest visits lie, then the earliest.  Objects visited as a group share a day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.calendar import Calendar
from engine.commands.context import CommandContext
from engine.errors import Conflict, Forbidden, InvalidInput
from engine.inspection import draws
from engine.inspection.models import Campaign, Draw, DrawnObject, InspectedObject
from engine.inspection.records import campaign as find_campaign
from engine.settings import Settings

OFFICER = "承办人"


@dataclass(frozen=True, slots=True)
class Visit:
    """One object or group: its name, region, people, and its day when one is set."""

    name: str
    region: str
    people: frozenset[str]
    day: date | None = None


def propose(visits: Sequence[Visit], days: Sequence[date]) -> dict[str, date]:
    """A day for every visit that has none, beside those that have; nothing when ``days`` is empty."""
    busy: Counter[tuple[str, date]] = Counter()
    load: Counter[date] = Counter()
    for visit in visits:
        if visit.day is not None:
            load[visit.day] += 1
            busy.update((person, visit.day) for person in visit.people)
    found: dict[str, date] = {}
    if not days:
        return found
    for visit in sorted((v for v in visits if v.day is None), key=lambda v: (v.region, v.name)):
        day = min(days, key=lambda d: (max((busy[p, d] for p in visit.people), default=0), load[d], d))
        found[visit.name] = day
        load[day] += 1
        busy.update((person, day) for person in visit.people)
    return found


def working_days(calendar: Calendar, first: date, last: date) -> list[date]:
    """The working days from ``first`` to ``last``; all days when a holiday swallows the whole task."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [day for day in days if calendar.is_working_day(day)] or days


def task_days(session: Session, settings: Settings, campaign: Campaign, now: datetime) -> list[date]:
    """Days on which the task's visits may lie: its working days from tomorrow on."""
    today = now.astimezone(settings.timezone).date()
    try:
        first = date.fromisoformat(str(campaign.plan["start_date"]))
        last = date.fromisoformat(str(campaign.plan["end_date"]))
    except (KeyError, ValueError):
        return []
    first = max(first, today + timedelta(days=1))
    if last < first:
        return []
    return working_days(Calendar.load(session, campaign.district_id, settings.timezone), first, last)


def fill(session: Session, settings: Settings, campaign: Campaign, draw: Draw, now: datetime) -> None:
    """Propose a day for every visit of the draw that has none yet."""
    rows = session.scalars(
        sa.select(DrawnObject).where(
            DrawnObject.district_id == draw.district_id,
            DrawnObject.draw_id == draw.draw_id,
            DrawnObject.failed_reason == "",
        )
    ).all()
    found = propose(list(_visits(session, rows).values()), task_days(session, settings, campaign, now))
    for row in rows:
        row.visit_on = row.visit_on or found.get(row.visit_group or row.uscc)
    session.flush()


def _visits(session: Session, rows: Sequence[DrawnObject]) -> dict[str, Visit]:
    regions: Mapping[str, str] = dict(
        session.execute(
            sa.select(InspectedObject.uscc, InspectedObject.region).where(
                InspectedObject.district_id.in_({row.district_id for row in rows}),
                InspectedObject.uscc.in_([row.uscc for row in rows]),
            )
        )
        .tuples()
        .all()
    )
    found: dict[str, Visit] = {}
    for row in rows:
        name = row.visit_group or row.uscc
        people = {person for pair in row.pairs.values() for person in pair}
        known = found.get(name)
        found[name] = Visit(
            name,
            known.region if known else regions.get(row.uscc, ""),
            frozenset(people | known.people) if known else frozenset(people),
            (known.day if known else None) or row.visit_on,
        )
    return found


@dataclass(frozen=True)
class SetVisitDays:
    """The lead's officer sets the days of visits: ``{object or group: YYYY-MM-DD}``; returns how many changed.

    Raises :class:`Forbidden` for anybody else, :class:`InvalidInput` naming every day outside the task or that is
    no working day, :class:`Conflict` when there is no draw.
    """

    campaign: str
    days: Mapping[str, str]

    def run(self, ctx: CommandContext) -> int:
        campaign = find_campaign(ctx.session, ctx.district_id, self.campaign)
        if not ctx.actor.has_role(OFFICER, campaign.lead):
            raise Forbidden("检查日期由牵头部门的承办人安排。")
        draw = draws.standing_draw(ctx.session, campaign)
        if draw is None or draw.state not in ("drawn", "imported"):
            raise Conflict("尚未抽取，还没有需要安排日期的检查。")
        allowed = {d.isoformat() for d in task_days(ctx.session, ctx.kernel.settings, campaign, ctx.now)}
        rows = ctx.session.scalars(
            sa.select(DrawnObject).where(
                DrawnObject.district_id == ctx.district_id,
                DrawnObject.draw_id == draw.draw_id,
                DrawnObject.failed_reason == "",
            )
        ).all()
        present = {row.visit_group or row.uscc: row.visit_on for row in rows}
        wanted = {
            visit: day
            for visit, day in self.days.items()
            if visit in present and day != (present[visit].isoformat() if present[visit] else "")  # type: ignore[union-attr]
        }
        faults = {
            visit: [f"{day or '空'} 不是本任务期限内今天以后的工作日，请改选。"]
            for visit, day in wanted.items()
            if day not in allowed
        }
        if faults:
            raise InvalidInput("有的检查日期不能使用。", fields=faults)
        for row in rows:
            if (day := wanted.get(row.visit_group or row.uscc)) is not None:
                row.visit_on = date.fromisoformat(day)
        if wanted:
            ctx.record(None, "visit-days-set", {"draw_id": draw.draw_id, "days": wanted})
        return len(wanted)
