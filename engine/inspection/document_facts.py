"""What official documents may say: one function a name, read only when a template uses it.

``@fact("object", "uscc name …")`` offers the name ``object`` with these fields to every template; without fields
anything may stand below.  A fact that the case does not have is None (a list: empty), and its places stay blank.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from engine.errors import NotFound
from engine.inspection import records, tables
from engine.inspection.document_case import DocumentCase
from engine.inspection.follow_up_roots import SUBJECT
from engine.inspection.follow_ups import root_of
from engine.inspection.models import DrawnObject, Finding, Inspector, Item
from engine.models import Deadline

Fact = Callable[[DocumentCase], Any]
#: Name → how it is looked up, and the names below it (None: anything).
FACTS: dict[str, Fact] = {}
NAMES: dict[str, dict[str, None] | None] = {}


def fact(name: str, fields: str = "", *, many: bool = False) -> Callable[[Fact], Fact]:
    """Offer a name to document templates; ``many`` says that it is a list and the fields are those of its elements."""

    def offer(function: Fact) -> Fact:
        def read(case: DocumentCase) -> Any:
            try:
                found = function(case)
            except NotFound:  # a case of another kind
                found = None
            return found or [] if many else found

        FACTS[name] = read
        NAMES[name] = dict.fromkeys(fields.split()) if fields else None
        return function

    return offer


@fact("organ", "code name")
def organ(case: DocumentCase) -> dict[str, Any]:
    """The organ that issues the document."""
    return {"code": case.department, "name": case.organ(case.department)}


@fact("case", "number title process department started_on")
def the_case(case: DocumentCase) -> dict[str, Any]:
    instance = case.instance
    return {
        "number": case.number_words(instance.business_key), "title": instance.title, "process": instance.process_key,
        "department": case.organ(instance.department), "started_on": case.local_day(instance.started_at),
    }  # fmt: skip


@fact("start")
def start(case: DocumentCase) -> Mapping[str, Any]:
    """The variables the process was started with."""
    return case.start


@fact("inspection", "number campaign departments visits_ended_on publication_due_on")
def inspection(case: DocumentCase) -> dict[str, Any] | None:
    row = case.inspection
    if row is None:
        return None
    deadline = records.publication_deadline(case.session, case.district_id, row.number)
    return {
        "number": row.number, "campaign": row.campaign, "departments": [case.organ(d) for d in row.departments],
        "visits_ended_on": case.local_day(row.visits_ended_at),
        "publication_due_on": case.local_day(deadline.due_at if deadline else None),
    }  # fmt: skip


@fact("object", "uscc name kind address legal_representative business_scope contact phone permits")
def inspected_object(case: DocumentCase) -> Mapping[str, Any] | None:
    """The object as the registry said when it was drawn."""
    return case.inspection.object if case.inspection else case.start.get("object")


@fact("part", "number state visit_ended_on told_on published_on conclusion record")
def part(case: DocumentCase) -> dict[str, Any] | None:
    """The organ's own part of the inspection."""
    row = case.part
    return None if row is None else {
        "number": row.number, "state": row.state, "visit_ended_on": case.local_day(row.visit_ended_at),
        "told_on": case.local_day(row.told_at), "published_on": case.local_day(row.published_at),
        "conclusion": row.conclusion, "record": row.record,
    }  # fmt: skip


@fact("team", "code name certificate_number certificate_issuer post leader", many=True)
def team(case: DocumentCase) -> list[dict[str, Any]]:
    """The inspectors as they stand now, the qualified officer first; ``leader`` says 组长 or 组员."""
    row = case.part
    if row is None:
        return []
    found = people(case, set(row.inspectors))
    leader = case.session.scalar(
        sa.select(DrawnObject.leader).where(
            DrawnObject.district_id == case.district_id,
            DrawnObject.draw_id == (case.inspection.draw_id if case.inspection else ""),
            DrawnObject.uscc == (case.inspection.uscc if case.inspection else ""),
        )
    )
    return [
        {
            "code": code, "name": found[code].name, "certificate_number": found[code].certificate_number,
            "certificate_issuer": found[code].certificate_issuer, "post": found[code].post,
            "leader": "组长" if code == leader else "组员",
        }
        for code in row.inspectors
        if code in found
    ]  # fmt: skip


