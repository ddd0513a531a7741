"""A special key area (重点领域) as a draft asks for it, and into the register when it is published (R1, R12, R53)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.db import new_id
from engine.errors import InvalidInput
from engine.inspection import uscc as credit_codes
from engine.inspection.item_models import ItemAdjustment, SpecialArea
from engine.inspection.numbers import next_number
from engine.inspection.registry_import import values as parsers

#: Field → label, in the order pages show them.
AREA_LABELS = {
    "code": "编号", "name": "重点领域", "department": "责任部门", "legal_basis": "依据", "industries": "行业范围",
    "special_registries": "专项名录", "objects": "列明的对象", "outside_draw": "在抽取以外检查",
    "frequency": "检查频次", "valid_from": "施行日期", "valid_until": "有效期至",
}  # fmt: skip
_DATES = ("valid_from", "valid_until")


def area_values(area: SpecialArea) -> dict[str, Any]:
    """An area's fields as JSON values."""
    found = {field: getattr(area, field) for field in AREA_LABELS}
    return {field: value.isoformat() if isinstance(value, date) else value for field, value in found.items()}


def area_words(field: str, value: Any, names: Mapping[str, str]) -> str:
    """A value as officials read it; ``names`` are department names by code."""
    if field == "outside_draw":
        return "是" if value else "否"
    if field == "department":
        return names.get(str(value), str(value))
    if field == "objects" and value:
        return f"{len(value)} 户：{'、'.join(value[:10])}{'等' if len(value) > 10 else ''}"
    return "、".join(value) if isinstance(value, list) else str(value or "")


def area_change(session: Session, row: ItemAdjustment, values: Mapping[str, Any], today: date) -> dict[str, Any]:
    """The change a draft asks for.  Raises :class:`InvalidInput` naming every faulty field."""
    faults: dict[str, list[str]] = {}
    after: dict[str, Any] = {
        "name": values["area_name"], "legal_basis": values["legal_basis"],
        "industries": _industries(values, faults), "special_registries": _names(values.get("special_registries")),
        "objects": _objects(values, faults), "outside_draw": values["outside_draw"] == "是",
        "frequency": values.get("frequency") or "", "valid_from": values.get("valid_from") or None,
        "valid_until": values.get("valid_until") or None,
    }  # fmt: skip
    if not (after["industries"] or after["special_registries"] or after["objects"]) and not faults:
        said = "请写明范围：行业、专项名录、列明的对象至少一项。"
        faults["industries"] = [said]
    if after["valid_until"] and (after["valid_from"] or today.isoformat()) > after["valid_until"]:
        faults["valid_until"] = ["“有效期至”早于施行日期或今天，请核对。"]
    if faults:
        raise InvalidInput("重点领域有需要修改的地方。", fields=faults)
    area = _area(session, row)
    if area is None:
        code = row.codes[0] if row.codes else _new_code(session, row)
        return {"code": code, "name": after["name"], "before": {}, "after": {"code": code, **after}}
    before = area_values(area)
    changed = {field: value for field, value in after.items() if (before[field] or None) != (value or None)}
    if not changed:
        raise InvalidInput("没有改动。", fields={"area_name": ["没有改动任何内容，请修改后提交或撤回申请。"]})
    return {
        "code": area.code, "name": after["name"], "before": {f: before[f] for f in changed}, "after": changed,
    }  # fmt: skip


def _area(session: Session, row: ItemAdjustment) -> SpecialArea | None:
    if not row.codes:
        return None
    return session.scalar(
        sa.select(SpecialArea).where(SpecialArea.district_id == row.district_id, SpecialArea.code == row.codes[0])
    )


def _new_code(session: Session, row: ItemAdjustment) -> str:
    return f"{row.department}-ZD-{next_number(session, row.district_id, f'special-area/{row.department}'):03d}"


def _names(text: Any) -> list[str]:
    return parsers.names(str(text)) if text else []


def _industries(values: Mapping[str, Any], faults: dict[str, list[str]]) -> list[str]:
    try:
        return parsers.industries(str(values["industries"])) if values.get("industries") else []
    except parsers.BadValue as bad:
        faults["industries"] = [f"“行业范围”{bad.message}，{bad.remedy}"]
        return []


def _objects(values: Mapping[str, Any], faults: dict[str, list[str]]) -> list[str]:
    typed = [part for part in re.split(r"[\s、,，;；]+", str(values.get("objects") or "")) if part]
    codes = [credit_codes.normalise(part) for part in typed]
    wrong = [code for code in codes if len(code) != 18 or not code.isalnum() or credit_codes.doubts(code)]
    if wrong:
        faults["objects"] = [f"不是有效的统一社会信用代码：{'、'.join(wrong[:5])}{'等' if len(wrong) > 5 else ''}。"]
    return list(dict.fromkeys(codes))


def stale_area(session: Session, row: ItemAdjustment) -> list[str]:
    """Why the change no longer fits the register; empty when it does."""
    change = row.changes[0]
    area = _area(session, row)
    if area is None or not change["before"]:
        return [f"重点领域 {change['code']} 已在清单中"] if area is not None else []
    present = area_values(area)
    moved = [AREA_LABELS[field] for field, old in change["before"].items() if present[field] != old]
    return [f"重点领域 {area.code} 的{'、'.join(moved)}在提出之后已经改变"] if moved else []


def apply_area(session: Session, row: ItemAdjustment, *, now: datetime, approver: str, today: date) -> None:
    """Bring the change into the register; it counts from here on."""
    change = row.changes[0]
    area = _area(session, row)
    if area is None:
        area = SpecialArea(
            id=new_id(), district_id=row.district_id, department=row.department, legal_basis="", name="", created_at=now
        )
        session.add(area)
    for field, value in change["after"].items():
        setattr(area, field, date.fromisoformat(value) if field in _DATES and value else value)
    area.approved_by, area.approved_on, area.adjustment = approver, today, row.number
    area.published_at, area.updated_at = now, now
    session.flush()
