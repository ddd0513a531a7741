"""What documents of carrying out a penalty, and of review and lawsuit about one, may say; money in yuan."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.calendar import Calendar
from engine.inspection import enforcement as e
from engine.inspection import records, surcharge
from engine.inspection.document_case import DocumentCase
from engine.inspection.document_facts import fact
from engine.inspection.enforcement_models import PaymentRequest, PenaltyDebt, PenaltyRemedy
from engine.inspection.models import FollowUp
from engine.inspection.tables import label


def _account(case: DocumentCase, row: PenaltyDebt) -> e.Account:
    calendar = Calendar.load(case.session, case.district_id, case.settings.timezone)
    return e.account(case.session, case.settings, calendar, row)


@fact(
    "debt",
    "decision_number decided_on served_on fine confiscated paid rest surcharge percent late_from reminded_on "
    "remedy_ends_on request spans",
)
def debt(case: DocumentCase) -> dict[str, Any]:
    """The account on the day the document is made; ``request`` is the party's last one."""
    row = e.debt(case.session, case.district_id, case.instance.business_key)
    account = _account(case, row)
    balance, days = account.balance(case.today), account.late_days(case.today)
    asked = e.requests_of(case.session, row)
    return {
        "decision_number": row.decision_number, "decided_on": row.decided_on, "served_on": row.served_on,
        "fine": e.yuan(row.fine), "confiscated": e.yuan(row.confiscated), "paid": e.yuan(balance.paid_sum),
        "rest": e.yuan(balance.rest_sum), "surcharge": e.yuan(balance.owed[e.SURCHARGE]),
        "percent": f"{account.rate.percent:f}", "late_from": days[0].day if days else None,
        "reminded_on": row.reminded_on, "remedy_ends_on": row.remedy_ends_on,
        "request": _request(asked[-1]) if asked else None,
        "spans": [span_words(first, last) for first, last in surcharge.spans(days)],
    }  # fmt: skip


def _request(row: PaymentRequest) -> dict[str, Any]:
    return {
        "kind": row.kind, "requested_on": row.requested_on, "reason": row.reason, "waived": e.yuan(row.waived),
        "terms": [{"due_on": term["due_on"], "amount": e.yuan(term["amount"])} for term in row.terms],
    }  # fmt: skip


def span_words(first: surcharge.LateDay, last: surcharge.LateDay) -> dict[str, str]:
    """Late days alike, as a line: from, to, how many, what was late, what they added together, why nothing."""
    days = (last.day - first.day).days + 1
    return {
        "first": first.day.isoformat(), "last": last.day.isoformat(), "days": str(days), "late": e.yuan(first.late),
        "added": e.yuan(last.total - first.total + first.added), "total": e.yuan(last.total),
        "note": f"{first.pause}期间不计算" if first.pause else "已达上限" if not first.added else "",
    }  # fmt: skip


@fact(
    "remedy",
    "kind body case_number applicant received_on decision_number outcome outcome_document effective_on refund",
)
def remedy(case: DocumentCase) -> dict[str, Any] | None:
    row = case.session.scalar(
        sa.select(PenaltyRemedy).where(
            PenaltyRemedy.district_id == case.district_id, PenaltyRemedy.number == case.instance.business_key
        )
    )
    if row is None:
        return None
    penalty = e.debt_of_penalty(case.session, case.district_id, row.penalty)
    return {
        "kind": row.kind, "body": row.body, "case_number": row.case_number,
        "applicant": (case.step("register") or {}).get("applicant"), "received_on": row.received_on,
        "decision_number": penalty.decision_number if penalty else "",
        "outcome": label(case.settings, "remedy-outcome", row.outcome, case.today) if row.outcome else "",
        "outcome_document": row.outcome_document, "effective_on": row.effective_on, "refund": e.yuan(row.refund),
    }  # fmt: skip


@fact("correction", "decision reason decided_on original_number original_on fine confiscated remake")
def correction(case: DocumentCase) -> dict[str, Any] | None:
    """The organ annuls or changes its own penalty: in the case of a remedy, or in that of a penalty on the spot."""
    own, spot = case.step("own_decision"), case.step("correct")
    said = own or spot
    if said is None or case.follow_up is None:
        return None
    penalty = _attacked(case) if own else case.follow_up
    decision = penalty.facts.get("decision") or {}
    return {
        "decision": said.get("decision"), "reason": said.get("opinion") or said.get("reason"),
        "decided_on": said.get("decided_on") or (case.follow_up.facts.get("correction") or {}).get("decided_on"),
        "original_number": decision.get("document_number"), "original_on": str(decision.get("decided_on") or "")[:10],
        "fine": said.get("fine"), "confiscated": said.get("confiscated"), "remake": said.get("remake"),
    }  # fmt: skip


def _attacked(case: DocumentCase) -> FollowUp:
    number = case.session.scalar(
        sa.select(PenaltyRemedy.penalty).where(
            PenaltyRemedy.district_id == case.district_id, PenaltyRemedy.number == case.instance.business_key
        )
    )  # fmt: skip
    return records.follow_up(case.session, case.district_id, str(number))
