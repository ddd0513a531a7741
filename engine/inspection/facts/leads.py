"""What stands beside the forms of case leads and of unlicensed business; never who reported."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.inspection import records, tables
from engine.inspection.facts import options
from engine.inspection.facts.desk import Desk, Provider, rows
from engine.inspection.facts.follow_ups import follow_up_facts
from engine.inspection.lead_models import CaseLead
from engine.inspection.leads import PROCESS, find_lead, lead, running_inspections, running_leads, source_row
from engine.inspection.models import Item
from engine.inspection.outside_visits import outside_visits

_REPORTER = {True: "实名", False: "匿名"}


def reporter_kind(desk: Desk, row: CaseLead) -> str:
    """Whether somebody is to be told; empty for sources without a reporter."""
    has = source_row(desk.settings, row.source, row.received_on)["reporter"]
    return _REPORTER[row.real_name] if has or row.real_name else ""


def lead_facts(desk: Desk) -> dict[str, Any]:
    """The lead, what the steps before have found, and what may be chosen."""
    row = lead(desk.session, desk.district_id, desk.task.business_key)
    plan, found = row.facts.get("plan") or {}, row.facts.get("verification") or {}
    acceptance, approval = row.facts.get("acceptance") or {}, row.facts.get("approval") or {}
    verdict = str(found.get("verdict") or "")
    blocks = [
            rows(
                "线索", ("编号", row.number), ("来源", row.source), ("来文机关", row.handed_by),
                ("收到日期", row.received_on), ("投诉举报人", reporter_kind(desk, row)),
                ("平台登记编号", row.platform_number), ("对象", row.subject_name),
                ("统一社会信用代码", row.uscc or "不清楚或者没有"), ("地址", row.subject.get("address")),
                ("事由", row.title), ("内容", row.content),
            ),
            rows(
                "受理", ("决定", acceptance.get("decision")), ("理由", acceptance.get("reason")),
                ("不予受理的情形", tables.label(
                    desk.settings, "lead-refusal-ground", str(acceptance.get("refusal_ground") or ""), desk.today)),
                ("已告知", acceptance.get("told_on")),
            ),
            rows(
                "核查安排", ("方式", plan.get("way")), ("并入", row.merged_into), ("理由和重点", plan.get("reason")),
                ("事项", "、".join(_item_names(desk, plan.get("items") or []))),
                ("检查人员", "、".join(options.inspector_names(desk, set(plan.get("inspectors") or [])).values())),
                ("检查日期", plan.get("planned_on")), ("紧急的理由", plan.get("urgent_reason")),
                ("审批", "：".join(filter(None, [approval.get("decision"), approval.get("reason")]))),
                ("退出合并", (row.facts.get("left") or {}).get("target")),
            ),
            rows(
                "核查情况", ("到达现场", str(found.get("visited_at") or "")[:16].replace("T", " ")),
                ("事实", found.get("facts")), ("条款", found.get("clause")),
                ("处理意见", tables.label(desk.settings, "lead-verdict", verdict, desk.today)),
            ),
            rows("答复", ("处理结果", row.verdict_words), ("决定日期", row.decided_on)),
    ]  # fmt: skip
    return {
        "facts": [block for block in blocks if block["rows"]],
        "reporter_kind": reporter_kind(desk, row),
        "today": desk.today.isoformat(),
    }


def _item_names(desk: Desk, codes: list[str]) -> list[str]:
    if not codes:
        return []
    found = desk.session.execute(
        sa.select(Item.code, Item.name).where(Item.district_id == desk.district_id, Item.code.in_(codes))
    )
    names = {code: name for code, name in found}
    return [names.get(code, code) for code in codes]


def _acceptance(desk: Desk) -> dict[str, Any]:
    return {"refusal_grounds": tables.options(desk.settings, "lead-refusal-ground", desk.today)}


def _plan(desk: Desk) -> dict[str, Any]:
    """What may be joined, what may be checked by whom, and how often the firm was visited this year."""
    row = lead(desk.session, desk.district_id, desk.task.business_key)
    inspections, leads = running_inspections(desk.session, row), running_leads(desk.session, row)
    return {
        "facts": _visits(desk, row),
        "running_inspections": [
            {"value": part.number, "label": f"{part.number}（{part.state}）"} for part in inspections
        ],
        "running_leads": [
            {"value": other.number, "label": f"{other.number} {other.title}（{other.state}）"} for other in leads
        ],
        "suggested_way": "并入正在办理的检查" if inspections else None,
        "items": [
            {"value": code, "label": f"{code} {name}"}
            for code, name in desk.session.execute(
                sa.select(Item.code, Item.name)
                .where(Item.district_id == desk.district_id, Item.published, Item.department == row.department)
                .order_by(Item.code)
            )
        ],
        "inspectors": options.inspectors(desk, row.department),
    }


def _visits(desk: Desk, row: CaseLead) -> list[dict[str, Any]]:
    if not row.uscc:
        return []
    found = outside_visits(desk.session, desk.district_id, [row.uscc], desk.today.year).get(row.uscc, [])
    known = records.inspected_object(desk.session, desk.district_id, row.uscc)
    return [
        rows(
            "本年度已经检查",
            ("双随机以外的检查", f"{len(found)} 次"),
            ("最近一次双随机检查", known.last_inspected_on if known else None),
        )
    ]


def _approval(desk: Desk) -> dict[str, Any]:
    row = lead(desk.session, desk.district_id, desk.task.business_key)
    return {"facts": _visits(desk, row)}


def _verification(desk: Desk) -> dict[str, Any]:
    row = lead(desk.session, desk.district_id, desk.task.business_key)
    plan, found = row.facts.get("plan") or {}, row.facts.get("verification") or {}
    return {
        "lead_way": str(plan.get("way") or ""), "lead_uscc": row.uscc or None, "lead_name": row.subject_name or None,
        "lead_address": row.subject.get("address"),
        "lead_kind": row.subject.get("subject_kind"),
        "planned_inspectors": found.get("inspectors") or plan.get("inspectors") or [],
        "inspectors": options.inspectors(desk, row.department),
        "lead_verdicts": tables.options(desk.settings, "lead-verdict", desk.today),
    }  # fmt: skip


def _reply(desk: Desk) -> dict[str, Any]:
    row = lead(desk.session, desk.district_id, desk.task.business_key)
    acceptance = row.facts.get("acceptance") or {}
    return {"reply_words": row.verdict_words or f"不予受理：{acceptance.get('reason') or ''}"}


def _transfer(desk: Desk) -> dict[str, Any]:
    """The departments a matter may go to, and the one order 684 makes competent."""
    row = find_lead(desk.session, desk.district_id, desk.task.business_key)
    if row is not None:
        found = row.facts.get("verification") or row.facts.get("acceptance") or {}
        reason, suggested = found.get("facts") or found.get("reason"), None
    else:
        facts = desk.follow_up.facts
        reason, suggested = facts["identification"]["facts"], facts.get("competent", {}).get("organ") or None
    return {
        "receivers": [one for one in options.departments(desk) if one["value"] != desk.task.department],
        "suggested_receiver": suggested, "transfer_reason": reason, "today": desk.today.isoformat(),
        "reporter_kind": reporter_kind(desk, row) if row is not None else "",
    }  # fmt: skip


def unlicensed_facts(desk: Desk) -> dict[str, Any]:
    """The chain so far, and what was found out about permits and licence."""
    found = follow_up_facts(desk)
    facts = desk.follow_up.facts
    identified, guided, answered = (facts.get(key) or {} for key in ("identification", "guidance", "receipt"))
    blocks = [
        rows(
            "无证无照认定", ("事实", identified.get("facts")), ("许可", identified.get("permit")),
            ("应当取得的许可", identified.get("permit_name")), ("营业执照", identified.get("licence")),
            ("例外情形", tables.label(
                desk.settings, "unlicensed-exemption", str(identified.get("exemption") or ""), desk.today)),
            ("例外的理由", identified.get("exemption_reason")), ("具备条件并愿意办证", identified.get("guidable")),
        ),
        rows("引导办证", ("内容", guided.get("content")), ("送达", guided.get("served_on"))),
        rows("回执", ("意见", answered.get("decision")), ("退回的理由", answered.get("reason"))),
    ]  # fmt: skip
    found["facts"] = [*found.get("facts", []), *(block for block in blocks if block["rows"])]
    return {**found, "today": desk.today.isoformat()}


def _identification(desk: Desk) -> dict[str, Any]:
    """What a lead's check found out stands in the form; from an inspection its conclusion does."""
    verified = str(desk.data.get("case_facts") or "")
    return {
        "exemptions": tables.options(desk.settings, "unlicensed-exemption", desk.today),
        "organs": options.departments(desk),
        **({"case_facts": verified} if verified else {}),
    }


def _recheck(desk: Desk) -> dict[str, Any]:
    return {"inspectors": options.inspectors(desk, desk.follow_up.department)}


#: Providers by form key.
FORMS: dict[str, Provider] = {
    "lead-acceptance": _acceptance, "lead-plan": _plan, "visit-approval": _approval,
    "lead-verification": _verification, "lead-reply": _reply, "lead-transfer": _transfer,
    "unlicensed-identification": _identification, "unlicensed-recheck": _recheck,
}  # fmt: skip
PROCESSES: dict[str, Provider] = {PROCESS: lead_facts, "unlicensed-business": unlicensed_facts}
