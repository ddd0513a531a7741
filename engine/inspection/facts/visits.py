"""Facts of an inspection and of a department's part of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from engine.inspection import (
    adoptions,
    finding_corrections,
    records,
    recusals,
    samples,
    tables,
    visits,
    written_materials,
)
from engine.inspection.facts.desk import Desk, Provider, local, rows, table
from engine.inspection.facts.joined_leads import merged_leads
from engine.inspection.facts.options import departments
from engine.inspection.models import Finding, Inspection, Item
from engine.inspection.sample_models import Sample, SampleTest
from engine.inspection.visit_merges import shared_visits

_SAMPLE_HEAD = ["样品", "事项", "封样编号", "状态", "检验机构", "预计报告", "报告", "结果", "告知", "复检"]


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
    people = visits.team(desk.session, part)
    facts.append(
        rows(
            "检查任务",
            ("检查编号", part.number),
            ("检查机关", desk.organ(part.department)),
            ("检查人员", "、".join(f"{i.name}（{i.certificate_number}）" for i in people)),
            ("检查方式", (part.record.get("notice") or {}).get("method")),
            ("企业扫码确认", local(desk, part.scanned_at)),
            ("公示期限", _publication_due(desk)),
        )
    )
    facts += _shared(desk) + merged_leads(desk)
    facts += (
        _arrivals(desk)
        + _adopted(desk)
        + _materials(desk)
        + _samples(desk)
        + _recusals(desk)
        + _corrected(desk)
        + _others(desk)
    )
    findings = desk.session.execute(
        sa.select(Finding, Item.name)
        .join(Item, sa.and_(Item.code == Finding.item, Item.district_id == Finding.district_id))
        .where(Finding.district_id == desk.district_id, Finding.department_inspection == part.number)
        .order_by(Finding.item)
    ).all()
    pending = samples.pending_items(desk.session, part)
    if findings and desk.task.form_key != "site-check":
        facts.append(
            table(
                "检查情况",
                ["事项", "方式", "结果", "类别", "条款", "处置", "情况"],
                [
                    [
                        name, f.method,
                        "待检验结果" if f.item in pending else "未检查" if not f.checked
                        else "发现问题" if f.problem else "未发现问题",
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


def _publication_due(desk: Desk) -> str:
    deadline = records.publication_deadline(desk.session, desk.district_id, desk.inspection.number)
    return local(desk, deadline.due_at) if deadline else ""


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


def _arrivals(desk: Desk) -> list[dict[str, Any]]:
    found = visits.attempts(desk.session, desk.part)
    if not found:
        return []
    body = [
        [
            f"第 {one.attempt} 次", local(desk, one.arrived_at), one.outcome,
            "、".join(f"{c['name']}（{c['number']}）" for c in one.certificates), one.met,
            "；".join(filter(None, [one.situation, one.recording and f"执法记录仪 {one.recording}"])),
        ]
        for one in found
    ]  # fmt: skip
    return [table("到场情况", ["到场", "时间", "结果", "检查人员", "现场负责人", "情况"], body)]


def _adopted(desk: Desk) -> list[dict[str, Any]]:
    found = adoptions.of_part(desk.session, desk.part)
    if not found:
        return []
    body = [
        [
            one.item,
            one.kind,
            "代替检查" if one.replaces else "参考",
            one.source,
            one.number,
            one.dated_on,
            one.conclusion,
        ]
        for one in found
    ]
    return [table("采用的结论和意见", ["事项", "种类", "作用", "来源", "文号", "日期", "内容"], body)]


def _materials(desk: Desk) -> list[dict[str, Any]]:
    """What a written check asked for; what is still owed stands first."""
    found = written_materials.of_part(desk.session, desk.part)
    if not found:
        return []
    left = written_materials.owed(found)
    body = [
        [row.serial, row.name, written_materials.state(row), row.asked_on, row.due_on, row.received_on or "",
         "；".join(f"{told['on']} {told['by']}（{told['person']}）" for told in row.reminders)]
        for row in [*left, *(row for row in found if row not in left)]
    ]  # fmt: skip
    title = f"书面检查材料（还欠 {len(left)} 项）" if left else "书面检查材料（已收齐）"
    return [table(title, ["序号", "材料", "情况", "要求日期", "截止", "收到", "催交"], body)]


def _samples(desk: Desk) -> list[dict[str, Any]]:
    """The samples of the inspection with where each stands; nothing when there is none."""
    found = samples.of_part(desk.session, desk.part)
    if not found:
        return []
    tests: dict[str, SampleTest] = {}
    for test in samples.tests_of(desk.session, desk.district_id, [row.number for row in found]):
        tests[test.sample] = test
    return [table("送检样品", _SAMPLE_HEAD, [_sample_line(row, tests.get(row.number)) for row in found])]


def _sample_line(row: Sample, test: SampleTest | None) -> list[Any]:
    told = test is not None and test.told_on
    return [
        row.name, row.item, row.seal, row.state, test.laboratory if test else row.intended_for,
        test.expected_on if test else "", test.report_number if test else "", row.result, told or "", row.retest,
    ]  # fmt: skip


def _corrected(desk: Desk) -> list[dict[str, Any]]:
    """What the organ corrected of its own finding: before and after, why and by whom."""
    found = finding_corrections.of_part(desk.session, desk.part)
    if not found:
        return []
    body = [
        [one.item or "检查结论", finding_words(one.old), finding_words(one.new), f"{one.cause}：{one.reason}",
         f"{one.proposed_by} 提出，{one.reviewed_by} 审核", local(desk, one.at)]
        for one in found
    ]  # fmt: skip
    return [table("检查结论更正", ["事项", "原来", "更正后", "理由", "人员", "时间"], body)]


def finding_words(said: Mapping[str, Any]) -> str:
    """A finding or a conclusion in a line."""
    if "problem" not in said:
        return "；".join(str(said[key]) for key in ("facts", "basis", "handling") if said.get(key)) or "未发现问题"
    head = "发现问题" if said["problem"] else "未发现问题"
    return "；".join(filter(None, [head, *(str(said.get(key) or "") for key in ("clause", "note"))]))


def _recusals(desk: Desk) -> list[dict[str, Any]]:
    found = recusals.of_part(desk.session, desk.district_id, desk.part.number)
    if not found or desk.task.form_key == "recusal-decision":
        return []
    body = [
        [one.applicant, one.reason, local(desk, one.requested_at), one.decision or "等待机关负责人决定，检查不停止",
         one.prior_work]
        for one in found
    ]  # fmt: skip
    return [table("回避申请", ["申请人", "理由", "申请时间", "决定", "此前的检查"], body)]


def _others(desk: Desk) -> list[dict[str, Any]]:
    """What the other organs found at the same firm: shared, and binding for nobody (R43, domain.md §8)."""
    if desk.task.form_key not in {"conclusion", "result-review"}:
        return []
    parts = records.department_inspections(desk.session, desk.district_id, desk.part.inspection)
    others = {p.number: p.department for p in parts if p.number != desk.part.number}
    found = desk.session.execute(
        sa.select(Finding, Item.name)
        .join(Item, sa.and_(Item.code == Finding.item, Item.district_id == Finding.district_id))
        .where(Finding.district_id == desk.district_id, Finding.department_inspection.in_(list(others)))
        .order_by(Finding.department_inspection, Finding.item)
    ).all()
    if not found:
        return []
    body = [
        [desk.organ(f.department), name, "未检查" if not f.checked else "发现问题" if f.problem else "未发现问题",
         "；".join(filter(None, [f.clause, f.note]))]
        for f, name in found
    ]  # fmt: skip
    return [table("其他部门的检查情况", ["部门", "事项", "结果", "条款和情况"], body)]


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


#: Providers by form key.
FORMS: dict[str, Provider] = {"supervision": _supervision}
