"""What is opened by hand from a case or an inspection: suspension, recusal, interview, penalty on the spot."""

from __future__ import annotations

from typing import Any

from engine.inspection import handlers, penalties, records, tables
from engine.inspection.facts.desk import Desk, Provider, rows
from engine.inspection.facts.options import users
from engine.inspection.facts.penalties import ROLE, fit, names, team
from engine.inspection.follow_ups import find_follow_up


def _suspension(desk: Desk) -> dict[str, Any]:
    found = next(row for row in tables.rows(desk.settings, "deadline", desk.today) if row["name"] == "decision")
    return {
        "suspension_grounds": [
            {"value": ground["code"], "label": ground["label"]}
            for ground in found["suspensions"] if ground.get("application")
        ],
    }  # fmt: skip


def _recusal(desk: Desk) -> dict[str, Any]:
    case = records.follow_up(desk.session, desk.district_id, desk.follow_up.origin)
    people = handlers.of_case(case)
    asked = desk.data.get("apply") or {}
    words = [
        ("申请人", f"{asked.get('side') or ''} {asked.get('applicant') or ''}".strip()),
        ("被申请回避的人员", records.user_name(desk.session, asked.get("handler"))), ("理由", asked.get("reason")),
    ]  # fmt: skip
    return {
        "facts": [rows("回避申请", *words)] if asked else [],
        "handlers": [{"value": each, "label": name} for each, name in zip(people, names(desk, people), strict=True)],
        "users": users(desk, ROLE, desk.follow_up.department),
    }


def _interview(desk: Desk) -> dict[str, Any]:
    origin = find_follow_up(desk.session, desk.district_id, desk.follow_up.origin)
    cause = ((origin.facts.get("filing") or {}).get("cause") if origin else "") or ""
    return {
        "users": users(desk, ROLE, desk.follow_up.department),
        "interviewers": (handlers.of_case(origin) if origin else team(desk)) or None,
        "interview_matter": cause or f"对{desk.follow_up.subject_name}的检查",
    }


def _simplified(desk: Desk) -> dict[str, Any]:
    row = desk.follow_up
    return {
        "users": users(desk, ROLE, row.department),
        "proposed_handlers": fit(desk) or None,
        "subject_kind": (row.subject or {}).get("subject_kind") or None,
        "collection_grounds": tables.options(desk.settings, "collection-ground", desk.today),
        "decision_number": penalties.issued_number(desk.session, desk.task.instance_id, "on-the-spot-decision") or None,
    }


#: Providers by form key.
FORMS: dict[str, Provider] = {
    "case-suspension": _suspension,
    "handler-recusal": _recusal,
    "handler-recusal-decision": _recusal,
    "interview-record": _interview,
    "simplified-penalty": _simplified,
}
