"""What the lists of a draw are made by on a day: items, rules, tables and people, before the registry is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from engine.calendar import Calendar
from engine.inspection import gate, plan_basis, ratios
from engine.inspection.assignment import Candidate
from engine.inspection.gate import Gate
from engine.inspection.gate_frequency import Frequency
from engine.inspection.gate_staff import Staff, mostly_away, qualified_items, staff
from engine.inspection.gate_visits import visits
from engine.inspection.models import Campaign, Inspector, Item
from engine.inspection.object_traits import Traits
from engine.inspection.plan_basis import Basis
from engine.inspection.pool_judge import Judge
from engine.inspection.pool_lists import added_exclusions, checkable_items, plan_days
from engine.inspection.pool_walk import group_size
from engine.settings import Settings

CAP_PER_INSPECTOR = 20


@dataclass(frozen=True)
class Crew:
    """Who may be drawn, as they would be frozen; ``lapsed`` is inspector code → qualifications that end too soon."""

    staff: Staff
    inspectors: list[Candidate]
    lapsed: Mapping[str, list[str]]
    recusals: list[tuple[str, str]]


@dataclass(frozen=True)
class Grounds:
    """The grounds of one campaign's lists; ``checked`` are the gate-check form's values."""

    session: Session
    campaign: Campaign
    plan: Mapping[str, Any]
    checked: Mapping[str, Any]
    first: date
    last: date
    items: list[Item]
    department_items: dict[str, list[str]]
    frequency: Frequency
    rules: Gate
    judge: Judge
    basis: Basis
    calendar: Calendar

    @classmethod
    def of(
        cls, session: Session, settings: Settings, campaign: Campaign, plan: Mapping[str, Any], now: datetime,
        checked: Mapping[str, Any],
    ) -> Grounds:  # fmt: skip
        """Raises :class:`ServiceTaskFailed` when an item of the plan may not be checked."""
        district, today = campaign.district_id, now.astimezone(settings.timezone).date()
        first, last = plan_days(plan, today)
        departments = list(dict.fromkeys([campaign.lead, *(plan.get("participants") or campaign.participants or [])]))
        items = checkable_items(session, district, plan, departments, first, last)
        own = {d: [i.code for i in items if i.department == d] for d in departments}
        frequency = Frequency(settings, today)
        rules = Gate.of(frequency, visits(session, settings, district, today), today, plan, checked)
        return cls(
            session, campaign, plan, checked, first, last, items, {d: codes for d, codes in own.items() if codes},
            frequency, rules,
            Judge(session, settings, district, plan, items, rules, today, added_exclusions(plan, checked)),
            plan_basis.basis(settings, today, ratios.ratio_table(session, settings, campaign)),
            Calendar.load(session, district, settings.timezone),
        )  # fmt: skip

    @property
    def max_group(self) -> int:
        """Objects visited together at most; 0 when every object is visited singly."""
        return group_size(self.plan)

    @property
    def per_inspector(self) -> int:
        """Inspection jobs one person may get in this draw."""
        return int(self.plan.get("cap_per_inspector") or CAP_PER_INSPECTOR)

    def strata(self, traits: Iterable[Traits]) -> tuple[dict[Traits, str], dict[str, int]]:
        """Strata and their ratios in parts per million; see :func:`engine.inspection.ratios.strata`."""
        return ratios.strata(self.basis.ratio, self.plan, set(traits), self.campaign.number)

    def crew(self, regions: Iterable[str]) -> Crew:
        """The people for visits in these regions."""
        district = self.campaign.district_id
        away = mostly_away(
            self.session, self.calendar, district, self.first, self.last, self.frequency.figure("available-percent")
        )
        away |= {str(row["inspector"]): str(row["reason"]) for row in self.checked.get("absences") or []}
        found = staff(self.session, district, list(self.department_items), self.last, away)
        places = sorted(regions)
        people, lapsed = [], {}
        for person in found.present:
            department = found.department(person)
            own = [item for item in self.items if item.department == department]
            able, gone = qualified_items(person, own, self.last)
            people.append(_candidate(person, department, places, able))
            if gone:
                lapsed[person.code] = gone
        return Crew(found, people, lapsed, gate.recusals(self.session, district, [p.code for p in found.present]))


def _candidate(person: Inspector, department: str, regions: list[str], items: list[str]) -> Candidate:
    """An inspector as frozen; no area means the whole district, written out so that a reader need not know that."""
    area = set(person.regions or ())
    within = tuple(region for region in regions if not area or region in area)
    return Candidate(person.code, department, within, tuple(items))
