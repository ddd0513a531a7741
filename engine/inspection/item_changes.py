"""What an adjustment changes: from the draft's values to field-level changes, and from those into the list."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.db import new_id
from engine.errors import InvalidInput, ServiceTaskFailed
from engine.inspection import item_fields, item_lists
from engine.inspection.item_adjustments import ABOLISH, ADD, AREA, BATCH, CHANGE, CLAIM, check_codes, under_way
from engine.inspection.item_models import ItemAdjustment, ItemListEntry
from engine.inspection.models import Item
from engine.inspection.registry_history import Origin, record_changes
from engine.inspection.registry_import import values as parsers
from engine.inspection.special_area_changes import area_change

Change = dict[str, Any]


def changes_of(session: Session, row: ItemAdjustment, values: Mapping[str, Any], today: date) -> list[Change]:
    """The changes a draft asks for.  Raises :class:`InvalidInput` naming every faulty field."""
    if row.kind == BATCH:
        return _of_file(session, row)
    if row.kind == AREA:
        found = [area_change(session, row, values, today)]
    elif row.kind in (ADD, CHANGE):
        found = [_single(session, row, values, today)]
    elif row.kind == CLAIM:
        found = _claims(session, row, values)
    else:
        found = _several(session, row, values, today)
    check_codes(
        session, row.district_id, row.department, row.kind, [] if row.kind in (ADD, AREA) else _codes(values, row),
        but=row.number,
    )  # fmt: skip
    return found


def _of_file(session: Session, row: ItemAdjustment) -> list[Change]:
    """The changes the adjustment was opened with, as long as they fit the list."""
    said = stale(session, row)
    said += [
        f"{code} 正在办理 {number}"
        for code, number in under_way(session, row.district_id, row.codes, row.number).items()
    ]
    if said:
        raise InvalidInput(
            f"清单在上传文件之后已经改变：{'；'.join(said)}。请撤回申请，重新上传文件。",
            fields={"action": ["清单已经改变，请选“撤回申请”后重新上传文件。"]},
        )
    return list(row.changes)


def _codes(values: Mapping[str, Any], row: ItemAdjustment) -> list[str]:
    return list(row.codes) if row.kind == CHANGE else list(values.get("codes") or [])


# ---------------------------------------------------------------- one item with all its fields


def _single(session: Session, row: ItemAdjustment, values: Mapping[str, Any], today: date) -> Change:
    faults: dict[str, list[str]] = {}
    after = _fields(values, faults)
    before: dict[str, Any] = {}
    if row.kind == ADD:
        code = str(values["code"])
        _check_new_code(session, row, code, faults)
        after["provincial_code"] = values.get("provincial_code") or ""
    else:
        code = row.codes[0] if row.codes else ""
        item = _item(session, row.district_id, code)
        before = item_fields.values_of(item)
    if after["valid_until"] and (after["valid_from"] or today.isoformat()) > after["valid_until"]:
        faults["valid_until"] = ["“有效期至”早于施行日期或今天，请核对。"]
    if faults:
        raise InvalidInput("事项要素有需要修改的地方。", fields=faults)
    if row.kind == CHANGE:
        if set(item_fields.methods(before["method"])) == set(values["methods"]):
            after["method"] = before["method"]
        after = {field: new for field, _, new in item_fields.differences(before, after, after)}
        if not after:
            raise InvalidInput("没有改动任何要素。", fields={"name": ["没有改动任何要素，请修改后提交或撤回申请。"]})
        return {"code": code, "name": before["name"], "before": {f: before[f] for f in after}, "after": after}
    after |= {"department": row.department, "code": code}
    return {"code": code, "name": after["name"], "before": {}, "after": after}


_TEXTS = (
    "name", "category", "legal_basis", "object_kind", "content", "procedure", "approval_authority",
    "publication_procedure", "archiving", "frequency", "staff", "section",
)  # fmt: skip


def _fields(values: Mapping[str, Any], faults: dict[str, list[str]]) -> dict[str, Any]:
    after: dict[str, Any] = {field: values.get(field) or "" for field in _TEXTS}
    after["is_key"] = values.get("nature") == "重点"
    after["method"] = "、".join(values.get("methods") or [])
    after["ratio_ppm"] = int(Decimal(str(values["ratio"])) * 10_000)
    after["valid_from"] = values.get("valid_from") or None
    after["valid_until"] = values.get("valid_until") or None
    after["industries"] = parsed_industries(values.get("industries"), faults)
    return after


def parsed_industries(text: Any, faults: dict[str, list[str]]) -> list[str]:
    """Industry codes as typed, separated by commas; what is wrong goes to ``faults["industries"]``."""
    try:
        return parsers.industries(str(text)) if text else []
    except parsers.BadValue as bad:
        faults["industries"] = [f"“适用行业”{bad.message}，{bad.remedy}"]
        return []


def _check_new_code(session: Session, row: ItemAdjustment, code: str, faults: dict[str, list[str]]) -> None:
    try:
        parsers.public_code(32)(code)
    except parsers.BadValue as bad:
        faults["code"] = [f"“事项编码”{bad.message}，{bad.remedy}"]
        return
    taken = sa.select(Item.name).where(Item.district_id == row.district_id, Item.code == code)
    if (name := session.scalar(taken)) is not None:
        faults["code"] = [f"编码 {code} 已用于“{name}”，请换一个编码。"]
    elif busy := under_way(session, row.district_id, [code], row.number):
        faults["code"] = [f"编码 {code} 已在 {busy[code]} 中提出，请换一个编码。"]


# ---------------------------------------------------------------- several items at once


def _claims(session: Session, row: ItemAdjustment, values: Mapping[str, Any]) -> list[Change]:
    """Provincial items taken over word for word (认领, R6); one that is not complete must be added by hand."""
    theirs = _province(session, row.district_id)
    found, incomplete = [], []
    for code in values["codes"]:
        entry = theirs.get(code)
        if entry is None:
            continue  # check_codes says so
        after = dict(entry.fields) | {
            "department": row.department, "provincial_code": code, "section": values.get("section") or "",
            "valid_from": None, "valid_until": None,
        }  # fmt: skip
        if missing := item_fields.missing_labels(after):
            incomplete.append(f"{code} 缺少{'、'.join(missing)}")
        found.append({"code": code, "name": entry.name, "before": {}, "after": after})
    if incomplete:
        said = f"省级清单没有写全，不能直接认领，请用“新增”补齐后提出：{'；'.join(incomplete)}。"
        raise InvalidInput(said, fields={"codes": [said]})
    return found


def _several(session: Session, row: ItemAdjustment, values: Mapping[str, Any], today: date) -> list[Change]:
    if row.kind == ABOLISH:
        last_day = str(values["last_day"])
        if last_day < today.isoformat():
            raise InvalidInput("废止日期有误。", fields={"last_day": ["最后有效日期早于今天，请核对。"]})
        after: dict[str, Any] = {"valid_until": last_day}
    else:
        receiver = str(values["receiver"])
        if receiver == row.department:
            raise InvalidInput("接收部门有误。", fields={"receiver": ["接收部门就是本部门，请另选。"]})
        after = {"department": receiver, "section": values.get("section") or ""}
    found = []
    for code in values["codes"]:
        item = _item(session, row.district_id, code)
        before = item_fields.values_of(item)
        changed = {field: new for field, _, new in item_fields.differences(before, after, after)}
        found.append(
            {"code": code, "name": item.name, "before": {f: before[f] for f in changed}, "after": changed}
        )  # fmt: skip
    return found


def _item(session: Session, district_id: str, code: str) -> Item:
    item = session.scalar(sa.select(Item).where(Item.district_id == district_id, Item.code == code))
    if item is None:
        said = f"抽查事项清单中没有 {code or '选定的事项'}。"
        raise InvalidInput(said, fields={"codes": [said]})
    return item


def _province(session: Session, district_id: str) -> dict[str, ItemListEntry]:
    found = item_lists.newest(session, district_id, item_lists.PROVINCE)
    return {entry.code: entry for entry in item_lists.entries(session, found.id)} if found else {}


# ---------------------------------------------------------------- into the list


def stale(session: Session, row: ItemAdjustment) -> list[str]:
    """Why the changes no longer fit the list: a field changed meanwhile, a code was taken.  Empty when they fit."""
    said = []
    for change in row.changes:
        item = session.scalar(
            sa.select(Item).where(Item.district_id == row.district_id, Item.code == change["code"]).with_for_update()
        )
        if not change["before"]:
            if item is not None:
                said.append(f"编码 {change['code']} 已被使用")
        elif item is None:
            said.append(f"事项 {change['code']} 已不在清单中")
        else:
            present = item_fields.values_of(item)
            moved = [item_fields.LABELS[f] for f, old in change["before"].items() if present[f] != old]
            if moved:
                said.append(f"事项 {change['code']} 的{'、'.join(moved)}在提出之后已经改变")
    return said


def apply(session: Session, row: ItemAdjustment, *, actor: Actor, now: datetime) -> None:
    """Bring the changes into the list and its history (R8).

    Raises :class:`ServiceTaskFailed` when the list changed meanwhile.
    """
    if said := stale(session, row):
        raise ServiceTaskFailed(f"{row.number} 与现行清单不符：{'；'.join(said)}。请退回提出部门重新核对。")
    histories = []
    for change in row.changes:
        before = _into_list(session, row, change, now)
        histories.append((change["code"], {f: [before.get(f), new] for f, new in change["after"].items()}))
    record_changes(
        session, row.district_id, "items", histories, at=now, actor=actor,
        origin=Origin("request", row.number, row.reason[:300]),
    )  # fmt: skip


def _into_list(session: Session, row: ItemAdjustment, change: Change, now: datetime) -> dict[str, Any]:
    item = session.scalar(sa.select(Item).where(Item.district_id == row.district_id, Item.code == change["code"]))
    before: dict[str, Any] = {}
    if item is None:
        item = Item(id=new_id(), district_id=row.district_id, published=False, created_at=now)
        session.add(item)
    else:
        before = item_fields.values_of(item)
    item_fields.set_values(item, change["after"])
    # An older file imported again is compared anew: an approved change must show up there as a difference.
    item.row_digest, item.updated_at, item.filing_number = "", now, row.filing_number
    if row.kind in (CLAIM, ADD, CHANGE, BATCH) and not item_fields.missing_labels(item_fields.values_of(item)):
        item.published = True
    session.flush()
    return before
