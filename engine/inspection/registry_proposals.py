"""What a change of a registry row is made of: the fields an official may propose, read, compared and applied.

The fields are the columns of the import files and are judged by the same parsers, so that a form and
a file never disagree about what a value means.  The key (信用代码、人员编号) is proposed for a new row only:
records name it for ever, a wrong one is put right by a new row and the old one taken out of use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.db import new_id
from engine.errors import InvalidInput
from engine.inspection import tables, uscc
from engine.inspection.models import InspectedObject, Inspector
from engine.inspection.registry_history import difference
from engine.inspection.registry_import.columns import COLUMNS, Column
from engine.inspection.registry_import.values import BadValue, clean
from engine.settings import Settings

Row = InspectedObject | Inspector

NEW, CHANGE, STOP, RESUME = "新增", "变更", "停用", "恢复"
KINDS = (NEW, CHANGE, STOP, RESUME)


@dataclass(frozen=True)
class Register:
    """One registry: its table, its key, what people call it, and the fields proposals may hold."""

    code: str
    model: type[Row]
    key: str
    title: str
    fields: Mapping[str, Column]

    def find(self, session: Session, district_id: str, key: str, *, lock: bool = False) -> Row | None:
        """The row named ``key``, for writing with ``lock``."""
        statement = sa.select(self.model).where(
            self.model.district_id == district_id, getattr(self.model, self.key) == key
        )
        if lock:
            statement = statement.with_for_update().execution_options(populate_existing=True)
        return cast("Row | None", session.scalar(statement))

    def label(self, field: str) -> str:
        """The official name of a field."""
        return self.fields[field].header if field in self.fields else field


def _register(code: str, model: type[Row], title: str, left_out: Sequence[str] = ()) -> Register:
    columns = {column.field: column for column in COLUMNS[code] if column.field not in left_out}
    return Register(code, model, COLUMNS[code][0].field, title, columns)


#: The day of the last visit follows from inspections, nobody proposes it.
REGISTERS: dict[str, Register] = {
    "objects": _register("objects", InspectedObject, "检查对象", ("last_inspected_on",)),
    "inspectors": _register("inspectors", Inspector, "执法检查人员"),
}


def register_of(code: str) -> Register:
    """The registry ``code``.  Raises :class:`InvalidInput` for any other."""
    if code not in REGISTERS:
        raise InvalidInput("请选择要变更的名录：检查对象或执法检查人员。", fields={"register": ["请选择名录。"]})
    return REGISTERS[code]


def statuses(settings: Settings, register: str, active: bool, on: date) -> list[dict[str, str]]:
    """The states 停用 (not ``active``) or 恢复 may set, as form options (processes/tables/registry-status.json)."""
    return [
        {"value": row["code"], "label": row["name"]}
        for row in tables.rows(settings, "registry-status", on)
        if row["register"] == register and row["active"] == active
    ]


# --- from the form -------------------------------------------------------------------------------


def read_values(register: Register, kind: str, values: Mapping[str, Any], row: Row | None) -> dict[str, Any]:
    """The fields a proposal of ``kind`` sets, typed as the table stores them; texts judged as in an import.

    Raises :class:`InvalidInput` naming every faulty field.
    """
    wanted = {"status"} if kind in (STOP, RESUME) else set(register.fields) - {"status"}
    if kind != NEW:
        wanted.discard(register.key)
    found: dict[str, Any] = {}
    faults: dict[str, list[str]] = {}
    for field in wanted & set(values):
        column, value = register.fields[field], values[field]
        try:
            found[field] = _typed(column, value)
        except BadValue as bad:
            faults[field] = [f"{column.header}{bad.message}。{bad.remedy}"]
    if "permits" in found:
        found["permits"] = _permits(found["permits"], row.permits if isinstance(row, InspectedObject) else [])
    if register.code == "inspectors" and kind in (NEW, CHANGE):
        _check_drawable(found, row, faults)
    if faults:
        raise InvalidInput("填写的内容有误，请修改后重新提交。", fields=faults)
    return found


def _typed(column: Column, value: Any) -> Any:
    if isinstance(value, str):
        value = clean(value)
        return column.parse(value) if value else column.default()
    if value in (None, []):
        return column.default()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return column.parse(str(value))
    return value


def _permits(rows: list[dict[str, Any]], known: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The permits as rows of texts; who supervises a permit stays with it (R17)."""
    found = []
    for row in rows:
        permit = {name: str(row.get(name) or "") for name in ("name", "number", "issued", "expires", "issuer")}
        same = (k for k in known if (k.get("name"), k.get("number")) == (permit["name"], permit["number"]))
        kept = next(same, {})
        found.append({**permit, **{name: kept[name] for name in ("supervisor", "handover") if name in kept}})
    return found


