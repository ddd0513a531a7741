"""What stands beside the forms of a deadline's extension: the deadline, and what the table says of it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.deadline_rules import find_rule
from engine.inspection.deadline_extensions import PROCESS, subject_of
from engine.inspection.facts.desk import Desk
from engine.models import Deadline
from engine.periods import rule_words


def extension_facts(desk: Desk) -> dict[str, Any]:
    """The deadline as it stands, and the extension the table allows next."""
    deadline = subject_of(desk.session, desk.settings, desk.data)
    if deadline is None:
        return {"facts": []}
    zone = desk.settings.timezone
    row = find_rule(desk.settings, deadline.name, deadline.started_at.astimezone(zone).date(), deadline.department)
    given = len(deadline.extensions)
    allowed = row.extensions[given] if row and given < len(row.extensions) else None
    due = deadline.due_at.astimezone(zone).strftime("%Y-%m-%d %H:%M") if deadline.due_at else "中止中"
    rows = [
        ["事项编号", deadline.business_key],
        ["期限", f"{deadline.label}（{rule_words(deadline.rule)}）"],
        ["起算", deadline.started_at.astimezone(zone).strftime("%Y-%m-%d %H:%M")],
        ["届满", due + ("（暂定）" if deadline.provisional else "")],
        ["依据", deadline.legal_basis],
        ["已延长", f"{given} 次"],
    ]
    if allowed is not None:
        rows += [
            ["本次可延长", rule_words(allowed.rule) if allowed.rule else "由批准决定写明"],
            ["条件", allowed.condition],
            ["延长的依据", allowed.legal_basis],
            ["批准", allowed.approver + ("（集体讨论）" if allowed.collective else "")],
        ]
    asked = (desk.data.get("apply") or {}) if desk.task.element_id != "apply" else {}
    if asked:
        rows += [["申请理由", asked.get("reason", "")], ["申请延长", asked.get("rule", "")]]
    return {
        "facts": [{"title": "期限", "rows": [row for row in rows if row[1]]}],
        "extension_rule": (allowed.rule if allowed else None) or "",
        "requested_rule": asked.get("rule", ""),
    }


def due_days(desk: Desk) -> dict[str, Any]:
    """The due day of each open deadline of the case, as ``due_on_<name>``; None while it stands still."""
    rows = desk.session.execute(
        sa.select(Deadline.name, Deadline.due_at).where(
            Deadline.district_id == desk.district_id, Deadline.business_key == desk.task.business_key,
            Deadline.met_at.is_(None),
        )
    )  # fmt: skip
    zone = desk.settings.timezone
    return {
        f"due_on_{name.replace('-', '_')}": due.astimezone(zone).date().isoformat() if due else None
        for name, due in rows
    }


PROCESSES = {PROCESS: extension_facts}
