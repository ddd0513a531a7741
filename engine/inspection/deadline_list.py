"""Open deadlines as supervisors and heads look at them, one deadline's trail, and the reminders of one person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.errors import NotFound
from engine.models import Deadline, DeadlineChange, DeadlineReminder, ProcessInstance
from engine.queries import Cursor
from engine.scope import instance_in_scope, not_kept_from, sees_district, sees_restricted

#: Colours of the running ones and the one state apart from them, in the order of the page.
COLOURS = ("red", "orange", "yellow", "green", "suspended")


@dataclass(frozen=True)
class DeadlineFilter:
    """Which open deadlines are asked for; ``departments`` None means the whole district.

    ``colour``: one of :data:`COLOURS`, empty for everything that runs.  ``search`` looks in number and title.
    """

    now: datetime
    departments: frozenset[str] | None = None
    department: str = ""
    name: str = ""
    colour: str = ""
    provisional: bool = False
    search: str = ""


def open_deadlines(
    session: Session, actor: Actor, wanted: DeadlineFilter, *, after: Cursor | None = None, limit: int = 50
) -> Sequence[sa.Row[Any]]:
    """Rows (Deadline, title of its case), the most urgent first; suspended ones by when they were suspended.

    ``after`` is the last row's due time (or that of its suspension) in ISO 8601 and its id.
    """
    order: Any = Deadline.suspended_at if wanted.colour == "suspended" else Deadline.due_at
    statement = (
        sa.select(Deadline, ProcessInstance.title)
        .outerjoin(ProcessInstance, ProcessInstance.id == Deadline.instance_id)
        .where(*_conditions(actor, wanted), *_coloured(wanted))
        .order_by(order, Deadline.id)
        .limit(limit)
    )
    if after is not None:
        moment = datetime.fromisoformat(after[0])
        statement = statement.where(sa.or_(order > moment, sa.and_(order == moment, Deadline.id > after[1])))
    return session.execute(statement).all()


def counts(session: Session, actor: Actor, wanted: DeadlineFilter) -> dict[str, int]:
    """How many there are of each colour, whatever colour and search the filter asks for.

    What is kept from the actor is counted apart and taken off: it is little, and the index answers the rest.
    """
    found = _sums(session, wanted)
    if not sees_restricted(actor):
        restricted = sa.select(ProcessInstance.id).where(ProcessInstance.restricted)
        hidden = (Deadline.instance_id.in_(restricted), ~instance_in_scope(actor, Deadline.instance_id))
        found = {colour: found[colour] - kept for colour, kept in _sums(session, wanted, *hidden).items()}
    return found


def _sums(session: Session, wanted: DeadlineFilter, *more: sa.ColumnElement[bool]) -> dict[str, int]:
    """A deadline turns yellow, orange and red in this order, so three sums tell all."""
    every, asked = sa.func.count(), [*_of_office(wanted), *more]
    # Apart, because each of both reads one stretch of the index alone.
    suspended = session.scalar(sa.select(every).select_from(Deadline).where(*asked, Deadline.due_at.is_(None)))
    row = session.execute(
        sa.select(
            every, every.filter(Deadline.due_at < wanted.now), every.filter(Deadline.orange_at < wanted.now),
            every.filter(Deadline.yellow_at < wanted.now),
        ).where(*asked, Deadline.due_at.is_not(None))
    ).one()  # fmt: skip
    running, red, orange, yellow = row
    return {
        "red": red, "orange": orange - red, "yellow": yellow - orange, "green": running - yellow,
        "suspended": suspended or 0,
    }  # fmt: skip


def _of_office(wanted: DeadlineFilter) -> list[sa.ColumnElement[bool]]:
    """What an index answers: open, of some departments, of one name."""
    found: list[sa.ColumnElement[bool]] = [Deadline.met_at.is_(None)]
    if wanted.departments is not None:
        found.append(Deadline.department.in_(sorted(wanted.departments)))
    if wanted.department:
        found.append(Deadline.department == wanted.department)
    if wanted.name:
        found.append(Deadline.name == wanted.name)
    if wanted.provisional:
        found.append(Deadline.provisional.is_(True))
    return found


def _conditions(actor: Actor, wanted: DeadlineFilter) -> list[sa.ColumnElement[bool]]:
    found = [*_of_office(wanted), not_kept_from(actor, Deadline.instance_id)]
    if wanted.search:
        like = f"%{wanted.search.replace('%', '').replace('_', '')}%"
        found.append(sa.or_(Deadline.business_key.like(like), ProcessInstance.title.like(like)))
    return found


def _coloured(wanted: DeadlineFilter) -> list[sa.ColumnElement[bool]]:
    now, running = wanted.now, Deadline.due_at >= wanted.now
    by_colour: dict[str, list[sa.ColumnElement[bool]]] = {
        "red": [Deadline.due_at < now],
        "orange": [running, Deadline.orange_at < now],
        "yellow": [running, Deadline.orange_at >= now, Deadline.yellow_at < now],
        "green": [running, Deadline.yellow_at >= now],
        "suspended": [Deadline.due_at.is_(None)],
    }
    return by_colour.get(wanted.colour, [Deadline.due_at.is_not(None)])


def visible_deadline(session: Session, actor: Actor, deadline_id: str) -> Deadline:
    """The deadline when the actor may know of it: of the own department, or of a case in the actor's scope.

    Raises :class:`NotFound`; outside the scope even its existence is not told.
    """
    deadline = session.get(Deadline, deadline_id)
    if deadline is not None:
        if deadline.instance_id is None:
            allowed = sees_district(actor) or deadline.department in actor.departments
        else:
            seen = sa.select(ProcessInstance.id).where(
                ProcessInstance.id == deadline.instance_id, instance_in_scope(actor, ProcessInstance.id)
            )
            allowed = session.scalar(seen) is not None
        if allowed:
            return deadline
    raise NotFound("没有找到这一期限，可能链接有误，或不属于您所在的部门。")


def trail(session: Session, deadline_id: str) -> Sequence[DeadlineChange]:
    """Every change of a deadline, oldest first."""
    return session.scalars(
        sa.select(DeadlineChange)
        .where(DeadlineChange.deadline_id == deadline_id)
        .order_by(DeadlineChange.at, DeadlineChange.id)
    ).all()


def reminders_for(session: Session, actor: Actor, *, limit: int = 6) -> tuple[Sequence[Deadline], bool]:
    """Open deadlines the actor was reminded of, the most urgent first, and whether there are more."""
    recipients = [f"user:{actor.user_id}", *sorted(actor.groups), *(f"*/{role}" for role in sorted(actor.roles))]
    reminded = sa.select(DeadlineReminder.deadline_id).where(DeadlineReminder.recipient.in_(recipients))
    found = session.scalars(
        sa.select(Deadline)
        .where(Deadline.id.in_(reminded), Deadline.met_at.is_(None), not_kept_from(actor, Deadline.instance_id))
        .order_by(Deadline.due_at, Deadline.id)
        .limit(limit + 1)
    ).all()
    return found[:limit], len(found) > limit
