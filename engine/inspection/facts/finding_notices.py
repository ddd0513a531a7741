"""What the forms of a notice to another organ begin with, and what its receiver sees."""

from __future__ import annotations

from typing import Any

from engine.inspection import rectifications
from engine.inspection.facts.desk import Desk, Provider, rows
from engine.inspection.facts.follow_ups import follow_up_facts
from engine.inspection.facts.options import departments


def notice_facts(desk: Desk) -> dict[str, Any]:
    """The case it came from, the notice itself, and how often it came back."""
    row = desk.follow_up
    found = follow_up_facts(desk)
    if notice := row.facts.get("notice"):
        block = rows(
            "抄告移送", ("种类", notice["notice_kind"]), ("发出部门", desk.organ(row.department)),
            ("收件部门", desk.organ(notice["receiver"])), ("问题", notice["facts"]), ("依据和理由", notice["basis"]),
            ("请求", notice["request"]),
        )  # fmt: skip
        found["facts"].insert(0, block)
    for back in row.facts.get("returns", []):
        refused = back.get("refused") or {}
        found["facts"].append(rows("曾被退回", ("理由", refused.get("reason")), ("处理", back["decision"])))
    if row.facts.get("receipt", {}).get("decision") == "退回":
        found["facts"].append(rows("对方退回", ("理由", row.facts["receipt"]["reason"])))
    now = desk.now.astimezone(desk.settings.timezone).replace(second=0, microsecond=0)
    return {**found, "departments": departments(desk), "today": desk.today.isoformat(), "now": now.isoformat()}


def _notice(desk: Desk) -> dict[str, Any]:
    carried = desk.data.get("carried") or rectifications.carried(desk.session, desk.follow_up)
    return {
        "notice_kind": desk.data.get("notice_kind") or None,
        "receiver": desk.data.get("receiver") or None,
        "carried_facts": carried.get("facts") or None,
    }


#: Providers by form key.
FORMS: dict[str, Provider] = {"finding-notice": _notice}
