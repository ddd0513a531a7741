"""Sorting the object registry into candidates and exclusions, by the plan's scope and the gate's rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.errors import ServiceTaskFailed
from engine.inspection import gate, records
from engine.inspection.draw_jobs import Site
from engine.inspection.gate import Bar, Gate
from engine.inspection.item_validity import why_not_checkable
from engine.inspection.models import InspectedObject, Item
from engine.inspection.object_traits import TraitReader, Traits, columns
from engine.inspection.plan_scope import Scope
from engine.inspection.special_areas import SpecialAreas, excluded_words
from engine.settings import Settings

#: In a record that everybody may read, a reason must not tell of an open case.
NEUTRAL = {"正在立案调查": "依法暂不检查（依据存档备查）"}


def plan_days(plan: Mapping[str, Any], today: date) -> tuple[date, date]:
    """The first and last day of the task; certificates must hold until the last."""
    days = []
    for key in ("start_date", "end_date"):
        try:
            days.append(max(today, date.fromisoformat(str(plan.get(key) or today))))
        except ValueError:
            days.append(today)
    return days[0], max(days)


def added_exclusions(plan: Mapping[str, Any], checked: Mapping[str, Any]) -> dict[str, str]:
    """Firms the officer excluded, with the reason as far as the record's readers may know it."""
    protected = is_protected(plan)
    return {
        str(row["uscc"]): f"{row['reason']}：{row['evidence']}"
        if protected
        else NEUTRAL.get(row["reason"], row["reason"])
        for row in checked.get("exclusions") or []
    }


def is_protected(plan: Mapping[str, Any]) -> bool:
    """Is the record kept from the public while the task runs?"""
    return str(plan.get("disclosure") or "protected") == "protected"


def checkable_items(
    session: Session, district: str, plan: Mapping[str, Any], departments: list[str], first: date, last: date
) -> list[Item]:
    """The plan's items of these departments.

    Raises :class:`ServiceTaskFailed` naming every item that may not be checked between the two days.
    """
    wanted = list(dict.fromkeys(plan.get("items") or []))
    rows = session.scalars(
        sa.select(Item).where(Item.district_id == district, Item.code.in_(wanted)).order_by(Item.code)
    )
    items = {row.code: row for row in rows}
    wrong = [f"{code} 不在抽查事项清单中" for code in wanted if code not in items]
    wrong += [f"{i.code} {i.name}{why}" for i in items.values() if (why := why_not_checkable(i, first, last))]
    if wrong:
        raise ServiceTaskFailed(f"工作方案中有不得检查的抽查事项：{'；'.join(wrong)}。请退回方案修改。")
    own = [row for row in items.values() if row.department in departments]
    if not own:
        raise ServiceTaskFailed("工作方案中没有本次各部门已公布的抽查事项，请退回方案修改。")
    return own


class Sorting:
    """Puts every object of the registry on one of the two lists, reading it as a stream."""

    def __init__(
        self, session: Session, settings: Settings, district: str, plan: Mapping[str, Any], items: list[Item],
        rules: Gate, today: date, added: Mapping[str, str],
    ) -> None:  # fmt: skip
        self._session, self._district, self._rules, self._added = session, district, rules, added
        self._scope, self._reader = Scope.of(plan, items), TraitReader(settings, today, items)
        self._areas = SpecialAreas.load(session, district, today)
        self._protected = is_protected(plan)
        self._organs = records.department_names(session, district)
        self.barred: dict[str, Bar] = {}

    def run(self) -> tuple[list[tuple[str, Traits]], list[tuple[str, str]], dict[str, Site]]:
        """Candidates with their traits, exclusions with their reason, scope by candidate."""
        candidates: list[tuple[str, Traits]] = []
        exclusions: list[tuple[str, str]] = []
        scope: dict[str, Site] = {}
        verdicts: dict[tuple[str, str, str, str], tuple[str, list[str]]] = {}
        o = InspectedObject.__table__.c
        # Columns of the table, not of the class: over a million rows the difference is half of the time.
        rows = self._session.connection().execute(
            sa.select(o.uscc, o.last_inspected_on, o.status, o.region, o.kind, *columns()).where(
                o.district_id == self._district
            ),
            execution_options={"yield_per": 10_000},
        )
        for uscc, last, status, region, kind, industry, grade, abnormal, tags, registries in rows:
            verdict = verdicts.get((status, region, kind, industry))
            if verdict is None:
                verdict = verdicts[status, region, kind, industry] = (
                    self._scope.why_not(status, region, kind, industry), self._scope.departments(industry),
                )  # fmt: skip
            reason, departments = verdict
            if not reason:
                if self._areas.areas:
                    reason, departments = self._without_areas(uscc, industry, departments)
                traits = self._reader.read(industry, grade, abnormal, tags, registries)
                reason = reason or self._added.get(uscc, "") or self._barred(uscc, traits, kind, last)
                if not reason:
                    candidates.append((uscc, traits))
                    scope[uscc] = Site(region or self._district, departments)
                    continue
                reason = " ".join(reason.replace("|", "／").split())
            exclusions.append((uscc, reason))
        return candidates, exclusions, scope

    def _barred(self, uscc: str, traits: Traits, kind: str, last: date | None) -> str:
        bar = self._rules.bar(uscc, traits, kind, last)
        if bar is None:
            return ""
        self.barred[uscc] = bar
        return bar.reason if self._protected else gate.NEUTRAL[bar.rule]

    def _without_areas(self, uscc: str, industry: str, departments: list[str]) -> tuple[str, list[str]]:
        """Departments left when special key areas are inspected outside the draw (R53)."""
        areas = self._areas.outside_draw(uscc, industry)
        left = [d for d in departments if d not in areas]
        if left or not areas:
            return "", left
        covering = {d: areas[d] for d in departments}
        return excluded_words(sorted(set(covering.values())), [self._organs.get(d, d) for d in covering]), []
