"""What the forms at the end of a penalty case begin with: the decision's document, the case handed on, the closing."""

from __future__ import annotations

from typing import Any

from engine.inspection import penalties
from engine.inspection.facts.desk import Desk, Provider, rows
from engine.inspection.facts.options import departments
from engine.inspection.penalties import Measure


def _decision_document(desk: Desk) -> dict[str, Any]:
    decision = desk.follow_up.facts.get("decision") or {}
    number = penalties.issued_number(desk.session, desk.task.instance_id, str(decision.get("template") or ""))
    words = Measure.of(decision).words
    return {
        "facts": [
            rows("处理决定", ("决定", decision.get("decision")), ("内容", words), ("日期", decision.get("decided_on")))
        ],
        "decision_number": number or None,
    }


def _case_transfer(desk: Desk) -> dict[str, Any]:
    """To whom the head decided to hand the case on; what came back says why."""
    facts = desk.follow_up.facts
    decision, answer = facts.get("decision") or {}, _answer(desk)
    found = (facts.get("investigation") or {}).get("evidence_list") or []
    returned = [rows("上一次移送被退回", ("理由", answer.get("reason")))] if answer.get("decision") == "退回" else []
    decided = rows(
        "移送决定", ("移送的机关", decision.get("transfer_to")), ("理由", decision.get("transfer_reason")),
        ("日期", decision.get("decided_on")),
    )  # fmt: skip
    return {
        "facts": [decided, *returned],
        "receivers": [one for one in departments(desk) if one["value"] != desk.task.department],
        "transfer_organ": decision.get("transfer_to"),
        "transfer_reason": "\n".join(filter(None, (decision.get("facts"), decision.get("transfer_reason")))) or None,
        "transfer_materials": "\n".join(f"{e['name']}（{e['kind']}）" for e in found) or None,
    }


def _closing(desk: Desk) -> dict[str, Any]:
    facts = desk.follow_up.facts
    decision, enforced = facts.get("decision") or {}, desk.data.get("enforcement_closed") or {}
    served = facts.get("service") or {}
    words = [
        f"决定书于{served['served_on']}送达（{served.get('method') or ''}）" if served.get("served_on") else "",
        f"执行结果：{enforced['outcome']}" if enforced.get("outcome") else "",
        _handed_on(desk) if decision.get("decision") == penalties.PASSED_ON else "",
    ]  # fmt: skip
    results = {penalties.IMPOSED: "已处罚", penalties.SPARED: "不予处罚", penalties.PASSED_ON: "移送其他机关"}
    return {
        "closing_result": results.get(str(decision.get("decision")), "已处罚"),
        "execution_words": "；".join(filter(None, words)) or None,
    }


def _correction_document(desk: Desk) -> dict[str, Any]:
    number = penalties.issued_number(desk.session, desk.task.instance_id, "penalty-correction-decision")
    said = desk.data.get("own_decision") or desk.data.get("correct") or {}
    decided = rows("纠正的决定", ("决定", said.get("decision")), ("理由", said.get("opinion") or said.get("reason")))
    return {"facts": [decided], "decision_number": number or None}


def _fine_refund(desk: Desk) -> dict[str, Any]:
    """The fine an officer collected, and whom it goes back to."""
    amount = (desk.follow_up.facts.get("decision") or {}).get("amount")
    return {"refund_amount": amount, "payee": desk.follow_up.subject_name}


def _answer(desk: Desk) -> dict[str, Any]:
    """What the organ answered to the letter sent last, or the department here to the lead."""
    sent = desk.follow_up.facts.get("transfer") or {}
    return (desk.data.get("case_received") if sent.get("receiver") else desk.follow_up.facts.get("receipt")) or {}


def _handed_on(desk: Desk) -> str:
    """To whom the case went, and who received it when."""
    sent = desk.follow_up.facts.get("transfer") or {}
    organ = desk.organ(str(sent["receiver"])) if sent.get("receiver") else sent.get("organ")
    answer = _answer(desk)
    on = str(answer.get("received_on") or answer.get("on") or "")[:10]
    return f"案件已移送{organ}，{on}接收"


#: Providers by form key.
FORMS: dict[str, Provider] = {
    "decision-document": _decision_document,
    "case-transfer": _case_transfer,
    "correction-document": _correction_document,
    "fine-refund": _fine_refund,
    "case-closing": _closing,
}
