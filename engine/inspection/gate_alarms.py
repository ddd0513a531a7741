"""Frequency alarms: firms visited too often in a day, a week or a month, and inspectors who always find nothing.

Alarms are signals of risk; they keep nobody out of a draw and rank nobody (国办发〔2024〕54号).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection.gate_frequency import Alarm, Frequency
from engine.inspection.gate_visits import REMOVED
from engine.inspection.models import DepartmentInspection, Finding, InspectedObject, Inspection, Inspector
from engine.inspection.outside_visits import outside_visits
from engine.inspection.pool_outlook import Outlook
from engine.settings import Settings

CHUNK = 500


@dataclass(frozen=True)
class FirmAlarm:
    """A firm that had more visits within the alarm's days than it allows; ``last`` is the newest of them."""

    uscc: str
    alarm: Alarm
    visits: int
    last: date


@dataclass(frozen=True)
class PairAlarm:
    """An inspector who checked the same firm so often this year without finding a problem."""

    inspector: str
    uscc: str
    checks: int


def firm_alarms(session: Session, settings: Settings, district_id: str, today: date) -> list[FirmAlarm]:
    """Every firm's most frequent stretch of this calendar year, by alarm; the newest first."""
    days = visit_days(session, settings, district_id, today)
    found = []
    for alarm in Frequency(settings, today).alarms:
        for uscc, dates in days.items():
            if (worst := _worst(dates, alarm)) is not None:
                found.append(FirmAlarm(uscc, alarm, *worst))
    return sorted(found, key=lambda a: (a.last, a.uscc, a.alarm.days), reverse=True)


def visit_days(session: Session, settings: Settings, district_id: str, today: date) -> dict[str, list[date]]:
    """The days of every visit of the calendar year, by firm, in order: each department's visit, and visits by others.

    Departments that come together count once a day and campaign (进一次门).
    """
    first = datetime(today.year, 1, 1, tzinfo=settings.timezone)
    seen: dict[str, list[date]] = defaultdict(list)
    rows = session.execute(
        sa.select(Inspection.uscc, Inspection.number, DepartmentInspection.visit_ended_at)
        .join(
            DepartmentInspection,
            (DepartmentInspection.district_id == Inspection.district_id)
            & (DepartmentInspection.inspection == Inspection.number),
        )
        .where(Inspection.district_id == district_id, DepartmentInspection.visit_ended_at >= first)
    )
    for uscc, _, day in {(uscc, number, at.astimezone(settings.timezone).date()) for uscc, number, at in rows}:
        seen[uscc].append(day)
    for uscc, visits in outside_visits(session, district_id, None, today.year).items():
        seen[uscc] += [visit.visited_on for visit in visits]
    return {uscc: sorted(days) for uscc, days in seen.items()}


def _worst(days: Sequence[date], alarm: Alarm) -> tuple[int, date] | None:
    """The most visits within the alarm's days and the last of them, when there are too many."""
    most = max(
        ((n - bisect_left(days, day - timedelta(days=alarm.days - 1)) + 1, day) for n, day in enumerate(days)),
        default=(0, date.min),
    )
    return most if most[0] > alarm.visits else None


def pair_alarms(session: Session, settings: Settings, district_id: str, today: date) -> list[PairAlarm]:
    """Inspectors who checked one firm this year at least as often as the table says and never found a problem."""
    limit = Frequency(settings, today).figure("alarm-same-inspector")
    first = datetime(today.year, 1, 1, tzinfo=settings.timezone)
    part = DepartmentInspection
    problem = sa.exists().where(
        Finding.district_id == part.district_id, Finding.department_inspection == part.number, Finding.problem
    )
    rows = session.execute(
        sa.select(Inspection.uscc, part.inspectors, problem)
        .join(Inspection, (Inspection.district_id == part.district_id) & (Inspection.number == part.inspection))
        .where(part.district_id == district_id, part.visit_ended_at >= first, part.state != REMOVED)
    )
    checks: Counter[tuple[str, str]] = Counter()
    found_something: set[tuple[str, str]] = set()
    for uscc, inspectors, has_problem in rows:
        for code in inspectors:
            checks[code, uscc] += 1
            if has_problem:
                found_something.add((code, uscc))
    return [
        PairAlarm(code, uscc, count)
        for (code, uscc), count in sorted(checks.items())
        if count >= limit and (code, uscc) not in found_something
    ]


def alarm_facts(
    session: Session, settings: Settings, district_id: str, today: date, look: Outlook
) -> Iterator[dict[str, Any]]:
    """The alarms that touch candidates and people of the lists, as blocks beside the gate-check form."""
    present = {person.code: person.name for person in look.crew.staff.present}
    firms = firm_alarms(session, settings, district_id, today)
    pairs = [p for p in pair_alarms(session, settings, district_id, today) if p.inspector in present]
    candidates = look.candidates_among([a.uscc for a in firms] + [p.uscc for p in pairs])
    names = object_names(session, district_id, sorted(candidates))
    body: list[list[Any]] = [
        [names.get(a.uscc, a.uscc), a.uscc, a.alarm.label, f"{a.visits} 次，最近 {a.last}"]
        for a in firms
        if a.uscc in candidates
    ]
    if body:
        yield {"title": "频次预警", "table": {"head": ["检查对象", "代码", "预警线", "实际"], "body": body}}
    body = [
        [present[p.inspector], names.get(p.uscc, p.uscc), f"{p.checks} 次均未发现问题"]
        for p in pairs
        if p.uscc in candidates
    ]
    if body:
        head = ["检查人员", "检查对象", "本年度"]
        yield {"title": "同一人员多次检查同一对象", "table": {"head": head, "body": body}}


def object_names(session: Session, district_id: str, usccs: Sequence[str]) -> dict[str, str]:
    """Names of objects by their codes."""
    return _names(session, InspectedObject.uscc, InspectedObject.name, district_id, usccs)


def inspector_names(session: Session, district_id: str, codes: Sequence[str]) -> dict[str, str]:
    """Names of inspectors by their codes."""
    return _names(session, Inspector.code, Inspector.name, district_id, codes)


def _names(session: Session, key: Any, name: Any, district_id: str, wanted: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    codes = sorted(set(wanted))
    for start in range(0, len(codes), CHUNK):
        chunk = codes[start : start + CHUNK]
        found |= dict(
            session.execute(sa.select(key, name).where(key.class_.district_id == district_id, key.in_(chunk)))
            .tuples()
            .all()
        )
    return found
