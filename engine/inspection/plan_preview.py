"""测算: what a plan's row or a work plan will cost before anybody approves it (R10–R14, R31).

Objects and quota by stratum, visits and inspector days by department against who is there, firms
that a frequency rule would keep out, and what could be done in one visit.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.calendar import Calendar
from engine.inspection import ratios
from engine.inspection.gate import KINDS, Bar, Gate
from engine.inspection.gate_frequency import OPEN, Frequency
from engine.inspection.gate_staff import mostly_away, qualified_items, staff
from engine.inspection.gate_visits import Visits, visits
from engine.inspection.models import Campaign, InspectedObject, Item
from engine.inspection.object_traits import TraitReader, Traits, columns
from engine.inspection.plan_census import Cell, census, holds, size, within
from engine.inspection.plan_scope import Scope
from engine.inspection.pool_lists import plan_days
from engine.settings import Settings

CHUNK = 500
#: Firms named on the page; all of them are in the gate's list later.
NAMED = 50


@dataclass(frozen=True)
class Stratum:
    """Objects of one ratio; ``quota`` is what the draw takes of them on average."""

    name: str
    ppm: int
    objects: int
    quota: float


@dataclass(frozen=True)
class Need:
    """One department's work against its people, in inspector days; a visit takes two people."""

    department: str
    visits: float
    days: float
    people: int
    capacity: float
    officer_days: float
    officers: int
    officer_capacity: float

    @property
    def enough(self) -> bool:
        """Are there people, and qualified ones, for all visits?"""
        return self.days <= self.capacity and self.officer_days <= self.officer_capacity


@dataclass
class Preview:
    """What follows from a scope and its ratios today."""

    objects: int
    strata: list[Stratum]
    needs: list[Need]
    barred: Counter[str]  # rule in words → firms
    over_cap: list[tuple[str, str, str]] = field(default_factory=list)  # (firm, code, why)
    merges: list[tuple[str, str, int]] = field(default_factory=list)  # (campaign, name, objects in both)

    @property
    def expected(self) -> float:
        """Objects the draw takes on average, firms kept out left aside."""
        return sum(stratum.quota for stratum in self.strata)


