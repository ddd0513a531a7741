"""What is objected to, beside the forms of an objection."""

from __future__ import annotations

from typing import Any

from engine.errors import Conflict
from engine.inspection import objections, publication
from engine.inspection.facts.desk import Desk, Provider, rows, table
from engine.inspection.facts.options import departments
from engine.inspection.models import FollowUp, Publication


def objection_facts(desk: Desk) -> dict[str, Any]:
    """The public content as it stands, the objection, what was verified, and what others said."""
    row = desk.follow_up
    facts = row.facts
    said, checked, decided = (facts.get(key) or {} for key in ("registration", "verification", "decision"))
    found = [
        *_content(desk, row),
        rows("异议", ("异议人", said.get("objector")), ("关系", said.get("relation")),
             ("收到日期", said.get("received_on")), ("内容", said.get("claims")), ("请求", said.get("wanted"))),
        rows("核实", ("事实", checked.get("facts")), ("意见", checked.get("finding")),
             ("建议", checked.get("suggestion"))),
        rows("决定", ("结果", decided.get("outcome")), ("理由", decided.get("reason")),
             ("更正申请", facts.get("correction"))),
        *_assistance(desk),
    ]  # fmt: skip
    return {
        "facts": [block for block in found if block.get("rows") or block.get("table")],
        "today": desk.today.isoformat(),
        "departments": departments(desk),
    }


def _content(desk: Desk, row: FollowUp) -> list[dict[str, Any]]:
    try:
        published = desk.session.get(Publication, objections.publication_of(desk.session, row, desk.data))
    except Conflict:
        return []
    if published is None:
        return []
    content = publication.public_content(desk.settings, published, desk.today)
    title = "公示的内容" if published.state == "published" else "公示的内容（已不在公示）"
    return [rows(title, *((label, publication.words_of(value)) for label, value in content.items()))]


def _assistance(desk: Desk) -> list[dict[str, Any]]:
    given = desk.data.get("assist")
    if desk.task.element_id == "assist":
        return [rows("请求核实", ("问题", (desk.follow_up.facts.get("acceptance") or {}).get("question")))]
    answers = [one for one in given if one.get("view")] if isinstance(given, list) else []
    if not answers:
        return []
    lines = [[desk.organ(str(one.get("item") or "")), one["view"], one["facts"]] for one in answers]
    return [table("协助核实的意见", ["部门", "意见", "情况"], lines)]


def _registration(desk: Desk) -> dict[str, Any]:
    row = desk.follow_up
    return {"subject_name": row.subject_name, "objection_told": objections.told_before(desk.session, row) or None}


def _decision(desk: Desk) -> dict[str, Any]:
    checked, said = (desk.follow_up.facts.get(key) or {} for key in ("verification", "registration"))
    finding = checked.get("finding")
    return {
        "finding": "终止（异议人撤回）" if finding == "异议人撤回异议" else finding,
        "correction_kind": said.get("wanted") if said.get("wanted") in ("更正", "撤回") else None,
        "suggestion": checked.get("suggestion"),
    }


def _answer(desk: Desk) -> dict[str, Any]:
    return {"objector": (desk.follow_up.facts.get("registration") or {}).get("objector")}


#: Providers by form key.
FORMS: dict[str, Provider] = {
    "objection-registration": _registration,
    "objection-decision": _decision,
    "objection-answer": _answer,
}
