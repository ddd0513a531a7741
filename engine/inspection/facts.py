"""What an official sees beside a form, and what the form offers: facts, options and defaults.

``form_context`` is the guest's answer to the kernel's hook of the same name.  Keys are those the
forms name in ``valuesKey`` and ``defaultValueKey``; ``facts`` is a list of blocks, each with
``title`` and either ``rows`` ([label, value] pairs) or ``table`` (``head`` and ``rows``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection import publication, records, tables
from engine.inspection.drawn import assignments, drawn_objects
from engine.inspection.industries import SECTIONS
from engine.inspection.models import (
    Campaign,
    DepartmentInspection,
    Finding,
    FollowUp,
    InspectedObject,
    Inspection,
    Inspector,
    Item,
)
from engine.inspection.plan_facts import plan_rows
from engine.models import Deadline, User, UserRole, UserTask
from engine.settings import Settings

OBJECT_KINDS = ("企业", "个体工商户", "农民专业合作社", "事业单位", "社会团体", "民办非企业单位")


@dataclass
class Desk:
    """The task at hand and the rows it is about."""

    session: Session
    settings: Settings
    task: UserTask
    data: Mapping[str, Any]
    now: datetime

    @property
    def district_id(self) -> str:
        return self.task.district_id

    @property
    def today(self) -> date:
        return self.now.astimezone(self.settings.timezone).date()

    @cached_property
    def department_names(self) -> dict[str, str]:
        return records.department_names(self.session, self.district_id)

    @cached_property
    def campaign(self) -> Campaign:
        return records.campaign(self.session, self.district_id, str(self.data.get("campaign") or self.task.business_key))

    @cached_property
    def part(self) -> DepartmentInspection:
        return records.department_inspection(
            self.session, self.district_id, str(self.data.get("origin") or self.task.business_key)
        )

    @cached_property
    def inspection(self) -> Inspection:
        return records.inspection(self.session, self.district_id, self.part.inspection)

    def organ(self, code: str) -> str:
        """A department's name by its code."""
        return self.department_names.get(code, code)


Provider = Callable[[Desk], dict[str, Any]]
_PROVIDERS: dict[str, Provider] = {}


def provides(*forms: str) -> Callable[[Provider], Provider]:
    """Register the context of some forms."""

    def register(provider: Provider) -> Provider:
        _PROVIDERS.update(dict.fromkeys(forms, provider))
        return provider

    return register


