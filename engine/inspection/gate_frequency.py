"""How often a firm may be visited: caps a year and days between visits, by grade, kind and mark (R12–R14).

All figures are rows of ``processes/tables/frequency.json``; of rows with one name the first that
fits decides, a ``value`` of null sets no cap.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from engine.errors import ServiceTaskFailed
from engine.inspection import tables
from engine.inspection.object_traits import Traits
from engine.settings import Settings

TABLE = "frequency"
CAP, BETWEEN, OPEN = "visits-per-year", "days-between", "open-visit"


@dataclass(frozen=True)
class Cap:
    """What holds for one object: visits a calendar year (None: no cap) and days between two visits."""

    visits: int | None
    days_between: int
    keep_over_cap: tuple[str, ...] = ()  # reasons for which it may stay in all the same
    keep_too_soon: tuple[str, ...] = ()


@dataclass(frozen=True)
class Alarm:
    """More than ``visits`` visits of one firm within ``days`` days."""

    label: str
    visits: int
    days: int


class Frequency:
    """The frequency table in force on a day.

    Raises :class:`ServiceTaskFailed` where a row that must be there is missing.
    """

    def __init__(self, settings: Settings, on: date) -> None:
        self._on = on
        self._rows = tables.rows(settings, TABLE, on)
        self._known: dict[tuple[Traits, str], Cap] = {}

    def cap(self, traits: Traits, kind: str) -> Cap:
        """The cap of an object of these traits and this kind (企业, 个体工商户 …)."""
        found = self._known.get((traits, kind))
        if found is None:
            visits, between = self._first(CAP, traits, kind), self._first(BETWEEN, traits, kind)
            found = self._known[traits, kind] = Cap(
                None if visits["value"] is None else int(visits["value"]), int(between["value"]),
                tuple(visits.get("may_keep") or ()), tuple(between.get("may_keep") or ()),
            )  # fmt: skip
        return found

    @cached_property
    def alarms(self) -> tuple[Alarm, ...]:
        """Frequency alarms, the shortest time first."""
        found = [Alarm(row["label"], int(row["value"]), int(row["days"])) for row in self._named("alarm")]
        return tuple(sorted(found, key=lambda alarm: alarm.days))

    def figure(self, name: str) -> int:
        """A single figure of the table, e.g. ``available-percent``."""
        return int(self._first(name, Traits(), "")["value"])

    @cached_property
    def longest_pause(self) -> int:
        """The most days that any row asks for between two visits."""
        return max((int(row["value"]) for row in self._named(BETWEEN)), default=0)

    def keep_reasons(self) -> tuple[str, ...]:
        """Every reason for which some row lets a firm stay in."""
        return tuple(dict.fromkeys(reason for row in self._rows for reason in row.get("may_keep") or ()))

    def _named(self, name: str) -> list[dict[str, Any]]:
        return [row for row in self._rows if row["name"] == name]

    def _first(self, name: str, traits: Traits, kind: str) -> Mapping[str, Any]:
        for row in self._named(name):
            if _fits(row, traits, kind):
                return row
        raise ServiceTaskFailed(f"频次表中没有 {self._on} 有效的 {name}，请系统管理员补充。")


def _fits(row: Mapping[str, Any], traits: Traits, kind: str) -> bool:
    if row.get("grade") and row["grade"] != traits.risk_grade:
        return False
    if row.get("kind") and row["kind"] != kind:
        return False
    match row.get("mark"):
        case None | "":
            return True
        case "complaints":
            return traits.complaints
        case "special":
            return traits.special
        case "key-item":
            return traits.key_item
        case mark:
            return bool(traits.credit == mark)
