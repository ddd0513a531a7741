"""What becomes of one object: a candidate with the departments that check it, or kept out with the reason.

Most objects are judged by what they have in common with thousands of others (status, place, kind,
industry, grade, marks); only firms that were visited lately, are about to be, or are named one by
one are looked at singly.  So the lists of a million objects are a few thousand judgements.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from functools import reduce
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.errors import ServiceTaskFailed
from engine.inspection import gate, records
from engine.inspection.gate import Bar, Gate
from engine.inspection.models import InspectedObject, Item
from engine.inspection.object_traits import TraitReader, Traits, columns
from engine.inspection.plan_scope import Scope
from engine.inspection.pool_lists import is_protected
from engine.inspection.special_areas import SpecialAreas, excluded_words
from engine.settings import Settings

SEPARATOR = "\x1f"
CHUNK = 500


class Verdict(NamedTuple):
    """Of an object or of all that are alike; ``reason`` is empty for a candidate."""

    reason: str
    departments: list[str]
    traits: Traits
    region: str
    kind: str
    industry: str
    bar: Bar | None = None
    #: Outside the plan's scope: nothing about a single firm changes that.
    outside: bool = False


class Firm(NamedTuple):
    """An object as the database gives it for judging: ``alike`` is the text of :func:`alike`."""

    uscc: str
    last: date | None
    alike: str


def alike() -> sa.ColumnElement[str]:
    """All that the plan and its tables look at, as one text: objects with the same text are judged the same.

    One text instead of eight columns: over a million rows that is a third of the time.
    """
    o = InspectedObject.__table__.c
    industry, grade, abnormal, tags, registries = columns()
    parts = (o.status, o.region, o.kind, industry, grade, sa.case((abnormal, "1"), else_=""), tags, registries)
    return reduce(lambda left, right: left + SEPARATOR + right, parts)


def firms(
    session: Session, district: str, *conditions: sa.ColumnElement[bool], order_by: sa.ColumnElement[Any] | None = None
) -> Iterator[Firm]:
    """Objects of the registry for judging, as a stream, in no order unless one is given."""
    o = InspectedObject.__table__.c
    # Columns of the table, not of the class: over a million rows the difference is half of the time.
    rows = session.connection().execute(
        sa.select(o.uscc, o.last_inspected_on, alike())
        .where(o.district_id == district, *conditions)
        .order_by(order_by),
        execution_options={"yield_per": 10_000},
    )
    return rows  # type: ignore[return-value]  # its rows are such tuples


class Judge:
    """Judges by a work plan, its items, the gate's rules and what the officer added."""

    def __init__(
        self, session: Session, settings: Settings, district: str, plan: Mapping[str, Any], items: list[Item],
        rules: Gate, today: date, added: Mapping[str, str],
    ) -> None:  # fmt: skip
        self._session, self._district, self._rules, self._added = session, district, rules, added
        self.scope = Scope.of(plan, items)
        self._reader = TraitReader(settings, today, items)
        self._areas = SpecialAreas.load(session, district, today)
        self._protected = is_protected(plan)
        self._organs = records.department_names(session, district)
        self._members: frozenset[str] = frozenset().union(*self._areas.named.values())
        self._cells: dict[str, Verdict] = {}
        known = rules.known
        #: Objects that a rule, an area or the officer may speak of one by one.
        self.singled = {*self._members, *added, *rules.kept, *known.this_year, *known.last, *known.open_now}
        #: So are all that were last inspected after this day.
        self.since = today - timedelta(days=rules.frequency.longest_pause)

    def cell(self, text: str) -> Verdict:
        """The verdict on all objects with this text of :func:`alike` that nothing singles out."""
        found = self._cells.get(text)
        if found is None:
            try:
                status, region, kind, industry, grade, abnormal, tags, registries = text.split(SEPARATOR)
            except ValueError:
                raise ServiceTaskFailed(
                    "检查对象名录中有对象的登记状态、类型、区划或行业含有不可见字符，请先在名录中更正。"
                ) from None
            found = self._cells[text] = self._cell(
                status, region, kind, industry, self._reader.read(industry, grade, bool(abnormal), tags, registries)
            )
        return found

    def _cell(self, status: str, region: str, kind: str, industry: str, traits: Traits) -> Verdict:
        reason = self.scope.why_not(status, region, kind, industry)
        base = Verdict(_one_line(reason), self.scope.departments(industry), traits, region or self._district, kind,
                       industry, outside=bool(reason))  # fmt: skip
        return base if reason else self._ruled("", base, None)

    def firm(self, uscc: str, verdict: Verdict, last: date | None) -> Verdict:
        """The verdict on one object of a cell, with what is known of itself."""
        if verdict.outside:
            return verdict
        plain = verdict._replace(reason="", departments=self.scope.departments(verdict.industry), bar=None)
        return self._ruled(uscc, plain, last)

    def single(self, uscc: str, last: date | None) -> bool:
        """Must the object be looked at by itself?"""
        return uscc in self.singled or (last is not None and last > self.since)

    def of(self, firm: Firm) -> Verdict:
        """The verdict on an object."""
        uscc, last, text = firm
        verdict = self.cell(text)
        return self.firm(uscc, verdict, last) if self.single(uscc, last) else verdict

    def named(self, usccs: Iterable[str]) -> dict[str, Verdict]:
        """Verdicts on objects named one by one; what the registry does not hold is left out."""
        found: dict[str, Verdict] = {}
        wanted, column = sorted(set(usccs)), InspectedObject.__table__.c.uscc
        for start in range(0, len(wanted), CHUNK):
            for firm in firms(self._session, self._district, column.in_(wanted[start : start + CHUNK])):
                found[firm[0]] = self.of(firm)
        return found

    def singled_out(self) -> Iterator[tuple[Firm, Verdict]]:
        """Every object that is looked at by itself, with its verdict."""
        column = InspectedObject.__table__.c
        wanted = sorted(self.singled)
        for start in range(0, len(wanted), CHUNK):
            for firm in firms(self._session, self._district, column.uscc.in_(wanted[start : start + CHUNK])):
                yield firm, self.of(firm)
        for firm in firms(self._session, self._district, column.last_inspected_on > self.since):
            if firm[0] not in self.singled:
                yield firm, self.of(firm)

    def _ruled(self, uscc: str, verdict: Verdict, last: date | None) -> Verdict:
        """Special areas first, then what the officer added, then the gate's rules."""
        reason, departments, bar = "", verdict.departments, None
        if self._areas.areas:
            reason, departments = self._without_areas(uscc, verdict.industry, departments)
        reason = reason or self._added.get(uscc, "")
        if not reason and (bar := self._rules.bar(uscc, verdict.traits, verdict.kind, last)):
            reason = bar.reason if self._protected else gate.NEUTRAL[bar.rule]
        return verdict._replace(reason=_one_line(reason), departments=departments, bar=bar)

    def _without_areas(self, uscc: str, industry: str, departments: list[str]) -> tuple[str, list[str]]:
        """Departments left when special key areas are inspected outside the draw (R53)."""
        areas = self._areas.outside_draw(uscc, industry)
        left = [d for d in departments if d not in areas]
        if left or not areas:
            return "", left
        covering = {d: areas[d] for d in departments}
        return excluded_words(sorted(set(covering.values())), [self._organs.get(d, d) for d in covering]), []


def _one_line(reason: str) -> str:
    """As it may stand in the record's lists, where tab, line break and bar have a meaning."""
    return " ".join(reason.replace("|", "／").split())