def _check_drawable(found: dict[str, Any], row: Row | None, faults: dict[str, list[str]]) -> None:
    """Experts assist and uncertified staff are registered; neither is drawn (国办发〔2024〕54号)."""

    def after(field: str) -> Any:
        return found.get(field, getattr(row, field, None))

    if not after("drawable"):
        return
    if after("expert"):
        faults["drawable"] = ["专家只协助检查，不能参与抽取，请取消“是否参与抽取”。"]
    elif not after("certificate_number"):
        faults["drawable"] = ["没有执法证号的人员不能参与抽取，请补填执法证号或者取消“是否参与抽取”。"]


# --- compared and applied ------------------------------------------------------------------------


def changes_of(register: Register, row: Row | None, found: Mapping[str, Any]) -> dict[str, list[Any]]:
    """``{field: [old, new]}`` of what really changes, JSON-safe; a new row has blank old values."""
    before = None if row is None else {field: getattr(row, field) for field in found}
    return difference(before, found)


def moved_since(register: Register, row: Row | None, before: Mapping[str, Any]) -> dict[str, list[Any]]:
    """``{field: [as proposed upon, as it is now]}`` of the fields somebody else has changed meanwhile."""
    if row is None:
        return {}
    return difference(before, {field: getattr(row, field) for field in before})


def apply(
    session: Session, register: Register, district_id: str, key: str, proposed: Mapping[str, Any], now: datetime
) -> Row:
    """Write ``proposed`` (JSON values) into the row ``key``, a new row when there is none; returns the row."""
    row = register.find(session, district_id, key, lock=True)
    if row is None:
        defaults = {field: column.default() for field, column in register.fields.items()}
        row = register.model(
            id=new_id(), district_id=district_id, row_digest="", created_at=now, updated_at=now,
            **{**defaults, register.key: key},
        )  # fmt: skip
        session.add(row)
    for field, value in proposed.items():
        setattr(row, field, _stored(register.model, field, value))
    if isinstance(row, InspectedObject):
        row.kind = row.kind or uscc.KIND_BY_PREFIX.get(key[:2], "")
        row.to_verify = doubts(row, district_id)
    row.updated_at = now
    session.flush()
    return row


def doubts(row: InspectedObject, district_id: str) -> str:
    """待核: what is doubtful about a row, by the same checks as an import; empty when nothing is."""
    found = uscc.doubts(row.uscc)
    if row.region and not row.region.startswith(district_id):
        found.append(f"行政区划代码 {row.region} 不在本区")
    return "；".join(found)[:200]


def _stored(model: type[Row], field: str, value: Any) -> Any:
    kind = cast(sa.Table, model.__table__).c[field].type
    if isinstance(kind, sa.Date):
        return date.fromisoformat(value) if value else None
    if isinstance(kind, sa.Float):
        return None if value == "" else value
    return value


# --- shown ---------------------------------------------------------------------------------------


def form_values(register: Register, row: Row | None) -> dict[str, Any]:
    """The row as the fields of its form; a new row starts with the columns' defaults."""
    return {
        field: _as_input(register, field, column.default() if row is None else getattr(row, field))
        for field, column in register.fields.items()
    }


#: Lists that a form shows as one text, ``、`` between them.
_TEXT_LISTS = frozenset({"special_registries", "tags", "qualifications", "specialities"})


def _as_input(register: Register, field: str, value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if field in _TEXT_LISTS or isinstance(value, dict):
        return words(value) if value else ""
    return value


def words(value: Any) -> str:
    """A stored value as a person reads it."""
    if value is None or value == "" or value == []:
        return "（空）"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, dict):
        return "、".join(f"{name}:{until}" for name, until in value.items()) or "（空）"
    if isinstance(value, list):
        return "、".join(_permit_words(v) if isinstance(v, Mapping) else str(v) for v in value)
    return str(value)


def _permit_words(permit: Mapping[str, Any]) -> str:
    until = f"，有效期至 {permit['expires']}" if permit.get("expires") else ""
    return f"{permit.get('name', '')} {permit.get('number', '')}".strip() + until
