"""The lists of a draw before they are frozen: candidates with strata, exclusions with reasons, people.

Every object of the registry is on exactly one of the two lists, so that nobody can be
left out silently (candidates ∪ exclusions = registry snapshot).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.errors import ServiceTaskFailed
from engine.inspection import draw, gate, ratios
from engine.inspection.assignment import Candidate, Infeasible, Job, Shortage, assign
from engine.inspection.draw_jobs import JobsRule, Site, make_jobs
from engine.inspection.models import Campaign, InspectedObject, Item
from engine.settings import Settings

CAP_PER_INSPECTOR = 20

#: In a record that everybody may read, a reason must not tell of an open case.
NEUTRAL = {"正在立案调查": "依法暂不检查（依据存档备查）"}


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
    staff: gate.Staff
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
        """Why the lists could not be staffed, in words; empty when nothing is known to be short.

        Caught here, an official can still add people; after the commitment nothing can be
        changed.  ``rehearse`` draws and assigns once with a throw-away seed; without it only
        places without people and plain sums are found, which is enough for a page.
        """
        rule = self.rule()
        seed = draw.digest_hex("sha256", "rehearsal")
        selection = draw.select(lambda: self.candidates, seed=seed, ppm=self.ppm, rounding="ceil")
        drawn = [i for ids in selection.drawn.values() for i in ids]
        jobs = make_jobs(drawn, self.scope, rule)
        if said := self._sums(jobs, names):
            return said
        try:
            assign(self._every_place(rule.departments), self.inspectors, self.recusals, seed=seed)
            if rehearse:
                assign(jobs, self.inspectors, self.recusals, seed=seed, per_inspector=self.per_inspector)
        except Infeasible as infeasible:
            return infeasible.words(names)
        return ""

    def _sums(self, jobs: list[Job], names: Mapping[str, str] | None) -> str:
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
        if not short:
            return ""
        advice = f"预计每名检查人员最多 {self.per_inspector} 户不够，请缩小范围、降低比例、提高每人上限或者增加人员。"
        return Infeasible(short).words(names) + advice

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

    Raises :class:`ServiceTaskFailed` when the plan's items are not in the registry.
    """
    checked = checked or {}
    district = campaign.district_id
    today = now.astimezone(settings.timezone).date()
    departments = list(dict.fromkeys([campaign.lead, *(plan.get("participants") or campaign.participants or [])]))
    items = _items(session, district, plan, departments)
    department_items = {d: [i.code for i in items if i.department == d] for d in departments}
    department_items = {d: codes for d, codes in department_items.items() if codes}
    protected = str(plan.get("disclosure") or "protected") == "protected"
    added = {str(row["uscc"]): _reason(row, protected) for row in checked.get("exclusions") or []}
    absences = {str(row["inspector"]): str(row["reason"]) for row in checked.get("absences") or []}
    graded, exclusions, scope = _objects(session, settings, district, plan, items, added, today)
    max_group = group_size(plan)
    if max_group:
        scope = _walk(session, district, scope)
    name_of, ppm = ratios.strata(session, settings, campaign, plan, {grade for _, grade in graded})
    crew = gate.staff(session, district, list(department_items), _last_day(plan, today), absences)
    regions = sorted({site.region for site in scope.values()})
    return Pool(
        candidates=[(uscc, name_of[grade]) for uscc, grade in graded],
        exclusions=exclusions,
        scope=scope,
        ppm=ppm,
        inspectors=[_candidate(p, regions, department_items[p.department]) for p in crew.present],
        recusals=[
            pair for pair in gate.recusals(session, district, [p.code for p in crew.present]) if pair[1] in scope
        ],
        department_items=department_items,
        per_inspector=int(plan.get("cap_per_inspector") or CAP_PER_INSPECTOR),
        staff=crew,
        max_group=max_group,
    )


def _reason(row: Mapping[str, Any], protected: bool) -> str:
    """Why the officer excluded an object, as far as the record's readers may know it."""
    reason = str(row["reason"])
    return f"{reason}：{row['evidence']}" if protected else NEUTRAL.get(reason, reason)


def _items(session: Session, district: str, plan: Mapping[str, Any], departments: list[str]) -> list[Item]:
    wanted = list(plan.get("items") or [])
    rows = session.scalars(
        sa.select(Item).where(Item.district_id == district, Item.code.in_(wanted), Item.published).order_by(Item.code)
    )
    items = [row for row in rows if row.department in departments]
    if not items:
        raise ServiceTaskFailed("工作方案中没有本次各部门已公布的抽查事项，请退回方案修改。")
    return items


