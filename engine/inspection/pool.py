"""The lists of a draw before they are frozen: candidates with strata, exclusions with reasons, people.

Every object of the registry is on exactly one of the two lists, so that nobody can be
left out silently (candidates ∪ exclusions = registry snapshot).  Pages that only need
figures ask :mod:`engine.inspection.pool_outlook` instead, which reads a few firms only.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy.orm import Session

from engine.inspection import draw
from engine.inspection.assignment import Candidate, Infeasible, Shortage, assign
from engine.inspection.draw_jobs import JobsRule, Site, make_jobs
from engine.inspection.gate import Bar
from engine.inspection.gate_staff import Staff
from engine.inspection.gate_visits import OpenVisit
from engine.inspection.models import Campaign
from engine.inspection.object_traits import Traits
from engine.inspection.plan_basis import Basis
from engine.inspection.pool_grounds import Grounds
from engine.inspection.pool_judge import Verdict, firms
from engine.inspection.pool_shortage import advice, short_places, short_sums
from engine.inspection.pool_walk import walk
from engine.settings import Settings


@dataclass
class Pool:
    """What would be frozen now."""

    #: Stratum → candidates.
    strata: dict[str, list[str]]
    exclusions: list[tuple[str, str]]
    scope: dict[str, Site]
    #: (department, region) of every visit that may come.
    places: set[tuple[str, str]]
    ppm: dict[str, int]
    inspectors: list[Candidate]
    recusals: list[tuple[str, str]]
    department_items: dict[str, list[str]]
    per_inspector: int
    staff: Staff
    basis: Basis
    #: Firms that a frequency or one-visit rule keeps out; the other exclusions lie outside the scope or were added.
    barred: dict[str, Bar] = field(default_factory=dict)
    #: Candidates that an open campaign has drawn and not visited yet, to be visited once for both.
    joined: dict[str, list[OpenVisit]] = field(default_factory=dict)
    #: Inspector code → qualifications that lapse before the task ends.
    lapsed: Mapping[str, list[str]] = field(default_factory=dict)
    #: objects visited together at most; 0 when every object is visited singly
    max_group: int = 0

    _shortages: Sequence[Shortage] | None = field(default=None, init=False, repr=False)

    @property
    def size(self) -> int:
        """How many candidates there are."""
        return len(self.scope)

    @property
    def candidates(self) -> list[tuple[str, str]]:
        """Candidates with their strata."""
        return list(self.rows())

    def rows(self) -> Iterator[tuple[str, str]]:
        """The same as a stream."""
        return ((uscc, stratum) for stratum, usccs in self.strata.items() for uscc in usccs)

    def rule(self, scope_sha256: str = "") -> JobsRule:
        """The rule that makes inspection jobs of the drawn objects."""
        return JobsRule(scope_sha256, {d: tuple(items) for d, items in self.department_items.items()}, self.max_group)

    def expected(self) -> int:
        """About how many objects will be drawn."""
        return -(-sum(len(usccs) * self.ppm[stratum] for stratum, usccs in self.strata.items()) // 1_000_000)

    def shortage(self, names: Mapping[str, str] | None = None) -> str:
        """Why the lists could not be staffed, in words with advice; empty when nothing is short."""
        short = self.shortages()
        return Infeasible(short).words(names) + advice(self.per_inspector) if short else ""

    def shortages(self) -> Sequence[Shortage]:
        """Every block of slots that cannot be filled, by a draw and an assignment with a throw-away seed.

        Caught here, an official can still add people; after the commitment nothing can be changed.
        """
        if self._shortages is None:
            self._shortages = self._rehearse()
        return self._shortages

    def _rehearse(self) -> Sequence[Shortage]:
        rule, seed = self.rule(), draw.digest_hex("sha256", "rehearsal")
        counts = {stratum: len(usccs) for stratum, usccs in self.strata.items()}
        selection = draw.select(self.rows, seed=seed, ppm=self.ppm, rounding="ceil", counts=counts)
        jobs = make_jobs([i for ids in selection.drawn.values() for i in ids], self.scope, rule)
        work = Counter((job.department, job.region) for job in jobs)
        if short := short_sums(work, self.department_items, self.inspectors, self.per_inspector):
            return short
        if missing := short_places(self.places, self.department_items, self.inspectors, seed):
            return missing
        try:
            assign(jobs, self.inspectors, self.recusals, seed=seed, per_inspector=self.per_inspector)
        except Infeasible as infeasible:
            return infeasible.shortages
        return ()


def build_pool(
    session: Session,
    settings: Settings,
    campaign: Campaign,
    plan: Mapping[str, Any],
    now: datetime,
    checked: Mapping[str, Any] | None = None,
) -> Pool:
    """The lists by the plan's scope and the gate; ``checked`` are the gate-check form's values.

    The gate check and the freeze of one command ask for the same lists: a session answers once.
    Raises :class:`ServiceTaskFailed` when an item of the plan may not be checked.
    """
    asked = _question(campaign, plan, now, checked or {})
    if session.info.get("pool", ("", None))[0] != asked:
        session.info["pool"] = asked, _pool(Grounds.of(session, settings, campaign, plan, now, checked or {}))
    found: Pool = session.info["pool"][1]
    return found


def _question(campaign: Campaign, plan: Mapping[str, Any], now: datetime, checked: Mapping[str, Any]) -> bytes:
    """All of the arguments that lists depend on."""
    said = {name: checked.get(name) or [] for name in ("merge_with", "kept", "exclusions", "absences")}
    scope = {name: value for name, value in plan.items() if name != "witnesses"}
    return orjson.dumps([campaign.number, scope, said, now], option=orjson.OPT_SORT_KEYS)


def _pool(grounds: Grounds) -> Pool:
    sorted_out = _Sorting(grounds)
    scope = sorted_out.scope
    if grounds.max_group:
        scope = walk(grounds.session, grounds.campaign.district_id, scope)
    name_of, ppm = grounds.strata(sorted_out.by_traits)
    strata: dict[str, list[str]] = {}
    for traits, usccs in sorted_out.by_traits.items():
        strata.setdefault(name_of[traits], []).extend(usccs)
    crew = grounds.crew({region for _, region in sorted_out.places})
    return Pool(
        strata=strata,
        exclusions=sorted_out.exclusions,
        scope=scope,
        places=sorted_out.places,
        ppm=ppm,
        inspectors=crew.inspectors,
        recusals=[pair for pair in crew.recusals if pair[1] in scope],
        department_items=grounds.department_items,
        per_inspector=grounds.per_inspector,
        staff=crew.staff,
        basis=grounds.basis,
        barred=sorted_out.barred,
        joined={uscc: grounds.rules.joined(uscc) for uscc in grounds.rules.known.open_now if uscc in scope},
        lapsed=crew.lapsed,
        max_group=grounds.max_group,
    )


class _Sorting:
    """Every object of the registry on one of the two lists, read as a stream."""

    def __init__(self, grounds: Grounds) -> None:
        self.by_traits: dict[Traits, list[str]] = {}
        self.exclusions: list[tuple[str, str]] = []
        self.scope: dict[str, Site] = {}
        self.places: set[tuple[str, str]] = set()
        self.barred: dict[str, Bar] = {}
        judge, alike = grounds.judge, defaultdict[str, list[str]](list)
        singled, since = judge.singled, judge.since
        for uscc, last, text in firms(grounds.session, grounds.campaign.district_id):
            if uscc in singled or (last is not None and last > since):
                self._put([uscc], judge.firm(uscc, judge.cell(text), last))
            else:
                alike[text].append(uscc)
        for text, usccs in alike.items():
            self._put(usccs, judge.cell(text))

    def _put(self, usccs: list[str], verdict: Verdict) -> None:
        if verdict.reason:
            self.exclusions += [(uscc, verdict.reason) for uscc in usccs]
            if verdict.bar is not None:
                self.barred |= dict.fromkeys(usccs, verdict.bar)
            return
        self.by_traits.setdefault(verdict.traits, []).extend(usccs)
        self.scope |= dict.fromkeys(usccs, Site(verdict.region, verdict.departments))
        self.places |= {(department, verdict.region) for department in verdict.departments}
