"""Facts of a special inspection (专项检查): what is proposed, why it came back, who has to approve."""

from __future__ import annotations

from typing import Any

from engine.inspection import special_inspections, tables
from engine.inspection.facts.desk import Desk, rows
from engine.inspection.facts.options import OBJECT_KINDS, departments, items
from engine.inspection.industries import SECTIONS

_RETURNS = (
    ("section_review", "科室负责人退回"), ("head_approval", "机关负责人退回"), ("district_approval", "区政府退回"),
)  # fmt: skip


def special_facts(desk: Desk) -> dict[str, Any]:
    row = special_inspections.special_inspection(desk.session, desk.district_id, desk.task.business_key)
    if desk.task.form_key == "special-inspection":
        returned = [
            rows(label, ("理由", opinion.get("return_reason")))
            for element, label in _RETURNS
            if (opinion := desk.data.get(element) or {}).get("decision") == "退回"
        ]
        return {"facts": returned, "previous": {**row.content, "action": "报批"}, **_choices(desk, row.department)}
    level = desk.data.get("approval_level") or {}
    block = rows(
        "专项检查", ("编号", row.number),
        *special_inspections.described(desk.session, desk.settings, row, desk.department_names, desk.today),
    )  # fmt: skip
    facts = [block]
    if level and not row.approver:
        counts = "计入" if level["counts_in_cap"] else "不计入（上级部署）"
        facts.append(rows("批准层级表", ("批准人", level["approver"]), ("年度频次上限", counts)))
    missing = desk.data.get("receive_filing") or {}
    if missing.get("decision") == "退回补正":
        facts.append(rows("退回补正", ("需要补正的材料", missing.get("return_reason"))))
    supplement = desk.data.get("complete_filing") or {}
    if supplement and desk.task.form_key == "special-filing":
        facts.append(rows("补正说明", ("说明", supplement.get("explanation"))))
    return {
        "facts": facts,
        "approver": level.get("approver") or "",
        "today": desk.today.isoformat(),
        "departments": departments(desk),
        "open_departments": [row.department],
    }


def _choices(desk: Desk, own: str) -> dict[str, Any]:
    return {
        "departments": [d for d in departments(desk) if d["value"] != own],
        "items": items(desk),
        "regions": tables.options(desk.settings, "region", desk.today),
        "object_kinds": [{"value": kind, "label": kind} for kind in OBJECT_KINDS],
        "industries": [{"value": code, "label": f"{code} {name}"} for code, (name, _, _) in SECTIONS.items()],
    }
