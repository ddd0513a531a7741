"""What stands beside the forms that correct a finding: how it stands, what is proposed, what follows already."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.inspection import finding_corrections
from engine.inspection.facts.desk import Desk, Provider, rows, table
from engine.inspection.facts.field import problem_categories, problem_handlings
from engine.inspection.facts.follow_ups import follow_up_facts
from engine.inspection.follow_ups import kinds
from engine.inspection.models import FollowUp, Item


def correction_facts(desk: Desk) -> dict[str, Any]:
    """The finding as it is now, the proposal beside it for the review, and the follow-ups it already has."""
    found = follow_up_facts(desk)
    proposal = desk.follow_up.facts.get("proposal")
    if proposal and desk.task.element_id != "propose":
        body = [
            [one["item"], "发现问题" if one["problem"] == "是" else "未发现问题", one.get("clause") or "",
             one.get("note") or ""]
            for one in proposal["findings"]
        ]  # fmt: skip
        found["facts"] += [
            rows("更正", ("缘由", proposal["cause"]), ("理由", proposal["reason"]), ("提出人", proposal["by"]),
                 ("更正后的结论", proposal["outcome"]), ("认定的事实", proposal.get("facts")),
                 ("依据", proposal.get("basis")), ("处置意见", proposal.get("handling"))),
            table("更正后的认定", ["事项", "结果", "条款", "情况"], body),
        ]  # fmt: skip
    return {**found, "facts": found["facts"] + _following(desk)}


def _following(desk: Desk) -> list[dict[str, Any]]:
    """What was started upon the finding: nothing ends by itself when the finding changes."""
    known = kinds(desk.settings, desk.today)
    found = desk.session.scalars(
        sa.select(FollowUp)
        .where(
            FollowUp.district_id == desk.district_id, FollowUp.root == desk.part.number,
            FollowUp.number != desk.follow_up.number, FollowUp.closed_at.is_(None),
        )
        .order_by(FollowUp.opened_at)
    ).all()  # fmt: skip
    if not found:
        return []
    body = [[known[row.kind].label if row.kind in known else row.kind, row.number, row.state] for row in found]
    return [table("正在办理的后续处置（更正后按各自的程序办理，不自动终止）", ["程序", "编号", "状态"], body)]


def _propose(desk: Desk) -> dict[str, Any]:
    """The findings as they are, for the inspectors to change."""
    now, part = finding_corrections.findings(desk.session, desk.part), desk.part
    named = desk.session.execute(
        sa.select(Item.code, Item.name).where(Item.district_id == desk.district_id, Item.code.in_(list(now)))
    )
    names = {code: name for code, name in named}
    return {
        "findings": [
            {
                "item": row.item, "name": names.get(row.item, row.item), "problem": "是" if row.problem else "否",
                "note": row.note, **({"category": row.category, "clause": row.clause, "handling": row.handling}
                                     if row.problem else {}),
            }
            for row in now.values()
        ],
        "outcome": "发现问题" if any(row.problem for row in now.values()) else "未发现问题",
        "facts_text": part.conclusion.get("facts"), "basis_text": part.conclusion.get("basis"),
        "category": part.conclusion.get("category"), "handling": part.conclusion.get("handling"),
        "problem_categories": problem_categories(desk), "handling_codes": problem_handlings(desk),
    }  # fmt: skip


def _told(desk: Desk) -> dict[str, Any]:
    return {"present_person": desk.inspection.object.get("legal_representative") or None}


#: Providers by process and by form key.
PROCESSES: dict[str, Provider] = {finding_corrections.PROCESS: correction_facts}
FORMS: dict[str, Provider] = {"finding-correction": _propose, "finding-correction-notice": _told}
