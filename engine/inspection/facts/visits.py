"""Facts of an inspection and of a department's part of it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.inspection import records, tables
from engine.inspection.facts.desk import Desk, Provider, local, rows, table
from engine.inspection.facts.options import departments
from engine.inspection.models import Finding, Inspection, Inspector, Item
from engine.inspection.visit_merges import shared_visits


def object_facts(desk: Desk, inspection: Inspection) -> dict[str, Any]:
    o = inspection.object
    return rows(
        "检查对象",
        ("名称", o.get("name")),
        ("统一社会信用代码", o.get("uscc")),
        ("类型", o.get("kind")),
        ("地址", o.get("address")),
        ("法定代表人（经营者）", o.get("legal_representative")),
        ("联系人", f"{o.get('contact') or ''} {o.get('phone') or ''}".strip()),
        ("经营范围", o.get("business_scope")),
        ("许可", "；".join(f"{p.get('name')}（至 {p.get('expires') or '长期'}）" for p in o.get("permits") or [])),
        ("待核事项", o.get("to_verify")),
    )


def part_facts(desk: Desk) -> dict[str, Any]:
    part, facts = desk.part, [object_facts(desk, desk.inspection)]
    people = team(desk)
    facts.append(
        rows(
            "检查任务",
            ("检查编号", part.number),
            ("检查机关", desk.organ(part.department)),
            ("检查人员", "、".join(f"{i.name}（{i.certificate_number}）" for i in people)),
            ("公示期限", local(desk, desk.inspection.publication_due_at)),
        )
    )
    facts += _shared(desk)
    findings = desk.session.execute(
        sa.select(Finding, Item.name)
        .join(Item, sa.and_(Item.code == Finding.item, Item.district_id == Finding.district_id))
        .where(Finding.district_id == desk.district_id, Finding.department_inspection == part.number)
        .order_by(Finding.item)
    ).all()
    if findings and desk.task.form_key != "site-check":
        facts.append(
            table(
                "检查情况",
                ["事项", "结果", "类别", "条款", "处置", "情况"],
                [
                    [
                        name,
                        "未检查" if not f.checked else "发现问题" if f.problem else "未发现问题",
                        tables.label(desk.settings, "result-category", f.category, desk.today),
                        f.clause, f.handling, f.note,
                    ]
                    for f, name in findings
                ],
            )
        )  # fmt: skip
    if part.conclusion and desk.task.form_key not in {"conclusion"}:
        facts.append(
            rows(
                "检查结论",
                ("认定的事实", part.conclusion.get("facts")),
                ("依据", part.conclusion.get("basis")),
                ("结果类别", tables.label(
                    desk.settings, "result-category", str(part.conclusion.get("category", "")), desk.today)),
                ("处置意见", part.conclusion.get("handling")),
            )
        )  # fmt: skip
    returned = desk.data.get("review") or {}
    if returned.get("decision") == "退回" and desk.task.form_key in {"site-check", "conclusion"}:
        facts.insert(0, rows("审核退回", ("退回理由", returned.get("return_reason"))))
    return {"facts": facts}


def _shared(desk: Desk) -> list[dict[str, Any]]:
    """Whom to go with, when another campaign drew the same firm and both are one visit (进一次门)."""
    number = desk.inspection.number
    return [
        rows(
            "合并进门",
            ("同时抽中的任务", f"{visit.other_name}（{visit.other_campaign}）"),
            ("另一检查", f"{visit.other}，{visit.other_state}"),
            ("办理", "请与该任务的检查人员约定同一时间进门，各查各的事项"),
        )
        for visit in shared_visits(desk.session, desk.district_id, desk.inspection.campaign, number)
    ]


def team(desk: Desk) -> list[Inspector]:
    found = {
        i.code: i
        for i in desk.session.scalars(
            sa.select(Inspector).where(
                Inspector.district_id == desk.district_id, Inspector.code.in_(desk.part.inspectors)
            )
        )
    }
    return [found[code] for code in desk.part.inspectors if code in found]


def clauses(desk: Desk) -> str:
    found = desk.session.scalars(
        sa.select(Finding.clause)
        .where(
            Finding.district_id == desk.district_id, Finding.department_inspection == desk.part.number, Finding.problem
        )
        .order_by(Finding.item)
    )
    return "；".join(dict.fromkeys(c for c in found if c))


def inspection_facts(desk: Desk) -> dict[str, Any]:
    inspection = records.inspection(desk.session, desk.district_id, desk.task.business_key)
    parts = records.department_inspections(desk.session, desk.district_id, inspection.number)
    waiting = [p.department for p in parts if p.state not in {"已公示", "不予公开"}]
    return {
        "facts": [
            object_facts(desk, inspection),
            table(
                "各部门进度",
                ["部门", "状态", "检查结束", "公示"],
                [
                    [desk.organ(p.department), p.state, local(desk, p.visit_ended_at), local(desk, p.published_at)]
                    for p in parts
                ],
            ),
        ],
        "open_departments": waiting,
    }


def _supervision(desk: Desk) -> dict[str, Any]:
    return {"departments": departments(desk)}


def _visit_notice(desk: Desk) -> dict[str, Any]:
    return {"notice_mode": desk.campaign.plan.get("notice_mode")}


def _site_check(desk: Desk) -> dict[str, Any]:
    known = desk.part.record.get("site_check") or {}
    items = desk.session.scalars(
        sa.select(Item).where(Item.district_id == desk.district_id, Item.code.in_(desk.part.items)).order_by(Item.code)
    ).all()
    names = {item.code: item.name for item in items}
    content = [[item.name, item.content, item.legal_basis] for item in items]
    return {
        "facts": [table("检查事项", ["事项", "检查内容", "依据"], content)],
        "previous": known,
        "address": desk.inspection.object.get("address"),
        "arrived_at": known.get("arrived_at"),
        "findings": known.get("findings")
        or [
            {"item": code, "name": names.get(code, ""), "checked": "是", "problem": "否", "category": "1"}
            for code in desk.part.items
        ],
        "result_categories": tables.options(desk.settings, "result-category", desk.today),
        "handling_codes": tables.options(desk.settings, "handling", desk.today),
    }


def _conclusion(desk: Desk) -> dict[str, Any]:
    worst = desk.session.execute(
        sa.select(Finding.category, Finding.handling)
        .where(
            Finding.district_id == desk.district_id, Finding.department_inspection == desk.part.number, Finding.problem
        )
        .order_by(Finding.category.desc())
    ).first()
    problems = [o for o in tables.rows(desk.settings, "handling", desk.today) if o.get("problem")]
    return {
        "clauses": clauses(desk),
        "previous": desk.part.conclusion,
        "departments": departments(desk),
        "worst_category": worst.category if worst else None,
        "worst_handling": worst.handling if worst else None,
        "result_categories": [
            {"value": r["code"], "label": r["name"]}
            for r in tables.rows(desk.settings, "result-category", desk.today)
            if r.get("problem")
        ],
        "handling_codes": [{"value": r["code"], "label": r["name"]} for r in problems],
    }


def _recusal(desk: Desk) -> dict[str, Any]:
    request = desk.data.get("recusal_requested") or {}
    return {
        "facts": [rows("回避申请", ("申请人", request.get("applicant")), ("理由", request.get("reason")))],
        "team": [{"value": i.code, "label": f"{i.name}（{i.code}）"} for i in team(desk)],
        "recusal_inspector": request.get("inspector"),
    }


def _result_notice(desk: Desk) -> dict[str, Any]:
    return {"present_person": (desk.part.record.get("site_check") or {}).get("present_person")}


#: Providers by form key.
FORMS: dict[str, Provider] = {
    "supervision": _supervision,
    "visit-notice": _visit_notice,
    "site-check": _site_check,
    "conclusion": _conclusion,
    "recusal-decision": _recusal,
    "result-notice": _result_notice,
}
