"""What documents of case leads and of unlicensed business may say; the reporter is in none of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from engine.calendar import Calendar
from engine.deadline_rules import deadline_rule
from engine.inspection import tables
from engine.inspection.document_case import DocumentCase
from engine.inspection.document_facts import fact, people
from engine.inspection.lead_models import CaseLead
from engine.inspection.leads import PROCESS, find_lead, source_row
from engine.periods import Period, count


def _lead(case: DocumentCase) -> CaseLead | None:
    if case.instance.process_key != PROCESS:
        return None
    return find_lead(case.session, case.district_id, case.instance.business_key)


@fact(
    "lead",
    "number source received_on handed_by subject_name subject_address uscc title content refusal verdict "
    "verdict_words decided_on",
)
def lead(case: DocumentCase) -> dict[str, Any] | None:
    """A lead without who reported it: the salutation of a letter to the reporter is written by hand."""
    row = _lead(case)
    if row is None:
        return None
    ground = str((case.step("accept") or {}).get("refusal_ground") or "")
    return {
        "number": row.number, "source": source_row(case.settings, row.source, row.received_on)["name"],
        "received_on": row.received_on, "handed_by": row.handed_by, "subject_name": row.subject_name,
        "subject_address": row.subject.get("address"), "uscc": row.uscc, "title": row.title, "content": row.content,
        "refusal": tables.label(case.settings, "lead-refusal-ground", ground, case.today) if ground else None,
        "verdict": tables.label(case.settings, "lead-verdict", row.verdict, case.today) if row.verdict else None,
        "verdict_words": row.verdict_words, "decided_on": row.decided_on,
    }  # fmt: skip


@fact("visit_team", "code name certificate_number", many=True)
def visit_team(case: DocumentCase) -> list[dict[str, Any]]:
    """The inspectors proposed for a check outside the draw, in the order proposed."""
    codes = [str(code) for code in (case.step("plan_check") or {}).get("inspectors") or []]
    known = people(case, set(codes)) if codes else {}
    return [
        {"code": code, "name": known[code].name, "certificate_number": known[code].certificate_number}
        for code in codes
        if code in known
    ]


@fact("handover", "organ subject_name subject_address uscc reason materials sent_on")
def handover(case: DocumentCase) -> dict[str, Any] | None:
    """What is handed on to the competent organ, from a lead or from a case of unlicensed business."""
    given = case.step("transfer") or case.step("notify_organ")
    row = _lead(case)
    subject = row.subject if row else case.follow_up.subject if case.follow_up else {}
    if given is None and not subject:
        return None
    said = given or {}
    return {
        "organ": case.organ(str(said["receiver"])) if said.get("receiver") else said.get("organ"),
        "subject_name": subject.get("name"), "subject_address": subject.get("address"), "uscc": subject.get("uscc"),
        "reason": said.get("reason"), "materials": said.get("materials"), "sent_on": said.get("sent_on"),
    }  # fmt: skip


@fact("guidance", "served_on until")
def guidance(case: DocumentCase) -> dict[str, Any] | None:
    """The term of the guidance as the deadline table counts it from the day of service, also before it is submitted."""
    served = (case.step("guide") or {}).get("served_on")
    if not served:
        return None
    began = datetime.fromisoformat(str(served)[:10]).replace(tzinfo=case.settings.timezone)
    rule = deadline_rule(case.settings, "licence-guidance", began.date())
    calendar = Calendar.load(case.session, case.district_id, case.settings.timezone)
    due = count(calendar, Period(rule.rule, began, rule.includes_start)).due_at
    return {"served_on": began.date(), "until": case.local_day(due)}
