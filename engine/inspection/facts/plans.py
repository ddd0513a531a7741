"""Facts of annual plans and of their adjustments: what is to be approved, what changes, what is withheld."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.inspection import records, tables
from engine.inspection.facts.desk import Desk, Provider, rows, table
from engine.inspection.facts.options import OBJECT_KINDS, departments, items
from engine.inspection.industries import SECTIONS
from engine.inspection.plan_facts import quota_words, scope_words
from engine.inspection.plan_versions import LABELS, differences, words
from engine.inspection.plans import withheld

Block = dict[str, Any]


def plan_facts(desk: Desk) -> dict[str, Any]:
    """Beside the approvals of an annual plan."""
    if desk.task.form_key == "annual-plan":
        return {"facts": _returned(desk)}
    plan = records.plan(desk.session, desk.district_id, desk.task.business_key)
    tasks = plan.content.get("tasks", [])
    facts = [
        rows("年度抽查计划", ("计划名称", plan.name), ("年度", plan.year), ("文号", plan.document_number),
             ("抽查任务", f"{len(tasks)} 项"), ("工作要求", plan.content.get("requirements"))),
        row_table(desk, "抽查任务", tasks),
    ]  # fmt: skip
    return {"facts": [*facts, *_withheld(tasks)]}


def adjustment_facts(desk: Desk) -> dict[str, Any]:
    """Beside the steps of an adjustment: the reason and what changes against the plan in force."""
    if desk.task.form_key == "plan-adjustment":
        return {"facts": _returned(desk)}
    version = records.plan_version(desk.session, desk.district_id, desk.task.business_key)
    plan = records.plan(desk.session, desk.district_id, version.plan)
    after = version.content.get("tasks", [])
    changes = differences(plan.content.get("tasks", []), after)
    body = []
    for change in changes:
        for key, old, new in change.fields or ((None, None, None),):
            field = LABELS[key] if key else "整项"
            said = (_words(desk, key, old), _words(desk, key, new)) if key else ("—", "—")
            body.append([change.code, change.name, change.kind, field, *said])
    facts = [
        rows("计划调整", ("计划名称", plan.name), ("调整为", f"第 {version.version} 版"), ("调整理由", version.reason),
             ("文号", version.document_number), ("改动的任务", f"{len(changes)} 项")),
        table("与现行计划对照", ["序号", "任务", "改动", "内容", "现行", "调整后"], body),
        row_table(desk, "调整后的抽查任务", after),
    ]  # fmt: skip
    return {"facts": [*facts, *_withheld(after)]}


def row_table(desk: Desk, title: str, tasks: Sequence[Mapping[str, Any]]) -> Block:
    """The rows of a plan as officials read them."""
    body = [
        [
            row.get("code") or "", row["name"], "、".join(row["items"]), scope_words(desk.settings, row, desk.today),
            quota_words(row), f"{row['start_date']} 至 {row['end_date']}", desk.organ(row["initiator"]),
            "、".join(desk.organ(p) for p in row.get("participants") or []),
        ]
        for row in tasks
    ]  # fmt: skip
    return table(title, ["序号", "任务", "事项", "对象范围", "数量", "时限", "发起部门", "参与部门"], body)


def _withheld(tasks: Sequence[Mapping[str, Any]]) -> list[Block]:
    hidden = withheld(tasks)
    if not hidden:
        return []
    body = [[row.get("code") or "", row["name"], row.get("legal_ground") or ""] for row in hidden]
    return [table("不予公开的任务", ["序号", "任务", "法律依据"], body)]


def _returned(desk: Desk) -> list[Block]:
    """Why the draft came back, by whoever returned it."""
    labels = {
        "withhold_review": "不予公开审查", "head_approval": "机关负责人", "office_review": "联席会议办公室",
        "district_approval": "区政府",
    }  # fmt: skip
    found = []
    for element, label in labels.items():
        opinion = desk.data.get(element) or {}
        if opinion.get("decision") == "退回":
            found.append(rows(f"{label}退回", ("退回理由", opinion.get("return_reason"))))
    return found


def _words(desk: Desk, key: str, value: Any) -> str:
    return words(desk.settings, desk.department_names, key, value, desk.today)


def _choices(desk: Desk) -> dict[str, Any]:
    return {
        "departments": departments(desk),
        "items": items(desk),
        "regions": tables.options(desk.settings, "region", desk.today),
        "object_kinds": [{"value": kind, "label": kind} for kind in OBJECT_KINDS],
        "industries": [{"value": code, "label": f"{code} {name}"} for code, (name, _, _) in SECTIONS.items()],
    }


def _annual_plan(desk: Desk) -> dict[str, Any]:
    plan = records.plan(desk.session, desk.district_id, desk.task.business_key)
    return {"previous": plan.content, "plan_name": plan.name, **_choices(desk)}


def _adjustment(desk: Desk) -> dict[str, Any]:
    version = records.plan_version(desk.session, desk.district_id, desk.task.business_key)
    plan = records.plan(desk.session, desk.district_id, version.plan)
    drafted = version.content or {
        "tasks": plan.content.get("tasks", []),
        "requirements": plan.content.get("requirements") or "",
    }
    return {"previous": {**drafted, "reason": version.reason, "action": "报批"}, **_choices(desk)}


#: Providers by form key and by process.
FORMS: dict[str, Provider] = {"annual-plan": _annual_plan, "plan-adjustment": _adjustment}
PROCESSES: dict[str, Provider] = {"annual-plan": plan_facts, "plan-adjustment": adjustment_facts}
