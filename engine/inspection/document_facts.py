"""What official documents may say: one function a name, read only when a template uses it.

``@fact("object", "uscc name …")`` offers the name ``object`` with these fields to every template; without fields
anything may stand below.  A fact that the case does not have is None (a list: empty), and its places stay blank.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from engine.errors import Conflict, NotFound
from engine.inspection import campaign_summary, dispatch_lists, preparation, tables
from engine.inspection.document_case import DocumentCase
from engine.inspection.models import DrawnObject, Finding, InspectedObject, Inspection, Inspector, Item
from engine.inspection.plan_facts import plan_rows
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
        "number": instance.business_key, "title": instance.title, "process": instance.process_key,
        "department": case.organ(instance.department), "started_on": case.local_day(instance.started_at),
    }  # fmt: skip


@fact("start")
def start(case: DocumentCase) -> Mapping[str, Any]:
    """The variables the process was started with."""
    return case.start


@fact("campaign", "number name lead lead_name participants participant_names state draw_id total document_number")
def campaign(case: DocumentCase) -> dict[str, Any] | None:
    row = case.campaign
    return None if row is None else {
        "number": row.number, "name": row.name, "lead": row.lead, "lead_name": case.organ(row.lead),
        "participants": row.participants, "participant_names": [case.organ(p) for p in row.participants],
        "state": row.state, "draw_id": row.draw_id, "total": row.total, "document_number": row.document_number,
    }  # fmt: skip


@fact("plan")
def plan(case: DocumentCase) -> Mapping[str, Any]:
    """The work plan (抽查工作方案): as approved, before that as drafted."""
    return (case.campaign.plan if case.campaign else None) or case.step("draft_work_plan") or {}


@fact("plan_rows", "label value", many=True)
def plan_in_words(case: DocumentCase) -> list[dict[str, str]]:
    row = case.campaign
    if row is None:
        return []
    pairs = plan_rows(case.session, case.settings, row, case.department_names, case.today)
    return [{"label": label, "value": value} for label, value in pairs]


@fact("drawn", "rank uscc name address inspectors leader visit_on", many=True)
def drawn(case: DocumentCase) -> list[dict[str, Any]]:
    """The drawn objects the organ checks, in the order of their rank, with who goes there."""
    row = case.campaign
    if row is None or not row.draw_id:
        return []
    objects = list(
        case.session.scalars(
            sa.select(DrawnObject)
            .where(
                DrawnObject.district_id == case.district_id, DrawnObject.draw_id == row.draw_id,
                DrawnObject.failed_reason == "",
            )
            .order_by(DrawnObject.rank)
        )
    )  # fmt: skip
    mine = [(o, o.pairs[case.department]) for o in objects if case.department in o.pairs]
    people = _people(case, {code for _, pair in mine for code in pair} | {o.leader for o, _ in mine})
    names = _objects(case, [o.uscc for o, _ in mine])
    return [
        {
            "rank": o.rank, "uscc": o.uscc, "name": names.get(o.uscc, (o.uscc, ""))[0],
            "address": names.get(o.uscc, ("", ""))[1], "visit_on": o.visit_on,
            "inspectors": [people[code].name if code in people else code for code in pair],
            "leader": people[o.leader].name if o.leader in people else "",
        }
        for o, pair in mine
    ]  # fmt: skip


@fact("inspection", "number campaign departments visits_ended_on publication_due_on")
def inspection(case: DocumentCase) -> dict[str, Any] | None:
    row = case.inspection
    return None if row is None else {
        "number": row.number, "campaign": row.campaign, "departments": [case.organ(d) for d in row.departments],
        "visits_ended_on": case.local_day(row.visits_ended_at),
        "publication_due_on": case.local_day(row.publication_due_at),
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
    people = _people(case, set(row.inspectors))
    leader = case.session.scalar(
        sa.select(DrawnObject.leader).where(
            DrawnObject.district_id == case.district_id,
            DrawnObject.draw_id == (case.inspection.draw_id if case.inspection else ""),
            DrawnObject.uscc == (case.inspection.uscc if case.inspection else ""),
        )
    )
    return [
        {
            "code": code, "name": people[code].name, "certificate_number": people[code].certificate_number,
            "certificate_issuer": people[code].certificate_issuer, "post": people[code].post,
            "leader": "组长" if code == leader else "组员",
        }
        for code in row.inspectors
        if code in people
    ]  # fmt: skip


@fact("items", "code name legal_basis content method", many=True)
def items(case: DocumentCase) -> list[dict[str, Any]]:
    """What is checked: of a department's inspection its items, of a campaign all that the plan names."""
    return [_item(row) for row in _items(case)]