def _objects(
    session: Session,
    settings: Settings,
    district: str,
    plan: Mapping[str, Any],
    items: list[Item],
    added: Mapping[str, str],
    today: date,
) -> tuple[list[tuple[str, str]], list[tuple[str, str]], dict[str, Site]]:
    """Candidates with their grade, exclusions with their reason, scope; over the whole registry."""
    regions, kinds = set(plan.get("regions") or ()), set(plan.get("kinds") or ())
    industries = tuple(plan.get("industries") or ())
    cap, known = gate.frequency(settings, today), gate.visits(session, settings, district, today)
    applies = _Applies(items, industries)
    graded: list[tuple[str, str]] = []
    exclusions: list[tuple[str, str]] = []
    scope: dict[str, Site] = {}
    o = InspectedObject
    rows = session.execute(
        sa.select(o.uscc, o.kind, o.status, o.region, o.industry, o.risk_grade, o.last_inspected_on)
        .where(o.district_id == district)
        .execution_options(yield_per=10_000)
    )
    for uscc, kind, status, region, industry, grade, last in rows:
        departments = applies.departments(industry)
        if status not in gate.ALIVE:
            reason = f"登记状态为“{status}”"
        elif regions and region not in regions:
            reason = "不在方案的街道范围内"
        elif kinds and kind not in kinds:
            reason = "不在方案的对象类型范围内"
        elif not departments:
            reason = "不在方案的行业范围内"
        else:
            reason = added.get(uscc, "") or gate.barred(uscc, last, known, cap, today)
        if reason:
            exclusions.append((uscc, " ".join(reason.replace("|", "／").split())))
        else:
            graded.append((uscc, grade))
            scope[uscc] = Site(region or district, departments)
    return graded, exclusions, scope


def group_size(plan: Mapping[str, Any]) -> int:
    """How many nearby objects are visited together at most, as the work plan says; 0 when singly."""
    return int(plan.get("max_group") or 0) if plan.get("grouping") == "邻近分组" else 0


def _walk(session: Session, district: str, scope: dict[str, Site]) -> dict[str, Site]:
    """Give every candidate its place in a walk through the district.

    Within a region the objects with a position come first, along a Z-order curve (neighbours
    on it are neighbours on the map), the others by address.  Only the resulting number is
    frozen: an open record does not repeat anybody's address.
    """
    o = InspectedObject
    rows = session.execute(
        sa.select(o.uscc, o.longitude, o.latitude, o.address)
        .where(o.district_id == district)
        .execution_options(yield_per=10_000)
    )
    order = sorted(
        (scope[uscc].region, *_nearness(longitude, latitude, address), uscc)
        for uscc, longitude, latitude, address in rows
        if uscc in scope
    )
    return {row[-1]: scope[row[-1]]._replace(place=place) for place, row in enumerate(order, start=1)}


def _nearness(longitude: float | None, latitude: float | None, address: str) -> tuple[int, int, str]:
    if longitude is None or latitude is None:
        return 1, 0, address
    x, y = (int((value % 360) * 1e5) for value in (longitude, latitude))  # about a metre
    curve = 0
    for bit in range(26):
        curve |= (x >> bit & 1) << 2 * bit | (y >> bit & 1) << 2 * bit + 1
    return 0, curve, ""


class _Applies:
    """Which departments' items apply to an industry.

    Industries chosen in the plan override the items' own: then every department checks every object.
    """

    def __init__(self, items: list[Item], industries: tuple[str, ...]) -> None:
        self._chosen = industries
        self._scopes = [(item.department, tuple(item.industries or ())) for item in items]
        self._all = sorted({department for department, _ in self._scopes})
        self._known: dict[str, list[str]] = {}

    def departments(self, industry: str) -> list[str]:
        if industry not in self._known:
            self._known[industry] = self._find(industry)
        return self._known[industry]

    def _find(self, industry: str) -> list[str]:
        if self._chosen:
            return self._all if industry.startswith(self._chosen) else []
        return sorted({d for d, prefixes in self._scopes if not prefixes or industry.startswith(prefixes)})


def _candidate(person: Any, regions: list[str], items: list[str]) -> Candidate:
    """An inspector as frozen; no area means the whole district, written out so that a reader need not know that."""
    own = set(person.items or ())
    area = set(person.regions or ())
    return Candidate(
        person.code,
        person.department,
        tuple(region for region in regions if not area or region in area),
        tuple(item for item in items if item in own),
    )


def _last_day(plan: Mapping[str, Any], today: date) -> date:
    """Certificates must hold until the task's last day."""
    try:
        return max(today, date.fromisoformat(str(plan.get("end_date") or today)))
    except ValueError:
        return today
