"""The lists of a draw before they are frozen: candidates with strata, exclusions with reasons, people.

Every object of the registry is on exactly one of the two lists, so that nobody can be
left out silently (candidates ∪ exclusions = registry snapshot).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engine.calendar import Calendar
from engine.inspection import draw, gate, plan_basis, ratios
from engine.inspection.assignment import Candidate, Infeasible, Job, Shortage, assign
from engine.inspection.draw_jobs import JobsRule, Site, make_jobs
from engine.inspection.gate import Bar, Gate
from engine.inspection.gate_frequency import OPEN, Frequency
from engine.inspection.gate_staff import Staff, mostly_away, qualified_items, staff
from engine.inspection.gate_visits import OpenVisit, visits
from engine.inspection.models import Campaign
from engine.inspection.plan_basis import Basis
from engine.inspection.pool_lists import Sorting, added_exclusions, checkable_items, plan_days
from engine.inspection.pool_walk import group_size, walk
from engine.settings import Settings

CAP_PER_INSPECTOR = 20


@dataclass
class Pool:
    """What would be frozen now."""

    candidates: list[tuple[str, str]]
    exclusions: list[tuple[str, str]]
    scope: dict[str, Site]
    ppm: dict[str, int]
    inspectors: list[Candidate]
    recusals: list[tuple[str, str]]
    department_items: dict[str, list[str]]
    per_inspector: int
    staff: Staff
    basis: Basis
    #: Firms that a frequency or one-visit rule keeps out; the other exclusions lie outside the scope or were added.
    barred: dict[str, Bar] = field(default_factory=dict)
    #: Firms of the scope that an open campaign has drawn and not visited yet.
    open_visits: dict[str, list[OpenVisit]] = field(default_factory=dict)
    #: Those of them that are candidates, to be visited once for both.
    joined: dict[str, list[OpenVisit]] = field(default_factory=dict)
    #: Inspector code → qualifications that lapse before the task ends.
    lapsed: dict[str, list[str]] = field(default_factory=dict)
    #: objects visited together at most; 0 when every object is visited singly
    max_group: int = 0

    def rule(self, scope_sha256: str = "") -> JobsRule:
        """The rule that makes inspection jobs of the drawn objects."""
        return JobsRule(scope_sha256, {d: tuple(items) for d, items in self.department_items.items()}, self.max_group)

    def expected(self) -> int:
        """About how many objects will be drawn."""
        sizes: dict[str, int] = {}
        for _, stratum in self.candidates:
            sizes[stratum] = sizes.get(stratum, 0) + 1
        return -(-sum(count * self.ppm[stratum] for stratum, count in sizes.items()) // 1_000_000)

    def departments_table(self) -> list[list[str]]:
        """Department, items, objects it would visit, people, people qualified for all of its items."""
        visited = Counter(department for site in self.scope.values() for department in site.departments)
        return [
            [
                department,
                "、".join(items),
                f"{visited[department]:,} 户",
                str(sum(p.department == department for p in self.inspectors)),
                str(sum(p.department == department and set(items) <= set(p.items) for p in self.inspectors)),
            ]
            for department, items in self.department_items.items()
        ]

    def shortage(self, names: Mapping[str, str] | None = None, *, rehearse: bool = True) -> str:
        """Why the lists could not be staffed, in words with advice; empty when nothing is known to be short."""
        short = self.shortages(rehearse=rehearse)
        if not short:
            return ""
        advice = f"请缩小范围、降低比例、提高每人上限（现为 {self.per_inspector} 个检查任务）或者增加人员。"
        return Infeasible(short).words(names) + advice

    def shortages(self, *, rehearse: bool = True) -> Sequence[Shortage]:
        """Every block of slots that cannot be filled.

        Caught here, an official can still add people; after the commitment nothing can be
        changed.  ``rehearse`` draws and assigns once with a throw-away seed; without it only
        places without people and plain sums are found, which is enough for a page.
        """
        rule = self.rule()
        seed = draw.digest_hex("sha256", "rehearsal")
        selection = draw.select(lambda: self.candidates, seed=seed, ppm=self.ppm, rounding="ceil")
        drawn = [i for ids in selection.drawn.values() for i in ids]
        jobs = make_jobs(drawn, self.scope, rule)
        if short := self._sums(jobs):
            return short
        try:
            assign(self._every_place(rule.departments), self.inspectors, self.recusals, seed=seed)
            if rehearse:
                assign(jobs, self.inspectors, self.recusals, seed=seed, per_inspector=self.per_inspector)
        except Infeasible as infeasible:
            return infeasible.shortages
        return ()

    def _sums(self, jobs: list[Job]) -> list[Shortage]:
        """Departments whose people could not do the expected work even if every one of them could go anywhere."""
        short = []
        for department, items in self.department_items.items():
            own = [job for job in jobs if job.department == department]
            people = [p for p in self.inspectors if p.department == department]
            officers = [p for p in people if set(items) <= set(p.items)]
            regions = tuple(sorted({job.region for job in own}))
            for slots, able, second in ((len(own), officers, 0), (2 * len(own), people, len(own))):
                capacity = len(able) * self.per_inspector
                if slots > capacity:
                    short.append(
                        Shortage(
                            (department,), regions, tuple(items), len(own), second, len(able), capacity,
                            slots - capacity,
                        )
                    )  # fmt: skip
                    break
        return short

    def _every_place(self, departments: Mapping[str, tuple[str, ...]]) -> Iterable[Job]:
        """One job for every department and region in scope: the draw may hit any of them."""
        places = sorted({(d, site.region) for site in self.scope.values() for d in site.departments})
        return [Job(f"{region}|{d}", (), d, region, departments[d]) for d, region in places]


def build_pool(
    session: Session,
    settings: Settings,
    campaign: Campaign,
    plan: Mapping[str, Any],
    now: datetime,
    checked: Mapping[str, Any] | None = None,
) -> Pool:
    """The lists by the plan's scope and the gate; ``checked`` are the gate-check form's values.

    Raises :class:`ServiceTaskFailed` when an item of the plan may not be checked.
    """
    checked = checked or {}
    district = campaign.district_id
    today = now.astimezone(settings.timezone).date()
    first, last = plan_days(plan, today)
    departments = list(dict.fromkeys([campaign.lead, *(plan.get("participants") or campaign.participants or [])]))
    items = checkable_items(session, district, plan, departments, first, last)
    department_items = {d: [i.code for i in items if i.department == d] for d in departments}
    department_items = {d: codes for d, codes in department_items.items() if codes}
    frequency = Frequency(settings, today)
    rules = Gate.of(frequency, visits(session, settings, district, today), today, plan, checked)
    sorted_out = Sorting(session, settings, district, plan, items, rules, today, added_exclusions(plan, checked))
    graded, exclusions, scope = sorted_out.run()
    max_group = group_size(plan)
    if max_group:
        scope = walk(session, district, scope)
    table = ratios.ratio_table(session, settings, campaign)
    name_of, ppm = ratios.strata(table, plan, {traits for _, traits in graded}, campaign.number)
    calendar = Calendar.load(session, district, settings.timezone)
    away = mostly_away(session, calendar, district, first, last, frequency.figure("available-percent"))
    away |= {str(row["inspector"]): str(row["reason"]) for row in checked.get("absences") or []}
    crew = staff(session, district, list(department_items), last, away)
    regions = sorted({site.region for site in scope.values()})
    people, lapsed = [], {}
    for person in crew.present:
        department = crew.department(person)
        own, gone = qualified_items(person, [i for i in items if i.department == department], last)
        people.append(_candidate(person, department, regions, own))
        if gone:
            lapsed[person.code] = gone
    return Pool(
        candidates=[(uscc, name_of[traits]) for uscc, traits in graded],
        exclusions=exclusions,
        scope=scope,
        ppm=ppm,
        inspectors=people,
        recusals=[
            pair for pair in gate.recusals(session, district, [p.code for p in crew.present]) if pair[1] in scope
        ],
        department_items=department_items,
        per_inspector=int(plan.get("cap_per_inspector") or CAP_PER_INSPECTOR),
        staff=crew,
        basis=plan_basis.basis(settings, today, table),
        barred=sorted_out.barred,
        open_visits={
            uscc: found
            for uscc, found in rules.known.open_now.items()
            if uscc in scope or (uscc in sorted_out.barred and sorted_out.barred[uscc].rule == OPEN)
        },
        joined={uscc: rules.joined(uscc) for uscc in rules.known.open_now if uscc in scope},
        lapsed=lapsed,
        max_group=max_group,
    )


def _candidate(person: Any, department: str, regions: list[str], items: list[str]) -> Candidate:
    """An inspector as frozen; no area means the whole district, written out so that a reader need not know that."""
    area = set(person.regions or ())
    return Candidate(
        person.code,
        department,
        tuple(region for region in regions if not area or region in area),
        tuple(items),
    )