@fact("own_items", "code name legal_basis content method", many=True)
def own_items(case: DocumentCase) -> list[dict[str, Any]]:
    """The items of the issuing organ alone."""
    return [_item(row) for row in _items(case) if row.department == case.department]


def _items(case: DocumentCase) -> list[Item]:
    codes = case.part.items if case.part is not None else (plan(case) or {}).get("items") or []
    return list(
        case.session.scalars(
            sa.select(Item).where(Item.district_id == case.district_id, Item.code.in_(codes)).order_by(Item.code)
        )
    )


def _item(row: Item) -> dict[str, Any]:
    return {
        "code": row.code, "name": row.name, "legal_basis": row.legal_basis, "content": row.content,
        "method": row.method,
    }  # fmt: skip


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


@fact("follow_up", "number kind subject_name state facts")
def follow_up(case: DocumentCase) -> dict[str, Any] | None:
    row = case.follow_up
    return None if row is None else {
        "number": row.number, "kind": row.kind, "subject_name": row.subject_name, "state": row.state,
        "facts": row.facts,
    }  # fmt: skip


@fact("figures", "totals departments categories handling objects")
def figures(case: DocumentCase) -> Mapping[str, Any] | None:
    """The figures of the 抽查情况汇总表: as frozen, before that as they stand; None while results are missing."""
    if case.campaign is None:
        return None
    frozen = campaign_summary.summary_of(case.session, case.campaign)
    if frozen is not None:
        return frozen.figures
    try:
        return campaign_summary.figures(case.session, case.settings, case.campaign, case.today)
    except Conflict:
        return None


@fact("dispatches", "number unit objects count sent_on received_on received_by contact state", many=True)
def dispatches(case: DocumentCase) -> list[dict[str, Any]]:
    """The dispatch lists (派发单) of the organ's units."""
    if case.campaign is None:
        return []
    rows = [r for r in dispatch_lists.of_campaign(case.session, case.campaign) if r.department == case.department]
    numbers = [number for row in rows for number in row.inspections]
    names = {
        number: str(found.get("name") or "")
        for number, found in case.session.execute(
            sa.select(Inspection.number, Inspection.object).where(
                Inspection.district_id == case.district_id, Inspection.campaign == case.campaign.number
            )
        )
        if number in set(numbers)
    }
    return [
        {
            "number": row.number, "unit": row.unit_name or case.organ(row.department), "count": len(row.inspections),
            "objects": [names.get(number, number) for number in row.inspections],
            "sent_on": case.local_day(row.sent_at), "received_on": case.local_day(row.received_at),
            "received_by": row.received_by_name, "contact": row.contact, "state": row.state,
        }
        for row in rows
    ]  # fmt: skip


@fact("supplies", "department inspectors vehicles equipment contact", many=True)
def supplies(case: DocumentCase) -> list[dict[str, Any]]:
    """People and equipment the departments bring (R33)."""
    if case.campaign is None:
        return []
    return [
        {
            "department": case.organ(row.department), "inspectors": row.inspectors, "vehicles": row.vehicles,
            "equipment": preparation.equipment_words(row), "contact": row.contact,
        }
        for row in preparation.supplies(case.session, case.campaign)
    ]  # fmt: skip


def _category(case: DocumentCase, code: str) -> str:
    return tables.label(case.settings, "result-category", code, case.today) if code else ""


def _people(case: DocumentCase, codes: set[str]) -> dict[str, Inspector]:
    rows = case.session.scalars(
        sa.select(Inspector).where(Inspector.district_id == case.district_id, Inspector.code.in_(sorted(codes)))
    )
    return {row.code: row for row in rows}


def _objects(case: DocumentCase, usccs: list[str]) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for begin in range(0, len(usccs), 500):
        for uscc, name, address in case.session.execute(
            sa.select(InspectedObject.uscc, InspectedObject.name, InspectedObject.address).where(
                InspectedObject.district_id == case.district_id, InspectedObject.uscc.in_(usccs[begin : begin + 500])
            )
        ):
            found[uscc] = (name, address)
    return found
