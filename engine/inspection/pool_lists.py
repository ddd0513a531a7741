"""What a work plan and the gate-check form say about the lists of a draw: days, items, added exclusions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.errors import ServiceTaskFailed
from engine.inspection.item_validity import why_not_checkable
from engine.inspection.models import Item

#: In a record that everybody may read, a reason must not tell of an open case.
NEUTRAL = {"正在立案调查": "依法暂不检查（依据存档备查）"}


def plan_days(plan: Mapping[str, Any], today: date) -> tuple[date, date]:
    """The first and last day of the task; certificates must hold until the last."""
    days = []
    for key in ("start_date", "end_date"):
        try:
            days.append(max(today, date.fromisoformat(str(plan.get(key) or today))))
        except ValueError:
            days.append(today)
    return days[0], max(days)


def added_exclusions(plan: Mapping[str, Any], checked: Mapping[str, Any]) -> dict[str, str]:
    """Firms the officer excluded, with the reason as far as the record's readers may know it."""
    protected = is_protected(plan)
    return {
        str(row["uscc"]): f"{row['reason']}：{row['evidence']}"
        if protected
        else NEUTRAL.get(row["reason"], row["reason"])
        for row in checked.get("exclusions") or []
    }


def is_protected(plan: Mapping[str, Any]) -> bool:
    """Is the record kept from the public while the task runs?"""
    return str(plan.get("disclosure") or "protected") == "protected"


def checkable_items(
    session: Session, district: str, plan: Mapping[str, Any], departments: list[str], first: date, last: date
) -> list[Item]:
    """The plan's items of these departments.

    Raises :class:`ServiceTaskFailed` naming every item that may not be checked between the two days.
    """
    wanted = list(dict.fromkeys(plan.get("items") or []))
    rows = session.scalars(
        sa.select(Item).where(Item.district_id == district, Item.code.in_(wanted)).order_by(Item.code)
    )
    items = {row.code: row for row in rows}
    wrong = [f"{code} 不在抽查事项清单中" for code in wanted if code not in items]
    wrong += [f"{i.code} {i.name}{why}" for i in items.values() if (why := why_not_checkable(i, first, last))]
    if wrong:
        raise ServiceTaskFailed(f"工作方案中有不得检查的抽查事项：{'；'.join(wrong)}。请退回方案修改。")
    own = [row for row in items.values() if row.department in departments]
    if not own:
        raise ServiceTaskFailed("工作方案中没有本次各部门已公布的抽查事项，请退回方案修改。")
    return own
