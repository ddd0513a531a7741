"""Facts of what follows a finding."""

from __future__ import annotations

from typing import Any

from engine.inspection.facts.desk import Desk, rows
from engine.inspection.facts.field import clauses
from engine.inspection.facts.visits import part_facts
from engine.inspection.follow_ups import root_of

_LABELS = {
    "document_number": "文号", "content": "内容", "deadline": "期限", "served_on": "送达日期", "method": "送达方式",
    "cause": "案由", "facts": "事实", "basis": "依据", "decision": "决定", "kinds": "处罚种类",
    "amount": "罚款数额（元）",
    "decided_on": "决定日期", "hearing_right": "是否告知听证权利", "reason": "理由",
}  # fmt: skip


_STEPS = {
    "order": "责令改正", "filing": "立案", "investigation": "调查取证", "notice": "处罚告知", "decision": "处罚决定",
}  # fmt: skip


def follow_up_facts(desk: Desk) -> dict[str, Any]:
    row = desk.follow_up
    inspected = row.root_kind == "department-inspection"
    found = part_facts(desk) if inspected else {"facts": [_subject(desk)]}
    for key, title in _STEPS.items():
        if row.facts.get(key):
            found["facts"].append(
                rows(title, *((_LABELS.get(k, k), _words(v)) for k, v in row.facts[key].items() if k in _LABELS))
            )
    for told in row.facts.get("uncorrected", []):
        found["facts"].append(rows("责令改正后没有改正", ("来自", told["number"]), ("情况", told["facts"])))
    conclusion = desk.part.conclusion if inspected else {}
    return {
        **found,
        "conclusion_text": str(conclusion.get("facts") or ""),
        "clauses": str(conclusion.get("basis") or (clauses(desk) if inspected else "")),
        "case_cause": f"{row.subject_name}涉嫌违法案",
        "case_facts": str(
            (desk.data.get("investigate") or {}).get("facts")
            or (desk.data.get("file_case") or {}).get("facts")
            or conclusion.get("facts")
            or ""
        ),
        "penalty_basis": str((desk.data.get("investigate") or {}).get("basis") or ""),
        "team_codes": list(desk.part.inspectors) if inspected else [],
    }


def _subject(desk: Desk) -> dict[str, Any]:
    subject = root_of(desk.session, desk.district_id, desk.follow_up.number).subject
    return rows(
        "当事人",
        ("名称", subject.get("name")),
        ("统一社会信用代码", subject.get("uscc")),
        ("类型", subject.get("subject_kind")),
        ("地址", subject.get("address")),
        ("法定代表人（经营者）", subject.get("legal_representative")),
        ("联系人", f"{subject.get('contact') or ''} {subject.get('phone') or ''}".strip()),
        ("经营范围", subject.get("business_scope")),
    )


def _words(value: Any) -> str:
    return "、".join(map(str, value)) if isinstance(value, list) else str(value or "")
