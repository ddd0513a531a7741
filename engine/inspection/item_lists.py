"""Versions of the item list: the province's as imported, the district's as compiled, and what differs between them.

A version is complete and stays as it is, so that any two can be laid side by side (R6–R8).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.db import new_id
from engine.errors import InvalidInput, NotFound
from engine.inspection import item_fields
from engine.inspection.item_models import ItemList, ItemListEntry
from engine.inspection.models import Item

PROVINCE, DISTRICT = "province", "district"
SCOPES = {PROVINCE: "省级清单", DISTRICT: "区级清单"}


@dataclass(frozen=True)
class Head:
    """What a version is called and where it stands."""

    version: str
    title: str
    document_number: str
    issued_on: date
    note: str = ""


def versions(session: Session, district_id: str, scope: str = "") -> list[ItemList]:
    """All versions, the newest first."""
    statement = sa.select(ItemList).where(ItemList.district_id == district_id)
    if scope:
        statement = statement.where(ItemList.scope == scope)
    return list(session.scalars(statement.order_by(ItemList.issued_on.desc(), ItemList.id.desc())))


def newest(session: Session, district_id: str, scope: str) -> ItemList | None:
    """The version in force of one scope."""
    return next(iter(versions(session, district_id, scope)), None)


def version_of(session: Session, district_id: str, list_id: str) -> ItemList:
    """The version with this id.  Raises :class:`NotFound`."""
    row = session.get(ItemList, list_id)
    if row is None or row.district_id != district_id:
        raise NotFound("没有找到这个清单版本，可能链接有误。")
    return row


def entries(session: Session, list_id: str) -> list[ItemListEntry]:
    """The items of a version by department and code."""
    statement = sa.select(ItemListEntry).where(ItemListEntry.list_id == list_id)
    return list(session.scalars(statement.order_by(ItemListEntry.department, ItemListEntry.code)))


def save_version(
    session: Session, district_id: str, scope: str, head: Head, records: Sequence[Mapping[str, Any]], *,
    actor: Actor, now: datetime, file_name: str = "", sha256: str = "",
) -> ItemList:  # fmt: skip
    """Keep a complete version.  Raises :class:`InvalidInput` when its name is taken or it has no items."""
    taken = sa.select(ItemList.id).where(
        ItemList.district_id == district_id, ItemList.scope == scope, ItemList.version == head.version
    )
    if session.scalar(taken) is not None:
        said = f"{SCOPES[scope]}已有版本“{head.version}”，请换一个版本名称。"
        raise InvalidInput(said, fields={"version": [said]})
    if not records:
        raise InvalidInput("清单中没有事项，不能成为一个版本。", fields={"file": ["没有事项。"]})
    row = ItemList(
        id=new_id(), district_id=district_id, scope=scope, version=head.version, title=head.title,
        document_number=head.document_number, issued_on=head.issued_on, note=head.note, count=len(records),
        file_name=file_name, sha256=sha256, by_user=actor.user_id, by_name=actor.name, at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    session.execute(
        sa.insert(ItemListEntry),
        [
            {
                "id": new_id(), "district_id": district_id, "list_id": row.id, "code": record["code"],
                "department": record["department"], "name": record["name"], "fields": dict(record),
            }
            for record in records
        ],
    )  # fmt: skip
    return row


def compile_district(
    session: Session, district_id: str, head: Head, *, actor: Actor, now: datetime
) -> ItemList:  # fmt: skip
    """Compile (汇编) the district's list from its published items that have not ended (R7)."""
    items = session.scalars(
        sa.select(Item)
        .where(
            Item.district_id == district_id,
            Item.published,
            sa.or_(Item.valid_until.is_(None), Item.valid_until >= head.issued_on),
        )
        .order_by(Item.code)
    ).all()
    for item in items:
        item.list_version = head.version
    session.flush()
    records = [item_fields.values_of(item) for item in items]
    return save_version(session, district_id, DISTRICT, head, records, actor=actor, now=now)


# ---------------------------------------------------------------- side by side


@dataclass(frozen=True)
class Difference:
    """One item that is not the same in two versions; ``fields`` are ``(field, old, new)``."""

    kind: str  # 增加 | 减少 | 变更
    code: str
    name: str
    department: str
    fields: Sequence[tuple[str, Any, Any]] = ()


def compare(old: Sequence[ItemListEntry], new: Sequence[ItemListEntry]) -> list[Difference]:
    """What became of the items of ``old`` in ``new``, by department and code."""
    before = {entry.code: entry for entry in old}
    after = {entry.code: entry for entry in new}
    found = [Difference("减少", e.code, e.name, e.department) for code, e in before.items() if code not in after]
    for code, entry in after.items():
        if code not in before:
            found.append(Difference("增加", code, entry.name, entry.department))
        elif changed := item_fields.differences(before[code].fields, entry.fields):
            found.append(Difference("变更", code, entry.name, entry.department, changed))
    return sorted(found, key=lambda d: (d.department, d.code))


@dataclass(frozen=True)
class Counterpart:
    """An item of the province's list beside the district's own: 未认领, 要素不同, 一致 or 区级自有 (R6)."""

    state: str
    province: ItemListEntry | None
    item: Item | None
    fields: Sequence[tuple[str, Any, Any]] = ()  # (field, province's, district's)


COUNTERPART_STATES = ("未认领", "要素不同", "一致", "区级自有")


def beside_province(session: Session, district_id: str, province: ItemList, today: date) -> list[Counterpart]:
    """The province's list and the district's present items side by side.

    A district item belongs to the provincial item it names (省级事项编码) or whose code it has.
    What the province leaves blank is the district's to fill and no difference.
    """
    items = session.scalars(
        sa.select(Item)
        .where(
            Item.district_id == district_id, sa.or_(Item.valid_until.is_(None), Item.valid_until >= today)
        )
        .order_by(Item.department, Item.code)
    ).all()  # fmt: skip
    theirs = {entry.code: entry for entry in entries(session, province.id)}
    ours: dict[str, list[Item]] = {}
    own: list[Item] = []
    for item in items:
        code = item.provincial_code or item.code
        (ours.setdefault(code, []) if code in theirs else own).append(item)
    found = []
    for code, entry in theirs.items():
        fields = [field for field in item_fields.COMPARED if entry.fields.get(field) not in (None, "", [])]
        for one in ours.get(code, []):
            changed = item_fields.differences(entry.fields, item_fields.values_of(one), fields)
            found.append(Counterpart("要素不同" if changed else "一致", entry, one, changed))
        if code not in ours:
            found.append(Counterpart("未认领", entry, None))
    return found + [Counterpart("区级自有", None, item) for item in own]
