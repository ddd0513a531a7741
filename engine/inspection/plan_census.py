"""How many objects a plan's row speaks of: the registry counted once by what scopes and ratios look at.

A million objects become a few thousand cells, so that every question about scopes (how large, how
much do two overlap, how many of each ratio) is sums over cells.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection.gate import ALIVE
from engine.inspection.models import InspectedObject
from engine.inspection.object_traits import columns
from engine.inspection.plan_scope import Scope


class Cell(NamedTuple):
    """Objects alike in all that counts; ``marks`` are the arguments of :meth:`TraitReader.read` after the industry."""

    region: str
    kind: str
    industry: str
    marks: tuple[str, bool, str, str]
    objects: int


#: The last count of each database and district with the registry's stamp: counting a million objects takes seconds.
_counted: WeakKeyDictionary[sa.Engine, dict[str, tuple[tuple[Any, ...], list[Cell], Counter[str]]]] = (
    WeakKeyDictionary()
)


def census(session: Session, district_id: str) -> list[Cell]:
    """Every object that can be visited at all, counted by region, kind, industry, grade and marks.

    Counted anew only when the registry has changed since.
    """
    return _census(session, district_id)[0]


def not_alive(session: Session, district_id: str) -> Counter[str]:
    """The objects that cannot be visited, counted by registration state (登记状态)."""
    return _census(session, district_id)[1]


def _census(session: Session, district_id: str) -> tuple[list[Cell], Counter[str]]:
    engine = session.connection().engine
    stamp = _stamp(session, district_id)
    known = _counted.setdefault(engine, {}).get(district_id)
    if known is None or known[0] != stamp:
        known = _counted[engine][district_id] = (stamp, *_count(session, district_id))
    return known[1], known[2]


def _stamp(session: Session, district_id: str) -> tuple[Any, ...]:
    """Something that changes with every change of the registry: a changed object has no or a new position."""
    o = InspectedObject
    own = o.district_id == district_id
    return (
        session.scalar(sa.select(sa.func.max(o.position)).where(own)),
        *session.execute(sa.select(sa.func.count(), sa.func.max(o.updated_at)).where(own, o.position.is_(None))).one(),
    )


def _count(session: Session, district_id: str) -> tuple[list[Cell], Counter[str]]:
    o = InspectedObject.__table__.c
    industry, *marks = columns()
    keys = (o.status, o.region, o.kind, industry, *marks)
    rows = session.execute(sa.select(*keys, sa.func.count()).where(o.district_id == district_id).group_by(*keys))
    alive: Counter[tuple[str, str, str, tuple[str, bool, str, str]]] = Counter()
    others: Counter[str] = Counter()
    for status, region, kind, code, *rest, count in rows:
        if status in ALIVE:
            alive[region, kind, code, tuple(rest)] += count
        else:
            others[status] += count
    return [Cell(*key, count) for key, count in alive.items()], others


def within(cells: Iterable[Cell], scope: Scope) -> list[Cell]:
    """The cells that lie in a scope."""
    return [cell for cell in cells if holds(scope, cell)]


def holds(scope: Scope, cell: Cell) -> bool:
    """Does the scope hold the cell's objects?"""
    return (
        (not scope.regions or cell.region in scope.regions)
        and (not scope.kinds or cell.kind in scope.kinds)
        and bool(scope.departments(cell.industry))
    )


def size(cells: Iterable[Cell]) -> int:
    """Objects in the cells."""
    return sum(cell.objects for cell in cells)
