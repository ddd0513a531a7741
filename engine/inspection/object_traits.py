"""What decides how much and how often an object is checked: its grade, its marks, the items that apply (R9–R14).

Which tags and registries of the object registry mean what is a table
(``processes/tables/object-mark.json``), not a rule of this program.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa

from engine.inspection import tables
from engine.inspection.models import InspectedObject, Item
from engine.settings import Settings

#: The name under which the table speaks of the flag of the registry.
ABNORMAL = "经营异常名录"


class Traits(NamedTuple):
    """What the ratio and frequency tables ask of an object; never public."""

    risk_grade: str = ""
    key_item: bool = False  # a key item (重点事项) applies to it
    credit: str = ""  # discredited (失信) | trusted (守信) | empty
    special: bool = False  # safety, quality or public interest (重点领域)
    complaints: bool = False  # many complaints


def columns() -> tuple[Any, ...]:
    """What :meth:`TraitReader.read` needs of the registry; lists as text, for a million rows are not worth parsing."""
    o = InspectedObject.__table__.c
    return (
        o.industry,
        o.risk_grade,
        o.on_abnormal_list,
        sa.cast(o.tags, sa.Text),
        sa.cast(o.special_registries, sa.Text),
    )


class TraitReader:
    """Reads :class:`Traits` from the columns named above; equal texts are read once."""

    def __init__(self, settings: Settings, on: date, items: Iterable[Item] = ()) -> None:
        self._mark = {str(row["code"]): str(row["mark"]) for row in tables.rows(settings, "object-mark", on)}
        self._key = [tuple(item.industries or ()) for item in items if item.key]
        self._marks: dict[tuple[bool, str, str], frozenset[str]] = {}

    def read(self, industry: str, grade: str, abnormal: bool, tags: str, registries: str) -> Traits:
        """The traits of one object."""
        known = self._marks.get((abnormal, tags, registries))
        if known is None:
            known = self._marks[abnormal, tags, registries] = self._read(abnormal, tags, registries)
        credit = "discredited" if "discredited" in known else "trusted" if "trusted" in known else ""
        return Traits(grade, self._has_key_item(industry), credit, "special" in known, "complaints" in known)

    def _read(self, abnormal: bool, tags: str, registries: str) -> frozenset[str]:
        names = [*(orjson.loads(tags) or ()), *(orjson.loads(registries) or ())]
        if abnormal:
            names.append(ABNORMAL)
        return frozenset(self._mark[name] for name in names if name in self._mark)

    def _has_key_item(self, industry: str) -> bool:
        return any(not prefixes or industry.startswith(prefixes) for prefixes in self._key)
