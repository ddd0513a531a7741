"""The approved work plan (抽查工作方案) in words, beside every form of its campaign and on its page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection import tables
from engine.inspection.industries import SECTIONS
from engine.inspection.models import Campaign, Item
from engine.settings import Settings

DISCLOSURE = {"protected": "受保护", "open": "公开"}


def plan_rows(
    session: Session, settings: Settings, campaign: Campaign, names: Mapping[str, str], today: date
) -> list[list[str]]:
    """[label, value] pairs in the plan's order, blanks left out; empty before a plan was submitted.

    ``names`` are department names by code.
    """
    plan = campaign.plan
    if not plan:
        return []
    items = dict(
        session.execute(
            sa.select(Item.code, Item.name).where(
                Item.district_id == campaign.district_id, Item.code.in_(plan.get("items") or [])
            )
        )
        .tuples()
        .all()
    )
    pairs = (
        ("任务名称", plan.get("name")),
        ("任务编号", campaign.number),
        ("方案文号", plan.get("document_number")),
        ("联查形式", plan.get("form")),
        ("整治的问题", plan.get("ground")),
        ("依据文件", plan.get("ground_document")),
        ("检查方式", "、".join(plan.get("methods") or [])),
        ("各事项的检查方式", "；".join(f"{row['item']} {row['method']}" for row in plan.get("item_methods") or [])),
        ("书面检查材料", plan.get("written_materials")),
        ("材料提交截止", plan.get("written_due_on")),
        ("网络监测内容", plan.get("network_targets")),
        ("牵头部门", names.get(campaign.lead, campaign.lead)),
        ("参与部门", "、".join(names.get(p, p) for p in campaign.participants)),
        ("检查时间", f"{plan.get('start_date')} 至 {plan.get('end_date')}"),
        ("抽查事项", "；".join(f"{code} {items.get(code, '')}" for code in plan.get("items") or [])),
        ("对象范围", scope_words(settings, plan, today)),
        ("抽取比例", quota_words(plan)),
        ("上级文件", plan.get("superior_document")),
        ("抽取方式", plan.get("draw_source")),
        ("公开级别", DISCLOSURE.get(plan.get("disclosure", ""), "")),
        ("组织实施要求", plan.get("organisation")),
    )
    return [[label, str(value)] for label, value in pairs if value]


def scope_words(settings: Settings, plan: Mapping[str, Any], today: date) -> str:
    """Which objects the plan draws from."""
    parts = []
    if plan.get("regions"):
        parts.append("、".join(tables.label(settings, "region", code, today) for code in plan["regions"]))
    if plan.get("kinds"):
        parts.append("、".join(plan["kinds"]))
    if plan.get("industries"):
        parts.append("行业 " + "、".join(SECTIONS[code][0] for code in plan["industries"]))
    return "；".join(parts) or "全区全部检查对象"


def quota_words(plan: Mapping[str, Any]) -> str:
    """How many objects the plan or its row draws."""
    match plan.get("quota"):
        case "统一比例":
            return f"统一比例 {plan.get('ratio')} %"
        case "上级规定":
            return f"按上级规定 {plan.get('ratio')} %"
        case "户数":
            return f"{plan.get('count')} 户"
    return "按风险和信用等级"
