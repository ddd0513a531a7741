"""What documents of a campaign (抽查任务) may say: its plan, draw, dispatch and figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from engine.errors import Conflict
from engine.inspection import campaign_summary, dispatch_lists, preparation
from engine.inspection.document_case import DocumentCase
from engine.inspection.document_facts import fact, people
from engine.inspection.models import DrawnObject, InspectedObject, Inspection, Item
from engine.inspection.plan_facts import plan_rows


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
    found = people(case, {code for _, pair in mine for code in pair} | {o.leader for o, _ in mine})
    names = _objects(case, [o.uscc for o, _ in mine])
    return [
        {
            "rank": o.rank, "uscc": o.uscc, "name": names.get(o.uscc, (o.uscc, ""))[0],
            "address": names.get(o.uscc, ("", ""))[1], "visit_on": o.visit_on,
            "inspectors": [found[code].name if code in found else code for code in pair],
            "leader": found[o.leader].name if o.leader in found else "",
        }
        for o, pair in mine
    ]  # fmt: skip


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
