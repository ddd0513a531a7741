"""How many objects a plan's row speaks of: the registry counted once by what scopes and ratios look at.

A million objects become a few thousand cells, so that every question about scopes (how large, how
much do two overlap, how many of each ratio) is sums over cells.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

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


def census(session: Session, district_id: str) -> list[Cell]:
    """Every object that can be visited at all, counted by region, kind, industry, grade and marks."""
    o = InspectedObject
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