@fact("findings", "item name result category clause handling note checked problem", many=True)
def findings(case: DocumentCase) -> list[dict[str, Any]]:
    """The result of every item: as recorded, before that as the inspectors' form says."""
    if case.part is None:
        return []
    rows = case.session.execute(
        sa.select(Finding, Item.name)
        .outerjoin(Item, sa.and_(Item.code == Finding.item, Item.district_id == Finding.district_id))
        .where(Finding.district_id == case.district_id, Finding.department_inspection == case.part.number)
        .order_by(Finding.item)
    ).all()
    if not rows:
        return [_from_form(case, row) for row in (case.step("site_check") or {}).get("findings") or []]
    return [
        {
            "item": f.item, "name": name or f.item, "checked": f.checked, "problem": f.problem,
            "result": "未检查" if not f.checked else "发现问题" if f.problem else "未发现问题",
            "category": _category(case, f.category), "clause": f.clause, "handling": f.handling, "note": f.note,
        }
        for f, name in rows
    ]  # fmt: skip


def _from_form(case: DocumentCase, row: Mapping[str, Any]) -> dict[str, Any]:
    checked, problem = row.get("checked") != "否", row.get("problem") == "是"
    return {
        "item": row.get("item"), "name": row.get("name"), "checked": checked, "problem": problem,
        "result": "未检查" if not checked else "发现问题" if problem else "未发现问题",
        "category": _category(case, str(row.get("category") or "")), "clause": row.get("clause"),
        "handling": row.get("handling"), "note": row.get("note") or row.get("unchecked_reason"),
    }  # fmt: skip


@fact("problems", "item name result category clause handling note checked problem", many=True)
def problems(case: DocumentCase) -> list[dict[str, Any]]:
    """The findings with a problem."""
    return [row for row in findings(case) if row["problem"]]


@fact("deadlines", "name label legal_basis started_on due_on rule", many=True)
def deadlines(case: DocumentCase) -> list[dict[str, Any]]:
    """Statutory deadlines of the case, and of the one an application speaks of (``subject``)."""
    keys = {case.instance.business_key, str(case.start.get("subject") or case.instance.business_key)}
    rows = case.session.scalars(
        sa.select(Deadline)
        .where(Deadline.district_id == case.district_id, Deadline.business_key.in_(sorted(keys)))
        .order_by(Deadline.started_at, Deadline.name)
    )
    return [
        {
            "name": row.name, "label": row.label or row.name, "legal_basis": row.legal_basis, "rule": row.rule,
            "started_on": case.local_day(row.started_at), "due_on": case.local_day(row.due_at),
        }
        for row in rows
    ]  # fmt: skip


@fact("subject", "name uscc address subject_kind legal_representative contact phone business_scope")
def subject(case: DocumentCase) -> dict[str, Any] | None:
    """Whom what follows a finding is about, as known when it began."""
    if case.follow_up is None:
        return None
    return {**dict.fromkeys(SUBJECT, ""), **root_of(case.session, case.district_id, case.follow_up.number).subject}


@fact("follow_up", "number kind subject_name state facts")
def follow_up(case: DocumentCase) -> dict[str, Any] | None:
    row = case.follow_up
    return None if row is None else {
        "number": case.number_words(row.number), "kind": row.kind, "subject_name": row.subject_name, "state": row.state,
        "facts": row.facts,
    }  # fmt: skip


def _category(case: DocumentCase, code: str) -> str:
    return tables.label(case.settings, "result-category", code, case.today) if code else ""


def people(case: DocumentCase, codes: set[str]) -> dict[str, Inspector]:
    """Inspectors by their codes."""
    rows = case.session.scalars(
        sa.select(Inspector).where(Inspector.district_id == case.district_id, Inspector.code.in_(sorted(codes)))
    )
    return {row.code: row for row in rows}