def context_provider(settings: Settings) -> Callable[[Session, UserTask, Mapping[str, Any], datetime], dict[str, Any]]:
    """The kernel's ``form_context`` hook for these settings."""

    def form_context(session: Session, task: UserTask, data: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        desk = Desk(session, settings, task, data, now)
        context: dict[str, Any] = {"facts": [], "department": task.department}
        by_process = _PROCESS.get(task.process_key)
        for provider in (by_process, _PROVIDERS.get(task.form_key)):
            if provider is not None:
                found = provider(desk)
                context["facts"] += found.pop("facts", [])
                context.update(found)
        return context

    return form_context


def rows(title: str, *pairs: tuple[str, Any]) -> dict[str, Any]:
    """A block of label and value; empty values are left out."""
    return {"title": title, "rows": [[label, str(value)] for label, value in pairs if value not in (None, "", [])]}


def table(title: str, head: list[str], body: list[list[Any]]) -> dict[str, Any]:
    """A block with a table."""
    return {"title": title, "table": {"head": head, "rows": [[str(c) for c in line] for line in body]}}


def _local(desk: Desk, moment: datetime | None) -> str:
    return moment.astimezone(desk.settings.timezone).strftime("%Y-%m-%d %H:%M") if moment else ""


# -- per process -----------------------------------------------------------------------


def _campaign_facts(desk: Desk) -> dict[str, Any]:
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
    return {"facts": facts}


def _object_facts(desk: Desk, inspection: Inspection) -> dict[str, Any]:
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


def _part_facts(desk: Desk) -> dict[str, Any]:
    part, facts = desk.part, [_object_facts(desk, desk.inspection)]
    team = _team(desk)
    facts.append(
        rows(
            "检查任务",
            ("检查编号", part.number),
            ("检查机关", desk.organ(part.department)),
            ("检查人员", "、".join(f"{i.name}（{i.certificate_number}）" for i in team)),
            ("公示期限", _local(desk, desk.inspection.publication_due_at)),
        )
    )
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


def _team(desk: Desk) -> list[Inspector]:
    found = {
        i.code: i
        for i in desk.session.scalars(
            sa.select(Inspector).where(
                Inspector.district_id == desk.district_id, Inspector.code.in_(desk.part.inspectors)
            )
        )
    }
    return [found[code] for code in desk.part.inspectors if code in found]


def _follow_up_facts(desk: Desk) -> dict[str, Any]:
    found = _part_facts(desk)
    row = records.follow_up(desk.session, desk.district_id, desk.task.business_key)
    conclusion = desk.part.conclusion
    words = {
        "order": "责令改正", "filing": "立案", "investigation": "调查取证", "notice": "处罚告知", "decision": "处罚决定",
    }  # fmt: skip
    for key, title in words.items():
        if row.facts.get(key):
            found["facts"].append(
                rows(title, *((_LABELS.get(k, k), _words(v)) for k, v in row.facts[key].items() if k in _LABELS))
            )
    return {
        **found,
        "conclusion_text": str(conclusion.get("facts") or ""),
        "clauses": str(conclusion.get("basis") or _clauses(desk)),
        "case_cause": f"{row.subject_name}涉嫌违法案",
        "case_facts": str(
            (desk.data.get("investigate") or {}).get("facts")
            or (desk.data.get("file_case") or {}).get("facts")
            or conclusion.get("facts")
            or ""
        ),
        "penalty_basis": str((desk.data.get("investigate") or {}).get("basis") or ""),
        "team_codes": list(desk.part.inspectors),
    }


_LABELS = {
    "document_number": "文号", "content": "内容", "deadline": "期限", "served_on": "送达日期", "method": "送达方式",
    "cause": "案由", "facts": "事实", "basis": "依据", "decision": "决定", "kinds": "处罚种类", "amount": "罚款数额（元）",
    "decided_on": "决定日期", "hearing_right": "是否告知听证权利", "reason": "理由",
}  # fmt: skip


def _words(value: Any) -> str:
    return "、".join(map(str, value)) if isinstance(value, list) else str(value)


def _clauses(desk: Desk) -> str:
    found = desk.session.scalars(
        sa.select(Finding.clause)
        .where(
            Finding.district_id == desk.district_id, Finding.department_inspection == desk.part.number, Finding.problem
        )
        .order_by(Finding.item)
    )
    return "；".join(dict.fromkeys(c for c in found if c))


def _inspection_facts(desk: Desk) -> dict[str, Any]:
    inspection = records.inspection(desk.session, desk.district_id, desk.task.business_key)
    parts = records.department_inspections(desk.session, desk.district_id, inspection.number)
    waiting = [p.department for p in parts if p.state not in {"已公示", "不予公开"}]
    return {
        "facts": [
            _object_facts(desk, inspection),
            table(
                "各部门进度",
                ["部门", "状态", "检查结束", "公示"],
                [
                    [desk.organ(p.department), p.state, _local(desk, p.visit_ended_at), _local(desk, p.published_at)]
                    for p in parts
                ],
            ),
        ],
        "open_departments": waiting,
    }


_PROCESS: dict[str, Provider] = {
    "joint-inspection": _campaign_facts,
    "inspection": _inspection_facts,
    "department-inspection": _part_facts,
    "rectification": _follow_up_facts,
    "administrative-penalty": _follow_up_facts,
}


# -- per form --------------------------------------------------------------------------


def _departments(desk: Desk) -> list[dict[str, str]]:
    return [{"value": code, "label": name} for code, name in desk.department_names.items() if code != "QZF"]


def _items(desk: Desk) -> list[dict[str, str]]:
    found = desk.session.execute(
        sa.select(Item.code, Item.name, Item.department, Item.category)
        .where(Item.district_id == desk.district_id, Item.published)
        .order_by(Item.department, Item.code)
    )
    return [
        {"value": code, "label": f"{code} {name}", "note": f"{desk.organ(department)} · {category}"}
        for code, name, department, category in found
    ]


def _users(desk: Desk, role: str, department: str = "") -> dict[str, list[dict[str, str]]]:
    statement = (
        sa.select(User.id, User.name, User.department)
        .join(UserRole, UserRole.user_id == User.id)
        .where(User.district_id == desk.district_id, User.active, UserRole.role == role)
        .order_by(User.department, User.name)
        .distinct()
    )
    if department:
        statement = statement.where(UserRole.department == department)
    found = desk.session.execute(statement)
    return {role: [{"value": i, "label": f"{name}（{desk.organ(code)}）"} for i, name, code in found]}


def _inspectors(desk: Desk, department: str) -> list[dict[str, str]]:
    found = desk.session.execute(
        sa.select(Inspector.code, Inspector.name)
        .where(Inspector.district_id == desk.district_id, Inspector.department == department, Inspector.drawable)
        .order_by(Inspector.code)
    )
    return [{"value": code, "label": f"{name}（{code}）"} for code, name in found]


@provides("annual-plan")
def _annual_plan(desk: Desk) -> dict[str, Any]:
    row = records.plan(desk.session, desk.district_id, desk.task.business_key)
    return {
        "previous": row.content,
        "plan_name": row.name,
        "departments": _departments(desk),
        "items": _items(desk),
    }


@provides("abort-explanation")
def _abort(desk: Desk) -> dict[str, Any]:
    return {"users": _users(desk, "抽取监督人")}


@provides("supervision")
def _supervision(desk: Desk) -> dict[str, Any]:
    return {"departments": _departments(desk)}


@provides("case-filing")
def _case_filing(desk: Desk) -> dict[str, Any]:
    return {"users": _users(desk, "执法检查人员", desk.part.department)}


@provides("reinspection")
def _reinspection(desk: Desk) -> dict[str, Any]:
    return {"inspectors": _inspectors(desk, desk.part.department)}


@provides("work-plan")
def _work_plan(desk: Desk) -> dict[str, Any]:
    previous = desk.data.get("draft_work_plan") or {}
    facts = []
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
        "departments": [d for d in _departments(desk) if d["value"] != desk.campaign.lead],
        "items": _items(desk),
        "users": _users(desk, "抽取监督人"),
        "object_kinds": [{"value": kind, "label": kind} for kind in OBJECT_KINDS],
        "industries": [{"value": code, "label": f"{code} {name}"} for code, (name, _, _) in SECTIONS.items()],
    }


