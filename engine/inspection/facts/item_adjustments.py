"""Facts of an adjustment of the item list: what is proposed, field by field, and what its forms offer."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.inspection import item_adjustments, item_fields, item_lists, special_area_changes
from engine.inspection.facts.desk import Desk, Provider, rows, table
from engine.inspection.facts.options import departments
from engine.inspection.item_models import ItemAdjustment, ItemListEntry, SpecialArea
from engine.inspection.models import Item

_DRAFTS = frozenset({"item-adjustment", "item-selection", "key-area"})
_RETURNS = (
    ("section_review", "科室负责人退回"), ("head_approval", "机关负责人退回"),
    ("receiver_confirmation", "接收部门不接收"), ("compile_list", "联席会议办公室退回"),
)  # fmt: skip


def _row(desk: Desk) -> ItemAdjustment:
    return item_adjustments.adjustment(desk.session, desk.district_id, desk.task.business_key)


def adjustment_facts(desk: Desk) -> dict[str, Any]:
    row = _row(desk)
    if desk.task.form_key in _DRAFTS:
        proposed = [change_table(row, desk.department_names)] if row.kind == item_adjustments.BATCH else []
        return {"facts": [*_returned(desk), *proposed], "kind": row.kind}
    facts = [
        rows(
            "事项调整", ("编号", row.number), ("提出部门", desk.organ(row.department)), ("种类", row.kind),
            ("事项数", len(row.changes)), ("接收部门", desk.organ(row.receiver) if row.receiver else ""),
            ("理由", row.reason), ("依据", row.basis), ("备案号", row.filing_number),
        )
    ]  # fmt: skip
    return {"facts": [*facts, change_table(row, desk.department_names)]}


def change_table(row: ItemAdjustment, names: dict[str, str]) -> dict[str, Any]:
    """Every changed field: item, label, old and new value in words."""
    area = row.kind == item_adjustments.AREA
    labels = special_area_changes.AREA_LABELS if area else item_fields.LABELS
    say = special_area_changes.area_words if area else item_fields.words
    body = [
        [
            f"{change['code']} {change['name']}", labels[field],
            say(field, change["before"].get(field), names) if change["before"] else "", say(field, value, names),
        ]
        for change in row.changes
        for field, value in change["after"].items()
        if change["before"] or value not in (None, "", [])
    ]  # fmt: skip
    return table("调整内容", ["重点领域" if area else "事项", "要素", "原内容", "新内容"], body)


def _returned(desk: Desk) -> list[dict[str, Any]]:
    return [
        rows(label, ("理由", opinion.get("return_reason")))
        for element, label in _RETURNS
        if (opinion := desk.data.get(element) or {}).get("decision") == "退回"
    ]


def _single(desk: Desk) -> dict[str, Any]:
    row = _row(desk)
    previous = dict(desk.data.get("draft_item") or {})
    code = row.codes[0] if row.codes else ""
    if not previous and code:
        previous = _item_values(desk, code) if row.kind == item_adjustments.CHANGE else _pattern(desk, code)
    previous.pop("action", None)
    return {"previous": previous, "item_code": f"{code} {previous.get('name', '')}".strip()}


def _item_values(desk: Desk, code: str) -> dict[str, Any]:
    item = desk.session.scalar(sa.select(Item).where(Item.district_id == desk.district_id, Item.code == code))
    return as_form(item_fields.values_of(item)) if item is not None else {}


def _pattern(desk: Desk, code: str) -> dict[str, Any]:
    """A provincial item as the pattern of a new one."""
    entry = _province(desk).get(code)
    return as_form(entry.fields) | {"provincial_code": code} if entry is not None else {}


def as_form(values: dict[str, Any]) -> dict[str, Any]:
    """An item's fields as the form ``item-adjustment`` holds them."""
    shown = {field: value for field, value in values.items() if field != "department" and value not in (None, "")}
    shown["nature"] = "重点" if values.get("is_key") else "一般"
    shown["methods"] = item_fields.methods(values.get("method"))
    share = int(values.get("ratio_ppm") or 0) / 10_000
    shown["ratio"] = int(share) if share.is_integer() else share
    shown["industries"] = "、".join(values.get("industries") or [])
    return shown


def _province(desk: Desk) -> dict[str, ItemListEntry]:
    found = item_lists.newest(desk.session, desk.district_id, item_lists.PROVINCE)
    return {entry.code: entry for entry in item_lists.entries(desk.session, found.id)} if found else {}


def _selection(desk: Desk) -> dict[str, Any]:
    row = _row(desk)
    previous = dict(desk.data.get("choose_items") or {"codes": row.codes})
    previous.pop("action", None)
    if row.kind == item_adjustments.CLAIM:
        choices = _claimable(desk)
    else:
        own = desk.session.execute(
            sa.select(Item.code, Item.name, Item.category)
            .where(
                Item.district_id == desk.district_id, Item.department == row.department,
                sa.or_(Item.valid_until.is_(None), Item.valid_until >= desk.today),
            )
            .order_by(Item.code)
        )  # fmt: skip
        choices = [{"value": code, "label": f"{code} {name}", "note": category} for code, name, category in own]
    receivers = [one for one in departments(desk) if one["value"] != row.department]
    return {"previous": previous, "choices": choices, "receivers": receivers}


def _claimable(desk: Desk) -> list[dict[str, str]]:
    """Items of the province's list that no department of the district has taken."""
    found = desk.session.execute(sa.select(Item.code, Item.provincial_code).where(Item.district_id == desk.district_id))
    taken = {code for pair in found for code in pair}
    return [
        {"value": code, "label": f"{code} {entry.name}", "note": f"{entry.department} · {entry.fields['category']}"}
        for code, entry in _province(desk).items()
        if code not in taken
    ]


def _area(desk: Desk) -> dict[str, Any]:
    row = _row(desk)
    previous = dict(desk.data.get("draft_area") or {})
    if not previous and row.codes:
        area = desk.session.scalar(
            sa.select(SpecialArea).where(SpecialArea.district_id == desk.district_id, SpecialArea.code == row.codes[0])
        )
        if area is not None:
            values = special_area_changes.area_values(area)
            previous = {key: value for key, value in values.items() if value not in (None, "", [])} | {
                "area_name": area.name, "outside_draw": "是" if area.outside_draw else "否",
                "industries": "、".join(area.industries), "special_registries": "、".join(area.special_registries),
                "objects": "\n".join(area.objects),
            }  # fmt: skip
    previous.pop("action", None)
    return {"previous": previous}


def _compilation(desk: Desk) -> dict[str, Any]:
    year = desk.today.year
    known = item_lists.versions(desk.session, desk.district_id, item_lists.DISTRICT)
    serial = sum(one.issued_on.year == year for one in known) + 1
    others = [
        {
            "value": one.number,
            "label": f"{one.number} {desk.organ(one.department)} {one.kind} {len(one.changes)} 项",
        }
        for one in item_adjustments.awaiting(desk.session, desk.district_id, desk.task.business_key)
    ]
    return {
        "version": f"{year}年第{serial}版",
        "title": f"{year}年度随机抽查事项清单",
        "today": desk.today.isoformat(),
        "waiting": f"{len(others)} 项" if others else "没有",
        "others": others,
    }


#: Providers by form key.
FORMS: dict[str, Provider] = {
    "item-adjustment": _single,
    "item-selection": _selection,
    "key-area": _area,
    "item-compilation": _compilation,
}
