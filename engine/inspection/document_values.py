"""The names and functions a document template is filled with."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from engine.calendar import Calendar
from engine.documents.amounts import money
from engine.documents.template import in_words
from engine.expressions import json_safe, read_date
from engine.inspection import (
    document_campaign,
    document_education,
    document_enforcement,
    document_hearing,
    document_held,
    document_leads,
    document_oversight,
    document_samples,
    tables,
)
from engine.inspection.document_case import DocumentCase
from engine.inspection.document_facts import FACTS, NAMES
from engine.inspection.models import Inspector, Item
from engine.models import User

#: Modules that offer their facts when they are imported.
OFFERING = (
    document_campaign, document_education, document_enforcement, document_hearing, document_held, document_leads,
    document_oversight, document_samples,
)  # fmt: skip
#: What every template may read besides the steps of its diagram, which the linter adds.
VOCABULARY: dict[str, Any] = {**NAMES, "document": dict.fromkeys(("number", "issued_on", "version")), "today": None}


def values(case: DocumentCase, names: Collection[str], issued: Mapping[str, Any]) -> dict[str, Any]:
    """The values of ``names``; ``issued`` is what stands under ``document``, empty before there is a number."""
    found: dict[str, Any] = {name: FACTS[name](case) for name in names if name in FACTS}
    if "steps" in names:
        found["steps"] = {element: case.step(element) for element in case.submissions}
    if "all_steps" in names:
        found["all_steps"] = case.submissions
    return {**json_safe(found), "document": json_safe(dict(issued)), "today": case.today.isoformat()}


def functions(case: DocumentCase) -> dict[str, Callable[..., Any]]:
    """The functions of :data:`engine.documents.reading.FUNCTIONS` over this case."""
    zone = case.settings.timezone

    def calendar() -> Calendar:
        return Calendar.load(case.session, case.district_id, zone)

    def chinese(value: Any) -> str:
        return in_words(value, zone)

    def department_name(code: Any) -> str:
        if isinstance(code, list):
            return "、".join(case.organ(str(one)) for one in code)
        return case.organ(str(code)) if code else ""

    def person(key: Any) -> str:
        if isinstance(key, list):
            return "、".join(person(one) for one in key)
        return _person(case, str(key)) if key else ""

    def item_name(code: Any) -> str:
        found = case.session.scalar(
            sa.select(Item.name).where(Item.district_id == case.district_id, Item.code == str(code))
        )
        return str(found or code or "")

    def label(table: Any, code: Any) -> str:
        if isinstance(code, list):
            return "、".join(label(table, one) for one in code)
        return tables.label(case.settings, str(table), str(code), case.today) if code not in (None, "") else ""

    def joined(found: Any, between: Any = "、") -> str:
        given = found if isinstance(found, list) else [found]
        return str(between).join(filter(None, (chinese(one) for one in given)))

    def day(value: Any) -> date | None:
        return value if isinstance(value, date) else read_date(str(value)[:10]) if value else None

    def working_days_after(start: Any, count: Any) -> date | None:
        first = day(start)
        return None if first is None else calendar().add_working_days(first, int(count))

    def end_of_day(value: Any) -> datetime | None:
        last = day(value)
        return None if last is None else calendar().end_of_day(last)

    return {
        "chinese_date": lambda value: chinese(value).partition("日")[0] + "日" if value else "",
        "chinese_time": chinese, "department_name": department_name, "person": person, "item_name": item_name,
        "label": label, "joined": joined, "money": money, "working_days_after": working_days_after,
        "end_of_day": end_of_day, "case_number": lambda key: case.number_words(str(key or "")),
    }  # fmt: skip


def _person(case: DocumentCase, key: str) -> str:
    """A name by an inspector's code or a user's id; the key itself when nobody has it."""
    found = case.session.scalar(
        sa.select(Inspector.name).where(Inspector.district_id == case.district_id, Inspector.code == key)
    )
    if found is None and len(key) == 36:
        found = case.session.scalar(sa.select(User.name).where(User.id == key))
    return str(found or key)
