"""Which objects a plan row or a work plan speaks of, and which departments check them (R25, R31)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from engine.inspection.gate import ALIVE
from engine.inspection.models import InspectedObject, Item

OUTSIDE_REGIONS = "不在方案的街道范围内"
OUTSIDE_KINDS = "不在方案的对象类型范围内"


def why_not_alive(status: str) -> str:
    """The reason for an object whose registration state (登记状态) says that it cannot be visited."""
    return f"登记状态为“{status}”"


@dataclass
class Scope:
    """Sub-districts, kinds and industries; an empty collection means all of them.

    ``items`` are ``(department, industries)``: industries chosen in the plan override the items' own,
    then every department checks every object.
    """

    regions: frozenset[str]
    kinds: frozenset[str]
    industries: tuple[str, ...]
    items: Sequence[tuple[str, tuple[str, ...]]]
    _departments: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, plan: Mapping[str, Any], items: Iterable[Item]) -> Scope:
        """The scope of a work plan or of a row of a plan."""
        return cls(
            frozenset(plan.get("regions") or ()),
            frozenset(plan.get("kinds") or ()),
            tuple(plan.get("industries") or ()),
            [(item.department, tuple(item.industries or ())) for item in items],
        )

    def why_not(self, status: str, region: str, kind: str, industry: str) -> str:
        """Why an object lies outside; empty when it does not."""
        if status not in ALIVE:
            return why_not_alive(status)
        if self.regions and region not in self.regions:
            return OUTSIDE_REGIONS
        if self.kinds and kind not in self.kinds:
            return OUTSIDE_KINDS
        if not self.departments(industry):
            return "不在方案的行业范围内"
        return ""

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """The scope as conditions on the object registry, so that a database reads no more than it must."""
        o = InspectedObject
        found: list[sa.ColumnElement[bool]] = [o.status.in_(sorted(ALIVE))]
        if self.regions:
            found.append(o.region.in_(sorted(self.regions)))
        if self.kinds:
            found.append(o.kind.in_(sorted(self.kinds)))
        prefixes = set(self.industries)
        if not prefixes and all(own for _, own in self.items):
            prefixes = {prefix for _, own in self.items for prefix in own}
        if prefixes:
            # A range, not LIKE: both databases find it in the index whatever the collation of patterns.
            found.append(sa.or_(*(o.industry.between(prefix, f"{prefix}zzzz") for prefix in sorted(prefixes))))
        return found

    def departments(self, industry: str) -> list[str]:
        """Which departments' items apply to an industry, sorted; the list is shared, copy before changing it."""
        if industry not in self._departments:
            self._departments[industry] = self._find(industry)
        return self._departments[industry]

    def _find(self, industry: str) -> list[str]:
        if self.industries:
            return sorted({d for d, _ in self.items}) if industry.startswith(self.industries) else []
        return sorted({d for d, prefixes in self.items if not prefixes or industry.startswith(prefixes)})
