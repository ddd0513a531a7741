"""A person's own lists: 待办, 待签收 and 已办, paged by key and counted up to a cap.

What waits for somebody are a few disjoint sets: their own tasks, those offered to each of their groups,
those offered to them by name.  Each is read in order from an index of its own and cut short, whatever
the number of tasks in the system.  The statements are written once for each number of groups: building
them anew would cost more than running them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.db import Id, Instant
from engine.models import TaskCandidate, UserTask
from engine.queries import Cursor

PAGE = 50
#: Whoever has more tasks than this is told so, not how many.
COUNT_CAP = 200

#: Written out, not a parameter: only so does every database know that the indexes of open tasks apply.
_IS_OPEN = UserTask.state == sa.literal_column("'open'")
_SHOWN = (
    UserTask.id, UserTask.title, UserTask.process_key, UserTask.business_key, UserTask.name, UserTask.department,
    UserTask.assignee_id, UserTask.created_at, UserTask.due_at, UserTask.closed_at,
)  # fmt: skip
_USER = sa.bindparam("of_user", type_=Id)
_MOST = sa.bindparam("most", type_=sa.Integer)


@dataclass(frozen=True)
class Page:
    """One page of tasks (rows with what a list shows); ``next`` is None on the last page."""

    tasks: Sequence[sa.Row[Any]]
    next: Cursor | None


def inbox(
    session: Session, actor: Actor, *, tab: str = "todo", search: str = "", process_key: str = "",
    after: Cursor | None = None, limit: int = PAGE,
) -> Page:  # fmt: skip
    """The actor's tasks.

    ``tab``: ``todo`` 待办 (mine and offered to me), ``claimable`` 待签收 (offered, nobody's yet),
    ``done`` 已办.  ``search`` matches title, task name and business key.
    """
    wanted: dict[str, Any] = {**_parameters(actor), "most": limit + 1, "of_process": process_key}
    if search:
        wanted["like"] = f"%{search.replace('%', '').replace('_', '')}%"
    if after is not None:
        wanted |= {"after_at": datetime.fromisoformat(after[0]), "after_id": after[1]}
    asked = (bool(search), bool(process_key), after is not None)
    statement = _done(*asked) if tab == "done" else _waiting(tab, len(actor.groups), *asked)
    tasks = session.execute(statement, wanted).all()
    shown = tasks[:limit]
    if len(tasks) <= limit:
        return Page(shown, None)
    last = shown[-1]
    return Page(shown, ((last.closed_at if tab == "done" else last.created_at).isoformat(), last.id))


def first_todo(groups: int, columns: Sequence[str]) -> sa.Subquery:
    """The first tasks that wait for somebody in so many groups, one more than :data:`COUNT_CAP`, to be counted.

    Statements over it run with :func:`todo_parameters`.
    """
    found = _first(_branches("todo", groups, [getattr(UserTask, name) for name in columns]))
    return sa.select(found).limit(_MOST).subquery()


def todo_parameters(actor: Actor) -> dict[str, Any]:
    """What :func:`first_todo` asks of one actor."""
    return {**_parameters(actor), "most": COUNT_CAP + 1}


# -- statements -------------------------------------------------------------------------


def _parameters(actor: Actor) -> dict[str, Any]:
    return {"of_user": actor.user_id, **{f"group_{n}": group for n, group in enumerate(sorted(actor.groups))}}


def _branches(tab: str, groups: int, columns: Sequence[Any]) -> list[sa.Select[Any]]:
    """The disjoint sets of open tasks that wait for somebody in so many groups."""
    free = UserTask.assignee_id.is_(None)
    mine = sa.select(*columns).where(_IS_OPEN, UserTask.assignee_id == _USER)
    offered = [sa.select(*columns).where(_IS_OPEN, UserTask.group == sa.bindparam(f"group_{n}"), free)
               for n in range(groups)]  # fmt: skip
    # Whoever is named is named instead of a group (engine/commands/task_access.py, is_candidate).
    named = (
        sa.select(*columns)
        .join(TaskCandidate, TaskCandidate.task_id == UserTask.id)
        .where(TaskCandidate.user_id == _USER, _IS_OPEN, free, UserTask.group == "")
    )
    return [*([mine] if tab == "todo" else []), *offered, named]


@lru_cache(maxsize=256)
def _waiting(tab: str, groups: int, searched: bool, of_process: bool, after: bool) -> sa.Select[Any]:
    conditions = _filters(searched, of_process)
    if after:
        conditions.append(_behind(UserTask.created_at, later=True))
    ordered = [
        branch.where(*conditions).order_by(UserTask.created_at, UserTask.id)
        for branch in _branches(tab, groups, _SHOWN)
    ]
    found = _first(ordered)
    return sa.select(found).order_by(found.c.created_at, found.c.id).limit(_MOST)


@lru_cache(maxsize=8)
def _done(searched: bool, of_process: bool, after: bool) -> sa.Select[Any]:
    conditions = _filters(searched, of_process)
    if after:
        conditions.append(_behind(UserTask.closed_at, later=False))
    return (
        sa.select(*_SHOWN)
        .where(UserTask.closed_by == _USER, UserTask.state == "completed", *conditions)
        .order_by(UserTask.closed_at.desc(), UserTask.id.desc())
        .limit(_MOST)
    )


def _first(branches: Sequence[sa.Select[Any]]) -> sa.Subquery:
    """The first of each set, as many as are wanted in all."""
    cut = [sa.select(branch.limit(_MOST).subquery()) for branch in branches]
    return sa.union_all(*cut).subquery()


def _filters(searched: bool, of_process: bool) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if searched:
        like = sa.bindparam("like", type_=sa.String)
        found.append(sa.or_(UserTask.title.like(like), UserTask.name.like(like), UserTask.business_key.like(like)))
    if of_process:
        found.append(UserTask.process_key == sa.bindparam("of_process"))
    return found


def _behind(moment: Any, *, later: bool) -> sa.ColumnElement[bool]:
    """What comes after the cursor in the order of the list."""
    at, task_id = sa.bindparam("after_at", type_=Instant), sa.bindparam("after_id", type_=Id)
    if later:
        return sa.or_(moment > at, sa.and_(moment == at, UserTask.id > task_id))
    return sa.or_(moment < at, sa.and_(moment == at, UserTask.id < task_id))