@provides("gate-check")
def _gate(desk: Desk) -> dict[str, Any]:
    from engine.inspection.gate import gate_facts

    return {
        "facts": gate_facts(desk.session, desk.settings, desk.campaign, desk.now),
        "inspectors": [
            option
            for code in [desk.campaign.lead, *desk.campaign.participants]
            for option in _inspectors(desk, code)
        ],
    }


@provides("inspection-approval", "dispatch-receipt")
def _approval(desk: Desk) -> dict[str, Any]:
    draw = records.draw(desk.session, desk.district_id, str(desk.data["draw_id"]))
    teams, objects = assignments(draw), drawn_objects(draw)
    department = str(desk.task.context.get("item") or desk.task.department)
    mine = [o for o in objects if (o.uscc, department) in teams]
    names = _object_names(desk, [o.uscc for o in mine])
    people = _inspector_names(desk, {code for o in mine for code in teams[o.uscc, department]})
    body = [
        [n, names.get(o.uscc, ("", ""))[0], o.uscc, names.get(o.uscc, ("", ""))[1],
         "、".join(people.get(c, c) for c in teams[o.uscc, department])]
        for n, o in enumerate(mine, 1)
    ]  # fmt: skip
    return {
        "facts": [
            rows("行政检查审批", ("检查机关", desk.organ(department)), ("检查对象", f"{len(mine)} 户"), ("抽取编号", draw.draw_id)),
            table("检查名单", ["序号", "检查对象", "统一社会信用代码", "地址", "检查人员"], body),
        ],
        "drawn_objects": [
            {"value": o.uscc, "label": f"{names.get(o.uscc, ('', ''))[0]}（{o.uscc}）"} for o in mine
        ],
        "units": [],
    }  # fmt: skip


