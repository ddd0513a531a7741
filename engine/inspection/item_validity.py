"""Whether an item may be checked: only published items that are in force (国办发〔2024〕54号, R6–R8)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection.models import Item

#: What a list shows of an item; see :func:`state_of`.
STATES = ("有效", "尚未施行", "已失效", "未公布")


class Dated(Protocol):
    """What is asked of an item or of anything that is valid for a time."""

    @property
    def published(self) -> bool: ...
    @property
    def valid_from(self) -> date | None: ...
    @property
    def valid_until(self) -> date | None: ...


def why_not_checkable(item: Dated, first: date, last: date) -> str:
    """Why ``item`` may not be checked from ``first`` to ``last`` (both included); empty when it may."""
    if not item.published:
        return "尚未公布"
    if item.valid_from is not None and first < item.valid_from:
        return f"自 {item.valid_from} 起施行"
    if item.valid_until is not None and item.valid_until < last:
        return f"{'已' if item.valid_until < first else '将'}于 {item.valid_until} 失效"
    return ""


def state_of(item: Dated, today: date) -> str:
    """One of :data:`STATES`, for lists."""
    if not item.published:
        return "未公布"
    if item.valid_until is not None and item.valid_until < today:
        return "已失效"
    if item.valid_from is not None and today < item.valid_from:
        return "尚未施行"
    return "有效"


def not_checkable(
    session: Session, district_id: str, codes: Collection[str], first: date, last: date
) -> dict[str, str]:  # fmt: skip
    """Code → why it may not be checked in these days, of ``codes``; an unknown code is not in the list."""
    rows = session.scalars(sa.select(Item).where(Item.district_id == district_id, Item.code.in_(codes)))
    items = {item.code: item for item in rows}
    found = {}
    for code in dict.fromkeys(codes):
        reason = why_not_checkable(items[code], first, last) if code in items else "不在抽查事项清单中"
        if reason:
            found[code] = reason
    return found
