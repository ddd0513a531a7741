"""责令改正: its rounds, the situations a section head decides in, and what a penalty takes over (R41, PL28)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection import tables
from engine.inspection.follow_ups import find_follow_up
from engine.inspection.models import DepartmentInspection, Finding, FollowUp, Item
from engine.inspection.rectification_models import Reinspection
from engine.settings import Settings

ON_THE_SPOT, TERM = "当场改正", "限期改正"
CORRECTED, GONE = "已改正", "当事人无法联系"
NOT_SERVED = "未能送达"
PENALTY = "administrative-penalty"
#: What one round of an order is made of, in ``FollowUp.facts``; a second order begins them anew.
_ROUND = ("order", "term", "report", "reminder", "reinspection")


def begin_round(row: FollowUp, order: Mapping[str, Any]) -> None:
    """A new order: what was done under the one before moves to ``earlier``."""
    facts = dict(row.facts)
    before = {key: facts.pop(key) for key in _ROUND if key in facts}
    earlier = [*facts.get("earlier", []), before] if before else facts.get("earlier", [])
    row.facts = {**facts, "order": {**order, "round": len(earlier) + 1}, "earlier": earlier}


def situation(row: FollowUp) -> str:
    """What is to be decided upon: the result of the re-inspection, 当场改正 or 未能送达."""
    if found := row.facts.get("reinspection"):
        return str(found["result"])
    order = row.facts.get("order") or {}
    return ON_THE_SPOT if order.get("mode") == ON_THE_SPOT else NOT_SERVED


def decisions(settings: Settings, row: FollowUp, on: date) -> list[dict[str, Any]]:
    """The decisions the table allows in the row's situation."""
    now = situation(row)
    return [one for one in tables.rows(settings, "rectification-decision", on) if now in one["when"]]


def term(settings: Settings, code: str, on: date) -> dict[str, Any]:
    """The row of a term; the default row for one the table does not hold."""
    rows = tables.rows(settings, "rectification-term", on)
    return next((r for r in rows if r["code"] == code), None) or next(r for r in rows if r["default"])


def reinspections(session: Session, district_id: str, number: str) -> list[Reinspection]:
    """Every look at whether the order was followed, the first one first."""
    return list(
        session.scalars(
            sa.select(Reinspection)
            .where(Reinspection.district_id == district_id, Reinspection.follow_up == number)
            .order_by(Reinspection.round)
        )
    )


def ordered_items(session: Session, row: FollowUp) -> list[dict[str, str]]:
    """The problems to look at again, one a finding of the visit; the order's own words where there was none."""
    found = session.execute(
        sa.select(Finding.item, Finding.note, Item.name)
        .outerjoin(Item, sa.and_(Item.code == Finding.item, Item.district_id == Finding.district_id))
        .where(Finding.district_id == row.district_id, Finding.department_inspection == row.root, Finding.problem)
        .order_by(Finding.item)
    ).all()
    words = [f"{name or item}：{note}".rstrip("：")[:500] for item, note, name in found]
    if not words:
        words = [str((row.facts.get("order") or {}).get("content") or "")[:500]]
    return [{"problem": one} for one in words if one]


def penalty_above(session: Session, row: FollowUp) -> FollowUp | None:
    """The penalty case this order was given in, however far above; None when there is none."""
    above: FollowUp | None = row
    while above is not None and above.kind != PENALTY:
        above = find_follow_up(session, row.district_id, above.origin)
    return above


def carried(session: Session, row: FollowUp) -> dict[str, str]:
    """What whoever goes on with the case takes over, so that nothing is typed again.

    ``facts`` tells the finding, the order and the re-inspection in one text, ``basis`` the clauses.
    """
    part = session.scalar(
        sa.select(DepartmentInspection).where(
            DepartmentInspection.district_id == row.district_id, DepartmentInspection.number == row.root
        )
    )
    conclusion: Mapping[str, Any] = part.conclusion if part is not None else {}
    order, again = row.facts.get("order") or {}, row.facts.get("reinspection") or {}
    due, served = (row.facts.get("term") or {}).get("due_on", ""), (row.facts.get("term") or {}).get("served_on", "")
    told = [str(conclusion.get("facts") or order.get("content") or "")]
    if served:
        told.append(f"本机关于{served}送达责令改正通知书，责令于{due}前改正：{order.get('content') or ''}")
    if again:
        told.append(f"{str(again.get('inspected_at') or '')[:10]}复查：{again.get('facts') or ''}")
        told.append(str(again.get("next_reason") or again.get("contact_tried") or ""))
    return {
        "facts": "\n".join(one.strip() for one in told if one.strip()),
        "basis": str(conclusion.get("basis") or ""),
        "ordered_on": str(served), "due_on": str(due), "result": situation(row),
        "reinspected_on": str(again.get("inspected_at") or "")[:10],
        "next_reason": str(again.get("next_reason") or ""),
    }  # fmt: skip