class Previewer:
    """Reads the registry, the visits and the people once; previews any number of plans."""

    def __init__(self, session: Session, settings: Settings, today: date) -> None:
        self._session, self._settings, self._today = session, settings, today
        self._district = settings.district_id
        self.cells = census(session, self._district)
        self._frequency = Frequency(settings, today)
        self._known = visits(session, settings, self._district, today)
        self._calendar = Calendar.load(session, self._district, settings.timezone)

    def preview(self, plan: Mapping[str, Any], lead: str, campaign: Campaign | None = None) -> Preview:
        """The preview of a work plan's values or of a row of a plan led by ``lead``."""
        items = self.items(plan)
        scope, reader = Scope.of(plan, items), TraitReader(self._settings, self._today, items)
        inside = within(self.cells, scope)
        barred = self._barred(plan, scope, reader)
        strata, shares = self._strata(plan, inside, reader, campaign)
        return Preview(
            objects=size(inside),
            strata=strata,
            needs=self._needs(plan, lead, items, scope, inside, shares),
            barred=Counter(KINDS[bar.rule] for _, bar in barred),
            over_cap=self._names([(uscc, bar.reason) for uscc, bar in barred if bar.rule != OPEN][:NAMED]),
            merges=self._merges(plan, scope, inside, campaign),
        )

    def items(self, plan: Mapping[str, Any]) -> list[Item]:
        """The items a plan names, as far as the list knows them."""
        codes = sorted(set(plan.get("items") or ()))
        return list(
            self._session.scalars(
                sa.select(Item).where(Item.district_id == self._district, Item.code.in_(codes)).order_by(Item.code)
            )
        )

    def _strata(
        self, plan: Mapping[str, Any], inside: Sequence[Cell], reader: TraitReader, campaign: Campaign | None
    ) -> tuple[list[Stratum], dict[Cell, float]]:
        traits = {cell: reader.read(cell.industry, *cell.marks) for cell in inside}
        sized = Counter[Traits]()
        for cell, each in traits.items():
            sized[each] += cell.objects
        if plan.get("quota") == "户数":
            total = sum(sized.values())
            ppm = min(1_000_000, round(1_000_000 * int(plan.get("count") or 0) / total)) if total else 0
            name_of, share = dict.fromkeys(sized, ratios.ALL), {ratios.ALL: ppm}
        else:
            table = ratios.ratio_table(self._session, self._settings, campaign)
            name_of, share = ratios.strata(table, plan, sized.keys(), campaign.number if campaign else "")
        objects: Counter[str] = Counter()
        for each, count in sized.items():
            objects[name_of[each]] += count
        strata = [
            Stratum(name, share[name], objects[name], objects[name] * share[name] / 1_000_000)
            for name in sorted(objects, key=lambda n: (-share[n], n))
        ]
        return strata, {cell: share[name_of[each]] / 1_000_000 for cell, each in traits.items()}

    def _needs(
        self, plan: Mapping[str, Any], lead: str, items: Sequence[Item], scope: Scope, inside: Iterable[Cell],
        shares: Mapping[Cell, float],
    ) -> list[Need]:  # fmt: skip
        first, last = plan_days(plan, self._today)
        days = self._calendar.working_days_between(first - timedelta(days=1), last)
        expected: defaultdict[str, float] = defaultdict(float)
        for cell in inside:
            for department in scope.departments(cell.industry):
                expected[department] += cell.objects * shares[cell]
        order = list(dict.fromkeys([lead, *(plan.get("participants") or [])]))
        away = mostly_away(
            self._session, self._calendar, self._district, first, last, self._frequency.figure("available-percent")
        )
        crew = staff(self._session, self._district, order, last, away)
        a_day = self._frequency.figure("visits-per-team-day")
        found = []
        for department in order:
            own = [item for item in items if item.department == department]
            people = [p for p in crew.present if crew.department(p) == department]
            able = [p for p in people if own and len(qualified_items(p, own, last)[0]) == len(own)]
            count = expected[department]
            found.append(
                Need(
                    department, count, 2 * count / a_day, len(people), float(len(people) * days), count / a_day,
                    len(able), float(len(able) * days),
                )
            )  # fmt: skip
        return found

    def _barred(self, plan: Mapping[str, Any], scope: Scope, reader: TraitReader) -> list[tuple[str, Bar]]:
        """Firms of the scope that a frequency or one-visit rule would keep out today."""
        gate = Gate.of(self._frequency, self._known, self._today, plan, {})
        found = []
        for uscc, last, region, kind, status, industry, *marks in self._touched(self._known, scope):
            if scope.why_not(status, region, kind, industry):
                continue
            traits = reader.read(industry, *marks)
            if bar := gate.bar(uscc, traits, kind, last):
                found.append((uscc, bar))
        return found

    def _touched(self, known: Visits, scope: Scope) -> Iterable[Sequence[Any]]:
        """Firms of the scope that a rule could speak of at all: visited this year, about to be, or not long ago."""
        o = InspectedObject
        select = sa.select(o.uscc, o.last_inspected_on, o.region, o.kind, o.status, *columns()).where(
            o.district_id == self._district, *scope.conditions()
        )
        seen = set()
        wanted = sorted(known.this_year.keys() | known.open_now.keys())
        for start in range(0, len(wanted), CHUNK):
            for row in self._session.execute(select.where(o.uscc.in_(wanted[start : start + CHUNK]))):
                seen.add(row.uscc)
                yield row
        for row in self._session.execute(
            select.where(o.last_inspected_on > self._today - timedelta(days=self._frequency.longest_pause))
        ):
            if row.uscc not in seen:
                yield row

    def _names(self, firms: Sequence[tuple[str, str]]) -> list[tuple[str, str, str]]:
        names: dict[str, str] = {}
        o = InspectedObject
        rows = self._session.execute(
            sa.select(o.uscc, o.name).where(o.district_id == self._district, o.uscc.in_([uscc for uscc, _ in firms]))
        )
        names.update(rows.tuples().all())
        return [(names.get(uscc, uscc), uscc, why) for uscc, why in firms]

    def _merges(
        self, plan: Mapping[str, Any], scope: Scope, inside: Sequence[Cell], campaign: Campaign | None
    ) -> list[tuple[str, str, int]]:
        """Other campaigns under way or in preparation whose scope overlaps, with how many objects."""
        rows = self._session.scalars(
            sa.select(Campaign).where(Campaign.district_id == self._district, Campaign.archived_at.is_(None))
        )
        found = []
        for other in rows:
            if (campaign is not None and other.number == campaign.number) or not other.plan.get("items"):
                continue
            theirs = Scope.of(other.plan, self.items(other.plan))
            if common := size(cell for cell in inside if holds(theirs, cell)):
                found.append((other.number, other.name, common))
        return sorted(found, key=lambda m: (-m[2], m[0]))
