"""The lists of a draw in figures, without the lists: what the gate-check page shows.

Alike objects are counted together (:mod:`engine.inspection.plan_census`, kept while the registry stays as
it is); only the firms that a rule may speak of are read one by one.  So a look costs the same
whether the registry holds ten thousand objects or a million.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection import draw
from engine.inspection.assignment import Shortage
from engine.inspection.gate import KINDS, Bar
from engine.inspection.gate_frequency import OPEN
from engine.inspection.gate_visits import OpenVisit
from engine.inspection.models import Campaign, InspectedObject
from engine.inspection.object_traits import Traits
from engine.inspection.plan_census import census, not_alive
from engine.inspection.plan_scope import OUTSIDE_KINDS, OUTSIDE_REGIONS, why_not_alive
from engine.inspection.pool_grounds import Crew, Grounds
from engine.inspection.pool_judge import SEPARATOR, Verdict, firms
from engine.inspection.pool_shortage import short_places, short_sums
from engine.settings import Settings

#: Objects alike as far as people are concerned: region, departments, what decides their ratio.
_Place = tuple[str, tuple[str, ...], Traits]


class Excluded(NamedTuple):
    """A firm kept out; ``bar`` says by which rule, None when it lies outside the scope or was added."""

    uscc: str
    reason: str
    bar: Bar | None


def kind_of(verdict: Verdict) -> str:
    """Reasons that differ only in a date or a number count as one."""
    return KINDS[verdict.bar.rule] if verdict.bar else verdict.reason


@dataclass
class Outlook:
    """What the lists would be now, counted."""

    grounds: Grounds
    candidates: int
    excluded: Counter[str]  # kind of reason → objects
    expected: int
    #: Firms that a frequency or one-visit rule keeps out, with the reason as the record would say it.
    barred: dict[str, tuple[Bar, str]]
    #: Firms of the scope that an open campaign has drawn and not visited yet.
    open_visits: dict[str, list[OpenVisit]]
    visited: Counter[str]  # department → candidates it would visit
    crew: Crew
    recusals: int
    _work: Mapping[tuple[str, str], float] = field(repr=False)

    @property
    def total(self) -> int:
        """Objects of the registry."""
        return self.candidates + self.excluded.total()

    @property
    def excluded_by_rule(self) -> int:
        """Firms that a frequency or one-visit rule keeps out."""
        return sum(self.excluded[kind] for kind in KINDS.values())

    def candidates_among(self, usccs: Iterable[str]) -> set[str]:
        """Those of the named objects that are candidates."""
        return {uscc for uscc, verdict in self.grounds.judge.named(usccs).items() if not verdict.reason}

    def departments_table(self) -> list[list[str]]:
        """Department, items, objects it would visit, people, people qualified for all of its items."""
        people = self.crew.inspectors
        return [
            [
                department,
                "、".join(items),
                f"{self.visited[department]:,} 户",
                str(sum(p.department == department for p in people)),
                str(sum(p.department == department and set(items) <= set(p.items) for p in people)),
            ]
            for department, items in self.grounds.department_items.items()
        ]

    def shortages(self) -> Sequence[Shortage]:
        """Blocks of slots that are short by plain sums; the freeze rehearses the draw itself."""
        grounds, people = self.grounds, self.crew.inspectors
        if short := short_sums(self._work, grounds.department_items, people, grounds.per_inspector):
            return short
        return short_places(self._work, grounds.department_items, people, draw.digest_hex("sha256", "rehearsal"))

    def excluded_firms(self, kind: str) -> Iterator[Excluded]:
        """Every firm kept out for one kind of reason, ordered by code."""
        known = [Excluded(uscc, why, bar) for uscc, (bar, why) in self.barred.items() if KINDS[bar.rule] == kind]
        if known and len(known) == self.excluded[kind]:
            return iter(sorted(known, key=lambda firm: firm.uscc))
        o, judge = InspectedObject.__table__.c, self.grounds.judge
        found = firms(self.grounds.session, self.grounds.campaign.district_id, *self._narrowed(kind), order_by=o.uscc)
        verdicts = ((firm[0], judge.of(firm)) for firm in found)
        return (Excluded(uscc, v.reason, v.bar) for uscc, v in verdicts if v.reason and kind_of(v) == kind)

    def _narrowed(self, kind: str) -> list[sa.ColumnElement[bool]]:
        """What the database can tell of a reason, so that it reads no more than it must."""
        o, scope = InspectedObject.__table__.c, self.grounds.judge.scope
        for status in not_alive(self.grounds.session, self.grounds.campaign.district_id):
            if kind == why_not_alive(status):
                return [o.status == status]
        if kind == OUTSIDE_REGIONS:
            return [o.region.not_in(sorted(scope.regions))]
        if kind == OUTSIDE_KINDS:
            return [o.kind.not_in(sorted(scope.kinds))]
        return []


def outlook(
    session: Session,
    settings: Settings,
    campaign: Campaign,
    plan: Mapping[str, Any],
    now: datetime,
    checked: Mapping[str, Any] | None = None,
) -> Outlook:
    """The figures of the lists that :func:`engine.inspection.pool.build_pool` would make of the same arguments.

    Raises :class:`ServiceTaskFailed` when an item of the plan may not be checked.
    """
    grounds = Grounds.of(session, settings, campaign, plan, now, checked or {})
    count = _Count(grounds)
    crew = grounds.crew({place[0] for place in count.places})
    named = grounds.judge.named({uscc for _, uscc in crew.recusals})
    return Outlook(
        grounds=grounds,
        candidates=count.places.total(),
        excluded=count.excluded,
        expected=count.expected(),
        barred=count.barred,
        open_visits=count.open_visits,
        visited=count.visited(),
        crew=crew,
        recusals=sum(uscc in named and not named[uscc].reason for _, uscc in crew.recusals),
        _work=count.work(),
    )


class _Count:
    """Objects counted by verdict: cells of the census, less the firms that are looked at one by one."""

    def __init__(self, grounds: Grounds) -> None:
        self._grounds, judge = grounds, grounds.judge
        session, district = grounds.session, grounds.campaign.district_id
        self.places: Counter[_Place] = Counter()
        self.excluded: Counter[str] = Counter()
        self.barred: dict[str, tuple[Bar, str]] = {}
        self.open_visits: dict[str, list[OpenVisit]] = {}
        for status, count in not_alive(session, district).items():
            self.excluded[why_not_alive(status)] += count
        for cell in census(session, district):
            grade, abnormal, tags, registries = cell.marks
            marks = (grade, "1" if abnormal else "", tags, registries)
            text = SEPARATOR.join(("存续", cell.region, cell.kind, cell.industry, *marks))
            self._add(judge.cell(text), cell.objects)
        for (uscc, _, text), verdict in judge.singled_out():
            self._add(judge.cell(text), -1)
            self._add(verdict, 1)
            if verdict.bar is not None:
                self.barred[uscc] = (verdict.bar, verdict.reason)
            visits = grounds.rules.known.open_now.get(uscc)
            if visits and (not verdict.reason or (verdict.bar is not None and verdict.bar.rule == OPEN)):
                self.open_visits[uscc] = visits
        self.places, self.excluded = +self.places, +self.excluded
        self._ratio = self._ratios()

    def _add(self, verdict: Verdict, count: int) -> None:
        if verdict.reason:
            self.excluded[kind_of(verdict)] += count
        else:
            self.places[verdict.region, tuple(verdict.departments), verdict.traits] += count

    def _ratios(self) -> dict[Traits, int]:
        name_of, ppm = self._grounds.strata(traits for _, _, traits in self.places)
        return {traits: ppm[name] for traits, name in name_of.items()}

    def expected(self) -> int:
        """About how many objects will be drawn."""
        return -(-sum(count * self._ratio[traits] for (_, _, traits), count in self.places.items()) // 1_000_000)

    def visited(self) -> Counter[str]:
        """Department → candidates it would visit."""
        found: Counter[str] = Counter()
        for (_, departments, _), count in self.places.items():
            for department in departments:
                found[department] += count
        return found

    def work(self) -> dict[tuple[str, str], float]:
        """(department, region) → jobs to be expected; objects of a group are one job."""
        objects: defaultdict[str, float] = defaultdict(float)
        jobs: defaultdict[tuple[str, str], float] = defaultdict(float)
        for (region, departments, traits), count in self.places.items():
            drawn = count * self._ratio[traits] / 1_000_000
            objects[region] += drawn
            for department in departments:
                jobs[department, region] += drawn
        if most := self._grounds.max_group:
            return {(d, region): min(count, -(-objects[region] // most)) for (d, region), count in jobs.items()}
        return jobs
