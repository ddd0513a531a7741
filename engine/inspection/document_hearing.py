"""What documents of the service of documents and of hearings may say."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.inspection import hearings, service_records
from engine.inspection.document_case import DocumentCase
from engine.inspection.document_facts import fact
from engine.models import User


def _names(case: DocumentCase, ids: list[Any]) -> list[str]:
    known = [str(one) for one in ids if one]
    found = (
        case.session.execute(sa.select(User.id, User.name).where(User.id.in_(known))).tuples().all() if known else []
    )
    names = dict(found)
    return [names[one] for one in known if one in names]


@fact(
    "service",
    "document document_number recipient address mode attempted_on place receiver relation signature refusal witness "
    "witness_unit servers announced_on announced_days collect_at note",
)
def service(case: DocumentCase) -> dict[str, Any] | None:
    """The attempt at hand as the form says (also a draft kept): what is printed before anybody signs."""
    if case.instance.process_key != service_records.PROCESS or case.follow_up is None:
        return None
    values, start = case.step("deliver") or {}, case.start
    mode = next((m for m in service_records.modes(case.settings, case.today) if m.code == values.get("mode")), None)
    number = values.get("document_number") or start.get("document_number")
    return {
        "document": start.get("document"),
        "document_number": number or service_records.number_of(
            case.session, case.district_id, case.follow_up.origin, str(start.get("template") or "")
        ),
        "recipient": case.follow_up.subject_name,
        "address": case.follow_up.subject.get("address"),
        "mode": mode.name if mode else None,
        "announced_days": service_records.days_of(case.settings, mode, case.today) if mode else None,
        "announced_on": values.get("attempted_on"),
        "servers": _names(case, values.get("servers") or []),
        **{
            key: values.get(key)
            for key in ("attempted_on", "place", "receiver", "relation", "signature", "refusal", "witness",
                        "witness_unit", "collect_at", "note")
        },
    }  # fmt: skip


@fact(
    "hearing",
    "number party cause requested_on last_request_day held_at place way closed_ground chair recorder members outcome "
    "opinion",
)
def hearing(case: DocumentCase) -> dict[str, Any] | None:
    if case.instance.process_key != hearings.PROCESS:
        return None
    row = hearings.hearing(case.session, case.district_id, case.instance.business_key)
    return {
        "number": row.number, "party": row.party, "cause": row.cause, "requested_on": row.requested_on,
        "last_request_day": row.last_request_day,
        "held_at": row.held_at.astimezone(case.settings.timezone) if row.held_at else None, "place": row.place,
        "way": "公开" if row.is_public else "不公开", "closed_ground": row.closed_ground, "chair": row.chair_name,
        "recorder": row.recorder_name, "members": _names(case, row.members), "outcome": row.outcome,
        "opinion": row.opinion,
    }  # fmt: skip
