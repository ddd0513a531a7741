"""What the record holds of a result, a penalty or a listing, by the fields of the table ``public-field``.

Everything the table speaks of is handed over, closed fields too: the officer sees what stays closed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection import credit_listings, records, redaction, tables
from engine.inspection.credit_models import CreditListing
from engine.inspection.lead_reporters import reporter_words
from engine.inspection.models import DepartmentInspection, Finding, FollowUp, Inspector, Item, Publication
from engine.inspection.publication import Source
from engine.inspection.publicity_periods import PERSONS, party_kind
from engine.settings import Settings

#: Processes that end with something public about a party; every other one is a department's inspection.
PENALTY_PROCESSES = frozenset({"administrative-penalty", "simplified-penalty"})
CREDIT_PROCESS = "credit-measures"
#: How the table ``public-field`` calls a natural person.
NATURAL_PERSON = "自然人"


@dataclass(frozen=True)
class ToPublish:
    """What a case is about to make public: the kind of publication, its source, and whose it is."""

    kind: str
    source: Source
    department: str


def of_case(session: Session, settings: Settings, process: str, number: str, today: date) -> ToPublish:
    """What the case ``number`` of ``process`` makes public.  Raises :class:`NotFound`."""
    district = settings.district_id
    if process in PENALTY_PROCESSES:
        penalty = records.follow_up(session, district, number)
        return ToPublish("penalty", of_penalty(session, settings, penalty), penalty.department)
    if process == CREDIT_PROCESS:
        listing = credit_listings.found(session, district, number)
        return ToPublish(listing.list_code, of_listing(session, settings, listing), listing.department)
    part = records.department_inspection(session, district, number)
    return ToPublish("result", of_result(session, settings, part, today), part.department)


def of_publication(session: Session, settings: Settings, row: Publication, today: date) -> Source:
    """The source of what has a row already.  Raises :class:`NotFound`."""
    process = {"penalty": "administrative-penalty", "abnormal": CREDIT_PROCESS, "serious": CREDIT_PROCESS}
    return of_case(session, settings, process.get(row.kind, "department-inspection"), row.subject, today).source


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
    people = [*team, values["present_person"]]
    return _source("result", inspection.object, values, people, reporter_words(session, row.district_id, row.number))


def of_penalty(session: Session, settings: Settings, row: FollowUp) -> Source:
    """A penalty decision (PL48; order 45 of the market regulator)."""
    snapshot, people, reporters = _party(session, row)
    names = records.department_names(session, row.district_id)
    decision = dict(row.facts.get("decision") or {})
    # The act is what the decision found (违法行为), never the suspicion the case was filed for; a decision on the spot
    # names it apart from its facts.
    found = str(decision.get("facts") or "")
    act = str(decision.get("cause") or "")
    values = {
        **_subject(snapshot),
        "cause": act or found,
        "document_number": decision.get("document_number", ""),
        "department": names.get(row.department, row.department),
        "decided_on": str(decision.get("decided_on", ""))[:10],
        "kinds": decision.get("kinds") or [],
        "amount": decision.get("amount") or 0,
        "basis": str(decision.get("basis") or ""),
    }
    if act:
        values["facts"] = found
    if decision.get("confiscated"):
        values["confiscated"] = decision["confiscated"]
    if decision.get("goods"):
        values["confiscated_goods"] = str(decision["goods"])
    if duties := _duties(decision):
        values["other_duties"] = duties
    return _source("penalty", snapshot, values, people, reporters)


def _duties(decision: dict[str, Any]) -> str:
    """What the party has to do or bear besides money and goods, once each: terms of the kinds, further terms (PL9)."""
    said: dict[str, list[str]] = {}
    for duty in decision.get("duties") or []:
        said.setdefault(str(duty["content"]), []).append(str(duty["kind"]))
    if terms := str(decision.get("terms") or ""):
        said.setdefault(terms, [])
    return "；".join(f"{'、'.join(kinds)}：{content}" if kinds else content for content, kinds in said.items())


def of_listing(session: Session, settings: Settings, row: CreditListing) -> Source:
    """A decision to put somebody on a list of credit supervision."""
    case = records.follow_up(session, row.district_id, row.number)
    snapshot, people, reporters = _party(session, case)
    names = records.department_names(session, row.district_id)
    values = {
        **_subject({**snapshot, "name": row.subject_name, "uscc": row.uscc}),
        "register": credit_listings.register_name(settings, row.list_code, row.subject_kind, row.listed_on),
        "ground": row.ground_name,
        "basis": row.legal_basis,
        "facts": row.facts,
        "document_number": row.document_number,
        "listed_on": row.listed_on.isoformat(),
        "department": names.get(row.department, row.department),
    }
    return _source(row.list_code, snapshot, values, people, reporters)


def _party(session: Session, row: FollowUp) -> tuple[dict[str, Any], list[str], list[str]]:
    """Whom a follow-up is about, with all that is known of them, the people named in the record, and who reported."""
    snapshot: dict[str, Any] = {}
    people: list[str] = []
    if row.root_kind in ("", "department-inspection"):
        part = records.department_inspection(session, row.district_id, row.root or row.origin)
        snapshot = dict(records.inspection(session, row.district_id, part.inspection).object)
        people = [*_team(session, part), str(part.record.get("present_person") or "")]
    reporters = reporter_words(session, row.district_id, row.root or row.origin)
    known = {key: value for key, value in row.subject.items() if value}
    decision = row.facts.get("decision") or {}
    kind = party_kind(known.get("subject_kind"), decision.get("subject_kind"), snapshot.get("kind"))
    return {**snapshot, **known, "kind": kind or NATURAL_PERSON}, people, reporters


def _subject(snapshot: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        field: str(snapshot.get(field) or "")
        for field in ("name", "uscc", "address", "legal_representative", "contact", "phone", "risk_grade")
    }
    if snapshot.get("tags"):
        found["complaints"] = [str(tag) for tag in snapshot["tags"] if "投诉" in str(tag) or "举报" in str(tag)]
    return found


def _source(
    document: str, snapshot: dict[str, Any], values: dict[str, Any], people: list[str], reporters: list[str]
) -> Source:
    """Who reported is masked before anybody sees the preview: it may be kept by nobody, and shown to nobody."""
    values = redaction.without(values, reporters)
    persons = [values["legal_representative"], values["contact"], *people]
    kind = str(snapshot.get("kind") or "")
    return Source(
        document, NATURAL_PERSON if kind in PERSONS else kind, values,
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
