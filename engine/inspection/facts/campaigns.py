"""Facts of a campaign (抽查任务) and of plans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from engine.inspection import checklists, records, special_inspections, tables
from engine.inspection.drawn import assignments, drawn_objects
from engine.inspection.facts.desk import Desk, Provider, rows, table
from engine.inspection.facts.options import (
    OBJECT_KINDS,
    departments,
    inspector_names,
    inspectors,
    items,
    users,
)
from engine.inspection.gate_facts import gate_context
from engine.inspection.industries import SECTIONS
from engine.inspection.models import InspectedObject
from engine.inspection.plan_facts import plan_rows
from engine.inspection.plan_prefill import prefilled

#: Steps of the lead whose approval covers the checklists.
APPROVING = frozenset({"section_review", "deputy_review", "head_approval"})


def campaign_facts(desk: Desk) -> dict[str, Any]:
    plan = desk.campaign.plan
    if not plan or desk.task.form_key == "work-plan":
        return {}
    described = plan_rows(desk.session, desk.settings, desk.campaign, desk.department_names, desk.today)
    block = {"title": "抽查工作方案", "rows": described}
    opinions = [
        [desk.organ(str(o.get("item"))), o.get("decision"), o.get("return_reason") or o.get("opinion") or ""]
        for o in desk.data.get("countersign") or []
        if isinstance(o, Mapping)
    ]
    facts = [block]
    if opinions:
        facts.append(table("会签意见", ["部门", "意见", "说明"], opinions))
    if desk.task.element_id in APPROVING:
        facts += checklist_tables(desk)
    return {"facts": facts}


def checklist_tables(desk: Desk) -> list[dict[str, Any]]:
    """The merged checklists (R31) as the approval covers them, one table per object type."""
    return [
        table(
            f"检查表（{each.title}）",
            ["序号", "检查要点", "部门", "方式", "依据"],
            [
                [
                    line.number, line.content, "、".join(desk.organ(code) for code in line.departments),
                    "、".join(dict.fromkeys(need.method for need in line.needs)),
                    "；".join(dict.fromkeys(need.legal_basis for need in line.needs if need.legal_basis)),
                ]
                for line in each.lines
            ],
        )
        for each in checklists.of_campaign(desk.session, desk.campaign)
    ]  # fmt: skip


def _abort(desk: Desk) -> dict[str, Any]:
    return {"users": users(desk, "抽取监督人")}


def _work_plan(desk: Desk) -> dict[str, Any]:
    previous = desk.data.get("draft_work_plan") or prefilled(desk.session, desk.campaign, desk.today)
    facts = []
    if (special := special_inspections.carried_out_by(desk.session, desk.campaign)) is not None:
        said = special_inspections.described(desk.session, desk.settings, special, desk.department_names, desk.today)
        facts.append(rows("专项检查批准的范围（方案可以缩小，不能扩大）", ("编号", special.number), *said))
    for element, label in (
        ("section_review", "科室负责人"), ("deputy_review", "分管负责人"), ("head_approval", "机关负责人"),
    ):  # fmt: skip
        opinion = desk.data.get(element) or {}
        if opinion.get("decision") == "退回":
            facts.append(rows(f"{label}退回", ("退回理由", opinion.get("return_reason"))))
    return {
        "facts": facts,
        "previous": previous,
        "campaign_name": previous.get("name") or "",
        "regions": tables.options(desk.settings, "region", desk.today),
        "departments": [d for d in departments(desk) if d["value"] != desk.campaign.lead],
        "items": items(desk),
        "users": users(desk, "抽取监督人"),
        "object_kinds": [{"value": kind, "label": kind} for kind in OBJECT_KINDS],
        "industries": [{"value": code, "label": f"{code} {name}"} for code, (name, _, _) in SECTIONS.items()],
    }


def _gate(desk: Desk) -> dict[str, Any]:
    return {
        **gate_context(desk.session, desk.settings, desk.campaign, desk.now),
        "inspectors": [
            option for code in [desk.campaign.lead, *desk.campaign.participants] for option in inspectors(desk, code)
        ],
    }


def _approval(desk: Desk) -> dict[str, Any]:
    draw = records.draw(desk.session, desk.district_id, str(desk.data["draw_id"]))
    teams, objects = assignments(draw), drawn_objects(draw)
    department = str(desk.task.context.get("item") or desk.task.department)
    mine = [o for o in objects if (o.uscc, department) in teams]
    names = object_names(desk, [o.uscc for o in mine])
    people = inspector_names(desk, {code for o in mine for code in teams[o.uscc, department]})
    body = [
        [n, names.get(o.uscc, ("", ""))[0], o.uscc, names.get(o.uscc, ("", ""))[1],
         "、".join(people.get(c, c) for c in teams[o.uscc, department])]
        for n, o in enumerate(mine, 1)
    ]  # fmt: skip
    count = f"{len(mine)} 户" if mine else "0 户（抽中的对象都不涉及本机关的事项）"
    return {
        "facts": [
            rows(
                "行政检查审批", ("检查机关", desk.organ(department)), ("检查对象", count),
                ("抽取编号", draw.draw_id),
            ),
            table("检查名单", ["序号", "检查对象", "统一社会信用代码", "地址", "检查人员"], body),
        ],
        "drawn_objects": [
            {"value": o.uscc, "label": f"{names.get(o.uscc, ('', ''))[0]}（{o.uscc}）"} for o in mine
        ],
    }  # fmt: skip


def object_names(desk: Desk, usccs: list[str]) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for start in range(0, len(usccs), 500):
        for uscc, name, address in desk.session.execute(
            sa.select(InspectedObject.uscc, InspectedObject.name, InspectedObject.address).where(
                InspectedObject.district_id == desk.district_id, InspectedObject.uscc.in_(usccs[start : start + 500])
            )
        ):
            found[uscc] = (name, address)
    return found


#: Providers by form key.
FORMS: dict[str, Provider] = {
    "abort-explanation": _abort,
    "work-plan": _work_plan,
    "gate-check": _gate,
    "inspection-approval": _approval,
}
