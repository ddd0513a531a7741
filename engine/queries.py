"""Read-only questions: the board of overdue work, one case's timeline and state.

Lists page by key, never by offset.  A person's own lists: :mod:`engine.inbox`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.models import Deadline, HistoryEvent, ProcessInstance, TaskCandidate, UserTask
from engine.scope import instance_in_scope, scope

#: Cursor of a page: the last row's sort value and id.
Cursor = tuple[str, str]


def waits_for(actor: Actor) -> sa.ColumnElement[bool]:
    """The condition that an open task is the actor's own or offered to the actor and nobody's yet."""
    named = sa.select(TaskCandidate.task_id).where(TaskCandidate.user_id == actor.user_id)
    return sa.or_(
        UserTask.assignee_id == actor.user_id,
        sa.and_(
            UserTask.assignee_id.is_(None),
            sa.or_(UserTask.group.in_(sorted(actor.groups)), UserTask.id.in_(named)),
        ),
    )


@dataclass(frozen=True)
class BoardRow:
    """Open work of one department at one step: how much, how much of it late or near its due time."""

    department: str
    process_key: str
    element_id: str
    name: str
    open: int
    overdue: int
    near: int
    oldest: datetime | None


@dataclass(frozen=True)
class WorkFilter:
    """Which open work is asked for; ``departments`` None means every one in scope.

    ``state``: ``overdue``, ``near`` (due before ``near``), ``undated`` or empty for all.
    """

    now: datetime
    near: datetime
    departments: frozenset[str] | None = None
    department: str = ""
    process_key: str = ""
    element_id: str = ""
    state: str = ""
    search: str = ""


def due_of_work() -> sa.ColumnElement[datetime]:
    """When open work is due: by its task, else by the earliest deadline of its business key not met yet.

    A step without a due time of its own still eats the time of a statutory one (R40).
    """
    statutory = (
        sa.select(sa.func.min(Deadline.due_at))
        .where(
            Deadline.district_id == UserTask.district_id,
            Deadline.business_key == UserTask.business_key,
            Deadline.met_at.is_(None),
        )
        .correlate(UserTask)
        .scalar_subquery()
    )
    return sa.func.coalesce(UserTask.due_at, statutory)


def board(session: Session, actor: Actor, wanted: WorkFilter) -> list[BoardRow]:
    """Open work in the actor's scope by department and step, without the filter's ``state``."""
    work = (
        sa.select(UserTask, due_of_work().label("due"))
        .where(*_work_conditions(actor, replace(wanted, state="")))
        .subquery()
    )
    late = sa.func.sum(sa.case((work.c.due < wanted.now, 1), else_=0))
    close = sa.func.sum(sa.case((sa.and_(work.c.due >= wanted.now, work.c.due < wanted.near), 1), else_=0))
    rows = session.execute(
        sa.select(
            work.c.department, work.c.process_key, work.c.element_id, sa.func.max(work.c.name).label("name"),
            sa.func.count().label("open"), late.label("overdue"), close.label("near"),
            sa.func.min(work.c.due).label("oldest"),
        )
        .group_by(work.c.department, work.c.process_key, work.c.element_id)
        .order_by(work.c.department, work.c.process_key, work.c.element_id)
    )  # fmt: skip
    return [BoardRow(**row._mapping) for row in rows]


def open_work(
    session: Session, actor: Actor, wanted: WorkFilter, *, after: Cursor | None = None, limit: int = 100
) -> list[tuple[UserTask, datetime | None]]:  # fmt: skip
    """Open tasks in the actor's scope with their due time, the most urgent first.

    ``after`` is the last row's due time in ISO 8601 (empty when it had none) and id.
    """
    due = due_of_work()
    statement = sa.select(UserTask, due).where(*_work_conditions(actor, wanted))
    if after is not None and after[0]:
        moment = datetime.fromisoformat(after[0])
        statement = statement.where(sa.or_(due.is_(None), due > moment, sa.and_(due == moment, UserTask.id > after[1])))
    elif after is not None:
        statement = statement.where(due.is_(None), UserTask.id > after[1])
    rows = session.execute(statement.order_by(due.is_(None), due, UserTask.id).limit(limit))
    return [(task, moment) for task, moment in rows]


def _work_conditions(actor: Actor, wanted: WorkFilter) -> list[sa.ColumnElement[bool]]:
    found = [UserTask.state == "open", instance_in_scope(actor, UserTask.instance_id)]
    if wanted.departments is not None:
        found.append(UserTask.department.in_(sorted(wanted.departments)))
    for column, value in (
        (UserTask.department, wanted.department),
        (UserTask.process_key, wanted.process_key),
        (UserTask.element_id, wanted.element_id),
    ):
        if value:
            found.append(column == value)
    if wanted.search:
        like = f"%{wanted.search.replace('%', '').replace('_', '')}%"
        found.append(sa.or_(UserTask.title.like(like), UserTask.business_key.like(like)))
    due = due_of_work()
    if wanted.state == "overdue":
        found.append(due < wanted.now)
    elif wanted.state == "near":
        found.append(sa.and_(due >= wanted.now, due < wanted.near))
    elif wanted.state == "undated":
        found.append(due.is_(None))
    return found


def deadlines(session: Session, district_id: str, business_keys: Sequence[str]) -> list[Deadline]:
    """Statutory deadlines of some business keys, the earliest first."""
    return list(
        session.scalars(
            sa.select(Deadline)
            .where(Deadline.district_id == district_id, Deadline.business_key.in_(list(business_keys)))
            .order_by(Deadline.due_at)
        )
    )


def instance_of(session: Session, actor: Actor, process_key: str, business_key: str) -> ProcessInstance | None:
    """The instance under a business key when the actor may see it."""
    return session.scalar(
        scope(
            sa.select(ProcessInstance).where(
                ProcessInstance.process_key == process_key, ProcessInstance.business_key == business_key
            ),
            actor,
        )
    )


@dataclass(frozen=True)
class TimelineEntry:
    """One event of an instance's history, its body parsed."""

    at: datetime
    actor_name: str
    kind: str
    body: dict[str, Any]
    instance_id: str


def timeline(session: Session, instance_ids: Sequence[str], *, limit: int = 500) -> list[TimelineEntry]:
    """Who did what and when in some instances, oldest first."""
    rows = session.execute(
        sa.select(HistoryEvent.at, HistoryEvent.actor_name, HistoryEvent.kind, HistoryEvent.body, HistoryEvent.stream)
        .where(HistoryEvent.stream.in_(list(instance_ids)))
        .order_by(HistoryEvent.at, HistoryEvent.id)
        .limit(limit)
    )
    return [TimelineEntry(r.at, r.actor_name, r.kind, orjson.loads(r.body), r.stream) for r in rows]
