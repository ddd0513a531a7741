"""Who may be drawn for a task and for which items: certificates, leave, qualifications, enforcement teams."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.calendar import Calendar
from engine.inspection.models import Inspector, Item
from engine.inspection.registry_models import InspectorLeave
from engine.inspection.standing import serving, why_not_drawable


@dataclass(frozen=True)
class Staff:
    """Who may be drawn and who may not, with the reason; ``for_department`` where it is not their own (R22)."""

    present: list[Inspector]
    absent: list[tuple[Inspector, str]]
    for_department: Mapping[str, str] = field(default_factory=dict)

    def department(self, person: Inspector) -> str:
        """The department the person is drawn for."""
        return self.for_department.get(person.code, person.department)


def staff(
    session: Session, district_id: str, departments: Sequence[str], until: date, away: Mapping[str, str] | None = None
) -> Staff:
    """Inspectors of the departments; ``until`` is the day their certificates must still be valid.

    ``away`` gives reasons by inspector code that hold for this task only.
    """
    present: list[Inspector] = []
    absent: list[tuple[Inspector, str]] = []
    standing_in = serving(session, district_id, departments)
    rows = session.scalars(
        sa.select(Inspector)
        .where(
            Inspector.district_id == district_id,
            sa.or_(Inspector.department.in_(departments), Inspector.code.in_(sorted(standing_in))),
        )
        .order_by(Inspector.code)
    )
    for row in rows:
        if reason := why_not_drawable(row, until, away):
            absent.append((row, reason))
        else:
            present.append(row)
    own = set(departments)
    return Staff(present, absent, {c: d for c, d in standing_in.items() if d in own})


def mostly_away(
    session: Session, calendar: Calendar, district_id: str, first: date, last: date, available_percent: int
) -> dict[str, str]:
    """Whose leave takes so many of the task's working days that fewer than ``available_percent`` are left."""
    days = [day for n in range((last - first).days + 1) if calendar.is_working_day(day := first + timedelta(days=n))]
    if not days:
        return {}
    away: dict[str, set[date]] = {}
    rows = session.execute(
        sa.select(InspectorLeave.inspector_code, InspectorLeave.first_day, InspectorLeave.last_day).where(
            InspectorLeave.district_id == district_id,
            InspectorLeave.withdrawn_at.is_(None),
            InspectorLeave.first_day <= last,
            InspectorLeave.last_day >= first,
        )
    )
    for code, start, end in rows:
        away.setdefault(code, set()).update(day for day in days if start <= day <= end)
    return {
        code: f"请假 {len(gone)} 个工作日（任务期间共 {len(days)} 个）"
        for code, gone in away.items()
        if 100 * (len(days) - len(gone)) < available_percent * len(days)
    }


def qualified_items(person: Inspector, items: Iterable[Item], until: date) -> tuple[list[str], list[str]]:
    """``(items the person is qualified for, qualifications that lapse before ``until``)`` (R19).

    A lapsed qualification takes away the items whose staff requirement or category names it; with
    every qualification lapsed nothing is left, and the person can only be the second of a pair.
    """
    lapsed = [
        name
        for name, day in sorted((person.qualification_until or {}).items())
        if day and date.fromisoformat(str(day)[:10]) < until
    ]
    own = set(person.items or ())
    if lapsed and set(person.qualifications or lapsed) <= set(lapsed):
        return [], lapsed
    return [
        item.code
        for item in items
        if item.code in own and not any(name in item.staff or name in item.category for name in lapsed)
    ], lapsed
