"""Visits outside the draw (双随机以外的检查), of this district's departments and of other organs.

They count in the yearly frequency cap like drawn ones, unless a superior organ ordered them
(domain rule: daily, individual-case and special checks count; specials ordered from above do not).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection.item_models import OutsideVisit

#: USCCs asked for in one statement; databases limit how many values a statement takes.
_CHUNK = 500
_Visits = sa.Select[tuple[OutsideVisit]]


def outside_visits(
    session: Session, district_id: str, usccs: Collection[str] | None, year: int
) -> dict[str, list[OutsideVisit]]:
    """Visits of ``year`` by firm, the oldest first, withdrawn entries left out; ``None`` asks for all firms."""
    found: dict[str, list[OutsideVisit]] = {}
    for statement in _chunks(sa.select(OutsideVisit).where(*_standing(district_id, year)), usccs):
        for row in session.scalars(statement.order_by(OutsideVisit.visited_on, OutsideVisit.id)):
            found.setdefault(row.uscc, []).append(row)
    return found


def visits_of(session: Session, district_id: str, uscc: str, limit: int = 100) -> list[OutsideVisit]:
    """A firm's visits of all years, the newest first."""
    statement = (
        sa.select(OutsideVisit)
        .where(OutsideVisit.district_id == district_id, OutsideVisit.uscc == uscc, OutsideVisit.withdrawn_at.is_(None))
        .order_by(OutsideVisit.visited_on.desc(), OutsideVisit.id.desc())
        .limit(limit)
    )
    return list(session.scalars(statement))


def count_towards_cap(session: Session, district_id: str, year: int) -> Counter[str]:
    """How many visits of ``year`` count in each firm's frequency cap."""
    rows = session.execute(
        sa.select(OutsideVisit.uscc, sa.func.count())
        .where(*_standing(district_id, year), ~OutsideVisit.ordered_from_above)
        .group_by(OutsideVisit.uscc)
    )
    return Counter({uscc: count for uscc, count in rows})


def last_outside_visits(session: Session, district_id: str, year: int) -> dict[str, date]:
    """The newest visit of ``year`` that counts, by firm: days between two visits are measured from it."""
    rows = session.execute(
        sa.select(OutsideVisit.uscc, sa.func.max(OutsideVisit.visited_on))
        .where(*_standing(district_id, year), ~OutsideVisit.ordered_from_above)
        .group_by(OutsideVisit.uscc)
    )
    return {uscc: day for uscc, day in rows}


def _standing(district_id: str, year: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        OutsideVisit.district_id == district_id,
        OutsideVisit.withdrawn_at.is_(None),
        OutsideVisit.visited_on.between(date(year, 1, 1), date(year, 12, 31)),
    )


def _chunks(statement: _Visits, usccs: Collection[str] | None) -> Iterator[_Visits]:
    if usccs is None:
        yield statement
        return
    wanted = sorted(set(usccs))
    for start in range(0, len(wanted), _CHUNK):
        yield statement.where(OutsideVisit.uscc.in_(wanted[start : start + _CHUNK]))