def _object_names(desk: Desk, usccs: list[str]) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for start in range(0, len(usccs), 500):
        for uscc, name, address in desk.session.execute(
            sa.select(InspectedObject.uscc, InspectedObject.name, InspectedObject.address).where(
                InspectedObject.district_id == desk.district_id, InspectedObject.uscc.in_(usccs[start : start + 500])
            )
        ):
            found[uscc] = (name, address)
    return found


def _inspector_names(desk: Desk, codes: set[str]) -> dict[str, str]:
    rows_ = desk.session.execute(
        sa.select(Inspector.code, Inspector.name).where(
            Inspector.district_id == desk.district_id, Inspector.code.in_(sorted(codes))
        )
    )
    return {code: name for code, name in rows_}


@provides("visit-notice")
def _visit_notice(desk: Desk) -> dict[str, Any]:
    return {"notice_mode": desk.campaign.plan.get("notice_mode")}


@provides("site-check")
def _site_check(desk: Desk) -> dict[str, Any]:
    known = desk.part.record.get("site_check") or {}
    names = dict(
        desk.session.execute(
            sa.select(Item.code, Item.name).where(Item.district_id == desk.district_id, Item.code.in_(desk.part.items))
        ).all()
    )
    content = desk.session.execute(
        sa.select(Item.name, Item.content, Item.legal_basis)
        .where(Item.district_id == desk.district_id, Item.code.in_(desk.part.items))
        .order_by(Item.code)
    ).all()
    return {
        "facts": [table("检查事项", ["事项", "检查内容", "依据"], [list(line) for line in content])],
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


@provides("conclusion")
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
        "clauses": _clauses(desk),
        "previous": desk.part.conclusion,
        "departments": _departments(desk),
        "worst_category": worst.category if worst else None,
        "worst_handling": worst.handling if worst else None,
        "result_categories": [
            {"value": r["code"], "label": r["name"]}
            for r in tables.rows(desk.settings, "result-category", desk.today)
            if r.get("problem")
        ],
        "handling_codes": [{"value": r["code"], "label": r["name"]} for r in problems],
    }


@provides("recusal-decision")
def _recusal(desk: Desk) -> dict[str, Any]:
    request = desk.data.get("recusal_requested") or {}
    return {
        "facts": [rows("回避申请", ("申请人", request.get("applicant")), ("理由", request.get("reason")))],
        "team": [{"value": i.code, "label": f"{i.name}（{i.code}）"} for i in _team(desk)],
        "recusal_inspector": request.get("inspector"),
    }


@provides("result-notice")
def _result_notice(desk: Desk) -> dict[str, Any]:
    return {"present_person": (desk.part.record.get("site_check") or {}).get("present_person")}


