"""What the record holds of a result or a penalty, by the fields of the table ``public-field``.

Everything the table speaks of is handed over, closed fields too: the officer sees what stays closed.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection import records, tables
from engine.inspection.models import DepartmentInspection, Finding, FollowUp, Inspector, Item, Publication
from engine.inspection.publication import Source
from engine.settings import Settings


def of_publication(session: Session, settings: Settings, row: Publication, today: date) -> Source:
    """The source of a result or penalty that has a row already.  Raises :class:`NotFound`."""
    if row.kind == "penalty":
        return of_penalty(session, settings, records.follow_up(session, row.district_id, row.subject))
    part = records.department_inspection(session, row.district_id, row.subject)
    return of_result(session, settings, part, today)


def of_result(session: Session, settings: Settings, row: DepartmentInspection, today: date) -> Source:
    """One department's result at one object (谁检查、谁录入、谁公开)."""
    inspection = records.inspection(session, row.district_id, row.inspection)
    campaign = records.campaign(session, row.district_id, row.campaign)
    names = records.department_names(session, row.district_id)
    findings = session.execute(
        sa.select(Finding, Item.name)
        .join(Item, sa.and_(Item.code == Finding.item, Item.district_id == Finding.district_id))
        .where(Finding.district_id == row.district_id, Finding.department_inspection == row.number)
        .order_by(Finding.item)
    ).all()
    categories = sorted({f.category for f, _ in findings if f.checked}) or ["1"]
    if row.conclusion.get("category"):
        categories = [str(row.conclusion["category"])]
    team = _team(session, row)
    notes = [words for f, _ in findings for words in (f.note, f.clause) if words]
    values: dict[str, Any] = {
        **_subject(inspection.object),
        "campaign_name": campaign.name,
        "campaign": campaign.number,
        "department": names.get(row.department, row.department),
        "visited_on": row.visit_ended_at.astimezone(settings.timezone).date().isoformat() if row.visit_ended_at else "",
        "items": [
            {"事项": name, "结果": "未检查" if not f.checked else "发现问题" if f.problem else "未发现问题"}
            for f, name in findings
        ],
        "categories": [tables.label(settings, "result-category", c, today) for c in categories],
        "inspectors": team,
        "present_person": str(row.record.get("present_person") or ""),
        "statement": str(row.record.get("statement") or ""),
        "notes": [*notes, *(str(row.conclusion[key]) for key in ("facts", "basis") if row.conclusion.get(key))],
    }
    if any(f.problem for f, _ in findings):
        values["handling"] = str(row.conclusion.get("handling") or "")
    return _source("result", inspection.object, values, [*team, values["present_person"]])


def of_penalty(session: Session, settings: Settings, row: FollowUp) -> Source:
    """A penalty decision (PL48; order 45 of the market regulator)."""
    part = records.department_inspection(session, row.district_id, row.origin)
    inspection = records.inspection(session, row.district_id, part.inspection)
    names = records.department_names(session, row.district_id)
    decision = dict(row.facts.get("decision") or {})
    values = {
        **_subject(inspection.object),
        "document_number": decision.get("document_number", ""),
        "department": names.get(row.department, row.department),
        "decided_on": str(decision.get("decided_on", ""))[:10],
        "kinds": decision.get("kinds") or [],
        "amount": decision.get("amount") or 0,
        "facts": str(decision.get("facts") or ""),
        "basis": str(decision.get("basis") or ""),
    }
    people = [*_team(session, part), str(part.record.get("present_person") or "")]
    return _source("penalty", inspection.object, values, people)


def _subject(snapshot: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        field: str(snapshot.get(field) or "")
        for field in ("name", "uscc", "address", "legal_representative", "contact", "phone", "risk_grade")
    }
    if snapshot.get("tags"):
        found["complaints"] = [str(tag) for tag in snapshot["tags"] if "投诉" in str(tag) or "举报" in str(tag)]
    return found


def _source(document: str, snapshot: dict[str, Any], values: dict[str, Any], people: list[str]) -> Source:
    persons = [values["legal_representative"], values["contact"], *people]
    return Source(
        document, str(snapshot.get("kind") or ""), values,
        tuple(dict.fromkeys(name for name in persons if len(name) >= 2)), values["legal_representative"],
    )  # fmt: skip


def _team(session: Session, row: DepartmentInspection) -> list[str]:
    return list(
        session.scalars(
            sa.select(Inspector.name)
            .where(Inspector.district_id == row.district_id, Inspector.code.in_(row.inspectors or []))
            .order_by(Inspector.code)
        )
    )
