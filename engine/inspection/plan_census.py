"""How many objects a plan's row speaks of: the registry counted once by what scopes and ratios look at.

A million objects become a few thousand cells, so that every question about scopes (how large, how
much do two overlap, how many of each ratio) is sums over cells.
"""

from __future__ import annotations

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
_counted: WeakKeyDictionary[sa.Engine, dict[str, tuple[tuple[Any, ...], list[Cell]]]] = WeakKeyDictionary()


def census(session: Session, district_id: str) -> list[Cell]:
    """Every object that can be visited at all, counted by region, kind, industry, grade and marks.

    Counted anew only when the registry has changed since.
    """
    engine = session.connection().engine
    stamp = _stamp(session, district_id)
    known = _counted.setdefault(engine, {}).get(district_id)
    if known is None or known[0] != stamp:
        known = _counted[engine][district_id] = (stamp, _count(session, district_id))
    return known[1]


def _stamp(session: Session, district_id: str) -> tuple[Any, ...]:
    """Something that changes with every change of the registry: a changed object has no or a new position."""
    o = InspectedObject
    own = o.district_id == district_id
    return (
        session.scalar(sa.select(sa.func.max(o.position)).where(own)),
        *session.execute(sa.select(sa.func.count(), sa.func.max(o.updated_at)).where(own, o.position.is_(None))).one(),
    )


def _count(session: Session, district_id: str) -> list[Cell]:
    o = InspectedObject.__table__.c
    industry, *marks = columns()
    keys = (o.region, o.kind, industry, *marks)
    rows = session.execute(
        sa.select(*keys, sa.func.count())
        .where(o.district_id == district_id, o.status.in_(sorted(ALIVE)))
        .group_by(*keys)
    )
    return [Cell(region, kind, code, tuple(rest[:-1]), rest[-1]) for region, kind, code, *rest in rows]


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
