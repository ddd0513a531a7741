"""What stands beside the forms of a crime transfer: the thresholds to compare with, and every step with its moment."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.inspection import crime_transfers as crimes
from engine.inspection import held_items
from engine.inspection.facts.desk import Desk, Provider, rows, table
from engine.inspection.facts.follow_ups import follow_up_facts
from engine.inspection.facts.held import missed, moment_of
from engine.inspection.tables import rows as table_rows
from engine.models import User

#: Steps as kept in the facts of the row, with the fields told beside later forms.
_STEPS: dict[str, tuple[str, dict[str, str]]] = {
    "group": ("专案组", {"names": "成员", "reason": "线索"}),
    "report": ("核实报告", {
        "crime": "涉嫌罪名", "facts": "事实", "evidence": "证据", "amount": "涉案金额（元）", "comparison": "对照标准",
        "prior_penalty_detail": "移送前的处罚", "proposal": "意见", "reason": "理由",
    }),
    "approval": ("负责人决定", {"decision": "决定", "reason": "理由"}),
    "handover": ("移送", {"organ": "公安机关", "procuratorate": "抄送", "copied_on": "抄送日期"}),
    "receipt": ("回执", {"organ": "签收机关", "signed_by": "签字人", "receipt_number": "文号"}),
    "police": ("公安机关决定", {
        "result": "决定", "document_number": "文号", "reason": "理由", "forwarded_to": "转送机关",
        "forwarded_at": "转送时间",
    }),
    "supplement": ("补充材料", {"content": "内容"}),
    "review": ("复议", {"decision": "决定", "reason": "理由", "document_number": "文号"}),
    "review_result": ("复议决定", {"result": "决定", "document_number": "文号", "reason": "理由"}),
    "supervision": ("立案监督", {
        "decision": "决定", "reason": "理由", "procuratorate": "检察院", "document_number": "文号",
    }),
    "supervision_result": ("立案监督结果", {"result": "结果", "document_number": "文号", "reason": "理由"}),
    "materials": ("移交物品和材料", {"receiver": "签收人", "materials": "材料", "handling": "本机关案件"}),
    "outcome": ("刑事案件结果", {"outcome": "结果", "cause": "情形", "opinion": "检察意见"}),
}  # fmt: skip


def transfer_facts(desk: Desk) -> dict[str, Any]:
    """The case it comes from, every step so far with its moment, limits that passed, and what the forms offer."""
    found = follow_up_facts(desk)
    row = desk.follow_up
    steps = []
    for key, (title, labels) in _STEPS.items():
        if told := row.facts.get(key):
            fields = [(label, told.get(field)) for field, label in labels.items()]
            steps.append(rows(title, *fields, ("时间", moment_of(desk, told.get("at"))), ("登记人", told.get("by"))))
    found["facts"] = [*steps, *missed(desk), *found["facts"]]
    match desk.task.element_id:
        case "designate":
            found["group_candidates"] = _candidates(desk)
        case "report" | "chief_decision":
            found |= _thresholds(desk, found)
        case "hand_over":
            found["materials"] = _materials(desk)
        case "receipt":
            found["police_organ"] = (row.facts.get("handover") or {}).get("organ")
        case "hand_materials":
            found["chain_things"] = _things(desk)
    return found


def _candidates(desk: Desk) -> list[dict[str, str]]:
    """Enforcement officers of the organ who need not keep away."""
    row = desk.follow_up
    allowed = crimes.officers(desk.session, desk.district_id, row.department) - crimes.recused(
        desk.session, desk.district_id, row
    )
    found = desk.session.execute(
        sa.select(User.id, User.name, User.post).where(User.id.in_(allowed), User.active).order_by(User.name, User.id)
    )
    return [{"value": i, "label": f"{name}（{post}）" if post else name} for i, name, post in found]


def _thresholds(desk: Desk, found: dict[str, Any]) -> dict[str, Any]:
    """The table of thresholds in force: to compare with, never to decide by."""
    known = table_rows(desk.settings, "prosecution-threshold", desk.today)
    body = [[r["field"], r["name"], r["article"], r["standard"], r["source"]] for r in known]
    shown = table("立案追诉标准（只供对照，请核对现行文本）", ["领域", "罪名", "刑法", "标准要点", "出处"], body)
    return {
        "thresholds": [{"value": r["code"], "label": f"{r['field']}：{r['name']}"} for r in known],
        "facts": [*found["facts"], shown],
    }


def _materials(desk: Desk) -> list[dict[str, str]]:
    """The papers the rules ask for; what is still held makes the list of things one of them."""
    known = table_rows(desk.settings, "transfer-material", desk.today)
    return [{"code": r["code"], "name": r["name"]} for r in known]


def _things(desk: Desk) -> list[dict[str, str]]:
    items = held_items.held_of_root(desk.session, desk.district_id, desk.follow_up.root)
    return [
        {"item": item.number, "name": f"{held_items.described(item)}（{item.state}）", "moved": "移交"}
        for item in items
        if item.state not in held_items.ENDED
    ]


PROCESSES: dict[str, Provider] = {crimes.PROCESS: transfer_facts}
