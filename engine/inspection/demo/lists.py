"""The demo's lists around the items: the province's list, the district's first version, an area, visits outside."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.db import new_id
from engine.inspection import item_fields, item_lists
from engine.inspection.item_models import ItemList, OutsideVisit, SpecialArea
from engine.inspection.models import InspectedObject, Item

#: Items of the province's list that no demo department has claimed yet: organ, category, name, basis, objects.
_UNCLAIMED = """
市场监管部门|网络交易检查|网络交易经营者公示信息的检查|《网络交易监督管理办法》第三十三条|网络交易经营者
市场监管部门|网络交易检查|网络直播营销行为的检查|《网络交易监督管理办法》第二十条|网络交易平台经营者
应急管理部门|安全生产检查|粉尘涉爆企业安全管理的检查|《工贸企业粉尘防爆安全规定》第二十二条|粉尘涉爆企业
文化和旅游部门|旅游市场检查|在线旅游经营服务的检查|《在线旅游经营服务管理暂行规定》第二十五条|在线旅游经营者
人力资源社会保障部门|劳动用工检查|人力资源服务机构的检查|《人力资源市场暂行条例》第三十四条|人力资源服务机构
"""
#: Visits of other organs in the demo: organ, kind, reason, whether ordered from above.
_VISITS = (
    ("SCJG", "投诉举报核查", "投诉举报线索核查（演示）", ""),
    ("YJJ", "日常检查", "节前安全生产检查（演示）", ""),
    ("WJJ", "个案检查", "卫生许可变更后核查（演示）", ""),
    ("STJ", "专项检查", "大气污染防治专项检查（演示）", "演示环督〔2026〕3号"),
)


def load_lists(session: Session, district_id: str, now: datetime, today: date, names: dict[str, str]) -> None:
    """Everything around the demo's items; does nothing when there is a version already."""
    if session.scalar(sa.select(ItemList.id).where(ItemList.district_id == district_id).limit(1)) is not None:
        return
    year = today.year
    items = session.scalars(sa.select(Item).where(Item.district_id == district_id).order_by(Item.code)).all()
    province = item_lists.Head(
        f"{year}年版（演示）", f"{year}年度全省随机抽查事项清单（虚构）", f"演示双随机办〔{year}〕1号", today
    )
    item_lists.save_version(
        session,
        district_id,
        item_lists.PROVINCE,
        province,
        _province(list(items), names),
        actor=Actor.system(),
        now=now,
    )
    district = item_lists.Head(f"{year}年第1版", f"{year}年度随机抽查事项清单（演示）", f"演示联办〔{year}〕2号", today)
    item_lists.compile_district(session, district_id, district, actor=Actor.system(), now=now)
    _area(session, district_id, now, today)
    _visits(session, district_id, now, today, names)


def _province(items: list[Item], names: dict[str, str]) -> list[dict[str, Any]]:
    """The district's items as the province has them: some ratios and words differ, a few are still to be claimed."""
    found = []
    for number, item in enumerate(items):
        record = {f: v for f, v in item_fields.values_of(item).items() if f in ("code", *item_fields.COMPARED)}
        record["department"] = names.get(item.department, item.department)
        if number % 9 == 4:
            record["ratio_ppm"] = min(1_000_000, int(record["ratio_ppm"]) * 2)
        if number % 13 == 7:
            record["legal_basis"] += "；《优化营商环境条例》第五十四条"
        if number % 17 != 16:  # what the province does not list is the district's own
            found.append(record)
    pattern = item_fields.values_of(items[0]) if items else {}
    for number, line in enumerate(_UNCLAIMED.split(), start=1):
        organ, category, name, basis, objects = line.split("|")
        found.append(
            {field: pattern.get(field) for field in item_fields.COMPARED}
            | {
                "code": f"SD-{900 + number}", "department": organ, "category": category, "name": name, "is_key": False,
                "legal_basis": basis, "object_kind": objects, "content": f"核查{objects}是否符合规定。",
                "industries": [],
            }
        )  # fmt: skip
    return found


def _area(session: Session, district_id: str, now: datetime, today: date) -> None:
    session.add(
        SpecialArea(
            id=new_id(), district_id=district_id, code="YJJ-ZD-001", name="危险化学品经营（演示）", department="YJJ",
            legal_basis="《危险化学品安全管理条例》第六条", industries=["F5166"], special_registries=[], objects=[],
            outside_draw=True, frequency="每半年至少一次", approved_by="机关负责人（演示）", approved_on=today,
            adjustment="YJJ-事项调整（演示）", published_at=now, created_at=now, updated_at=now,
        )
    )  # fmt: skip


def _visits(session: Session, district_id: str, now: datetime, today: date, names: dict[str, str]) -> None:
    firms = session.execute(
        sa.select(InspectedObject.uscc, InspectedObject.name)
        .where(InspectedObject.district_id == district_id, InspectedObject.industry.startswith("F52"))
        .order_by(InspectedObject.uscc)
        .limit(24)
    ).all()
    for number, (uscc, name) in enumerate(firms):
        department, kind, reason, order = _VISITS[number % len(_VISITS)]
        day = max(date(today.year, 1, 1), today - timedelta(days=3 + 5 * number))
        session.add(
            OutsideVisit(
                id=new_id(), district_id=district_id, uscc=uscc, object_name=name, department=department,
                organ=names.get(department, department), kind=kind, visited_on=day, items=[], reason=reason,
                ordered_from_above=bool(order), order_document=order, result="未发现问题",
                approved_by="机关负责人（演示）", approved_on=day, source="import", entered_at=now,
                entered_by_name="系统",
            )
        )  # fmt: skip
