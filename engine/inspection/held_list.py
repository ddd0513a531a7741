"""在管物品 as officers look at them: what is held, where, until when, and what is overdue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.errors import NotFound
from engine.inspection import held_items
from engine.inspection.held_models import HeldItem
from engine.models import Deadline
from engine.scope import sees_district

#: What the page asks for first: overdue, to be handed back or on, everything held, everything done with.
VIEWS = {"": "在管", "overdue": "超过期限", "waiting": "待退还、待移交", "ended": "已了结", "all": "全部"}


@dataclass(frozen=True)
class HeldFilter:
    """Which things are asked for; ``departments`` None means the whole district, ``view`` is one of :data:`VIEWS`."""

    district_id: str
    now: datetime
    departments: frozenset[str] | None = None
    department: str = ""
    states: tuple[str, ...] = ()
    view: str = ""
    search: str = ""


@dataclass(frozen=True)
class Held:
    """One thing of the list; ``until`` is the end of the measure's term, None while it stands still or is decided."""

    item: HeldItem
    limit: Deadline | None
    overdue: bool

    @property
    def term(self) -> Deadline | None:
        """The term that counts for the thing as it is now."""
        return self.limit if self.item.state in held_items.UNDER_MEASURE else None


def _limit() -> sa.ColumnElement[bool]:
    return sa.and_(
        Deadline.district_id == HeldItem.district_id, Deadline.business_key == HeldItem.measure,
        Deadline.name.in_(sorted(held_items.LIMITS.values())),
    )  # fmt: skip


def _overdue(now: datetime) -> sa.ColumnElement[bool]:
    """The term is over and nothing was decided, or it was over before and the thing is still here."""
    held = HeldItem.state.in_(held_items.UNDER_MEASURE)
    lifted = HeldItem.state == held_items.TO_RETURN
    return sa.and_(sa.or_(held, lifted), Deadline.met_at.is_(None), Deadline.due_at < now)


def _conditions(wanted: HeldFilter, view: str) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = [HeldItem.district_id == wanted.district_id]
    if wanted.departments is not None:
        found.append(HeldItem.department.in_(sorted(wanted.departments)))
    if wanted.department:
        found.append(HeldItem.department == wanted.department)
    if wanted.states:
        found.append(HeldItem.state.in_(wanted.states))
    if text := wanted.search:
        fields = (HeldItem.name, HeldItem.mark, HeldItem.subject_name, HeldItem.place, HeldItem.keeper, HeldItem.number)
        like = [field.contains(text, autoescape=True) for field in fields]
        found.append(sa.or_(HeldItem.uscc == text.upper(), *like))
    ended = HeldItem.ended_at.is_not(None)
    waiting = sa.and_(~ended, HeldItem.state.not_in(held_items.UNDER_MEASURE))
    by_view = {"": ~ended, "overdue": _overdue(wanted.now), "waiting": waiting, "ended": ended}
    return [*found, by_view[view]] if view in by_view else found


def listed(wanted: HeldFilter) -> sa.Select[Any]:
    """Rows (HeldItem, Deadline or None), the most urgent first."""
    return (
        sa.select(HeldItem, Deadline)
        .outerjoin(Deadline, _limit())
        .where(*_conditions(wanted, wanted.view))
        .order_by(HeldItem.ended_at.is_not(None), Deadline.due_at.is_(None), Deadline.due_at, HeldItem.number)
    )


def shown(rows: Any, now: datetime) -> list[Held]:
    """The rows of :func:`listed` with whether each is overdue."""
    return [Held(item, limit, _is_overdue(item, limit, now)) for item, limit in rows]


def _is_overdue(item: HeldItem, limit: Deadline | None, now: datetime) -> bool:
    counts = item.state in held_items.UNDER_MEASURE or item.state == held_items.TO_RETURN
    return counts and limit is not None and limit.met_at is None and limit.due_at is not None and limit.due_at < now


def counts(session: Session, wanted: HeldFilter) -> dict[str, int]:
    """How many things each view has, whatever view is asked for."""
    found = {}
    for view in VIEWS:
        inner = sa.select(sa.func.count()).select_from(HeldItem).outerjoin(Deadline, _limit())
        found[view] = session.scalar(inner.where(*_conditions(wanted, view))) or 0
    return found


def visible_item(session: Session, actor: Actor, item_id: str) -> tuple[HeldItem, Deadline | None]:
    """One thing and its term.  Raises :class:`NotFound`; outside one's departments its existence is not told."""
    row = session.execute(
        sa.select(HeldItem, Deadline).outerjoin(Deadline, _limit()).where(HeldItem.id == item_id)
    ).first()  # fmt: skip
    if row is None or not (sees_district(actor) or row[0].department in actor.departments):
        raise NotFound("没有找到这件物品，可能链接有误，或不属于您所在的部门。")
    return row[0], row[1]
