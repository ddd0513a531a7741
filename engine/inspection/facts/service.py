"""Facts of serving a document: what is to be served on whom, every attempt so far, and the modes there are."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.inspection import records, service_records, tables
from engine.inspection.facts.desk import Desk, rows, table
from engine.inspection.service_models import ServiceRecord
from engine.models import User, UserRole

#: Who may serve for the organ.
SERVERS = ("承办人", "执法检查人员")


def service_facts(desk: Desk) -> dict[str, Any]:
    """The same beside every step; the forms take what they need."""
    row = records.follow_up(desk.session, desk.district_id, desk.task.business_key)
    subject, start = row.subject, desk.data
    template = str(start.get("template") or "")
    number = str(start.get("document_number") or "") or service_records.number_of(
        desk.session, desk.district_id, row.origin, template
    )
    known = service_records.attempts(desk.session, desk.district_id, row.number)
    servers = _servers(desk, row.department)
    facts = [
        rows("送达的文书", ("文书", start.get("document")), ("文号", number), ("所属事项", row.origin),
             ("作出日期", start.get("due_from")), ("最迟送达日期", start.get("serve_by"))),
        rows("受送达人", ("名称", row.subject_name), ("统一社会信用代码", row.uscc), ("地址", subject.get("address")),
             ("法定代表人、负责人", subject.get("legal_representative")), ("电话", subject.get("phone"))),
    ]  # fmt: skip
    if known:
        facts.append(_attempts(known))
    return {
        "facts": facts,
        "service_modes": tables.options(desk.settings, "service-mode", desk.today),
        "servers": servers,
        "own_servers": [desk.task.assignee_id] if desk.task.assignee_id in {s["value"] for s in servers} else [],
        "document_number": number,
        "address": str(subject.get("address") or ""),
        "today": desk.today.isoformat(),
    }


def _attempts(known: list[ServiceRecord]) -> dict[str, Any]:
    body = [
        [r.position, r.mode_name, r.attempted_on, r.state, r.served_on or (f"公告至 {r.announced_until}" if
         r.announced_until else ""), r.receiver or r.reason]
        for r in known
    ]  # fmt: skip
    return table("送达记录", ["次序", "方式", "日期", "结果", "视为送达", "签收人或者原因"], body)


def _servers(desk: Desk, department: str) -> list[dict[str, str]]:
    found = desk.session.execute(
        sa.select(User.id, User.name)
        .join(UserRole, UserRole.user_id == User.id)
        .where(
            User.district_id == desk.district_id, User.active, UserRole.department == department,
            UserRole.role.in_(SERVERS),
        )
        .distinct()
        .order_by(User.name, User.id)
    )  # fmt: skip
    return [{"value": user, "label": name} for user, name in found]