@provides("publication-preview")
def _preview(desk: Desk) -> dict[str, Any]:
    if desk.task.process_key == "administrative-penalty":
        row = records.follow_up(desk.session, desk.district_id, desk.task.business_key)
        shown = publication.penalty_preview(desk.session, row)
    else:
        shown = publication.result_preview(desk.session, desk.settings, desk.part, today=desk.today)
    sole = desk.inspection.object.get("kind") == publication.SOLE_TRADER
    return {
        "facts": [_content_block("将要公示的内容", shown.content), rows("已隐去", ("内容", "；".join(shown.redacted)))],
        "redact_name": publication.HIDE_NAME if sole else None,
    }


@provides("second-signoff")
def _signoff(desk: Desk) -> dict[str, Any]:
    if desk.task.process_key == "administrative-penalty":
        decision = desk.data.get("publication_preview") or {}
        row = records.follow_up(desk.session, desk.district_id, desk.task.business_key)
        shown = publication.penalty_preview(
            desk.session, row, hide_name=decision.get("redact_name") == publication.HIDE_NAME
        )
        content, ground = shown.content, decision.get("legal_ground") or ""
    else:
        kept = records.publication(desk.session, desk.district_id, "result", desk.part.number)
        content, ground = (kept.content, kept.legal_ground) if kept else ({}, "")
    facts = [_content_block("将要公示的内容", content)]
    if ground:
        facts.insert(0, rows("不予公开", ("法律依据", ground)))
    return {"facts": facts}


def _content_block(title: str, content: Mapping[str, Any]) -> dict[str, Any]:
    pairs = []
    for label, value in content.items():
        if isinstance(value, list):
            value = "；".join("：".join(map(str, v.values())) if isinstance(v, Mapping) else str(v) for v in value)
        pairs.append((label, value))
    return rows(title, *pairs)


@provides("campaign-summary")
def _summary(desk: Desk) -> dict[str, Any]:
    return {"facts": [campaign_statistics(desk.session, desk.campaign, desk.department_names)]}


def campaign_statistics(session: Session, campaign: Campaign, names: Mapping[str, str]) -> dict[str, Any]:
    """The figures of the 抽查情况汇总表 by department; no ranking, no quota (国办发〔2024〕54号)."""
    problem = sa.exists().where(
        Finding.district_id == DepartmentInspection.district_id,
        Finding.department_inspection == DepartmentInspection.number,
        Finding.problem,
    )
    in_time = sa.exists().where(
        Deadline.district_id == DepartmentInspection.district_id,
        Deadline.business_key == DepartmentInspection.number,
        Deadline.name == "publication",
        Deadline.met_at <= Deadline.due_at,
    )
    count = sa.func.count()
    figures = session.execute(
        sa.select(
            DepartmentInspection.department,
            count,
            sa.func.sum(sa.case((DepartmentInspection.visit_ended_at.is_not(None), 1), else_=0)),
            sa.func.sum(sa.case((DepartmentInspection.published_at.is_not(None), 1), else_=0)),
            sa.func.sum(sa.case((problem, 1), else_=0)),
            sa.func.sum(sa.case((in_time, 1), else_=0)),
        )
        .where(
            DepartmentInspection.district_id == campaign.district_id,
            DepartmentInspection.campaign == campaign.number,
        )
        .group_by(DepartmentInspection.department)
        .order_by(DepartmentInspection.department)
    ).all()
    follow_ups: dict[str, int] = {
        department: n
        for department, n in session.execute(
            sa.select(FollowUp.department, sa.func.count())
            .join(DepartmentInspection, DepartmentInspection.number == FollowUp.origin)
            .where(FollowUp.district_id == campaign.district_id, DepartmentInspection.campaign == campaign.number)
            .group_by(FollowUp.department)
        ).all()
    }
    body = [
        [names.get(d, d), total, visited, published, found, timely, follow_ups.get(d, 0)]
        for d, total, visited, published, found, timely in figures
    ]
    head = ["部门", "应查户数", "已查", "已公示", "发现问题", "按期公示", "后续处置"]
    return table("抽查情况统计", head, body)

