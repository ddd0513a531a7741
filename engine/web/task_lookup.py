"""Finding a task for whoever asks; outside the scope even its existence is not told."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.errors import NotFound
from engine.models import ProcessInstance, User, UserRole, UserTask
from engine.scope import scope_of_parameters, scope_parameters, sees_district
from engine.web.context import actor


def is_id(text: str) -> bool:
    """True when ``text`` can be the id of a row at all; PostgreSQL refuses to compare anything else."""
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def is_moment(text: str) -> bool:
    """True when ``text`` is an ISO 8601 time with its zone, as our own addresses carry it."""
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


# Written once: building these conditions anew costs many times what running them does.
_ANY = sa.select(UserTask).where(UserTask.id == sa.bindparam("of_task"))
_ANY_SUBMITTED = (
    sa.select(
        UserTask.id, UserTask.instance_id, UserTask.state, UserTask.name, UserTask.title, UserTask.form_key,
        ProcessInstance.definition_id,
    )
    .join_from(UserTask, ProcessInstance)
    .where(UserTask.id == sa.bindparam("of_task"))
)  # fmt: skip
_IN_SCOPE = scope_of_parameters(UserTask.instance_id)
_MINE, _MINE_SUBMITTED = _ANY.where(_IN_SCOPE), _ANY_SUBMITTED.where(_IN_SCOPE)


def find_task(session: Session, task_id: str) -> UserTask:
    """The task when its instance is in the actor's scope; :class:`NotFound` otherwise."""
    statement, wanted = _asked(_ANY, _MINE, task_id)
    task = session.scalar(statement, wanted) if is_id(task_id) else None
    if task is None:
        raise NotFound("没有找到这项任务，可能链接有误，或不属于您所在的部门。")
    return task


def find_submitted(connection: sa.Connection, task_id: str) -> sa.Row[Any]:
    """What a submission needs of :func:`find_task`'s task, and the ``definition_id`` of its instance."""
    statement, wanted = _asked(_ANY_SUBMITTED, _MINE_SUBMITTED, task_id)
    task = connection.execute(statement, wanted).first() if is_id(task_id) else None
    if task is None:
        raise NotFound("没有找到这项任务，可能链接有误，或不属于您所在的部门。")
    return task


def _asked(everybody: sa.Select[Any], scoped: sa.Select[Any], task_id: str) -> tuple[sa.Select[Any], dict[str, Any]]:
    """The statement for whoever asks and its parameters."""
    if sees_district(actor()):
        return everybody, {"of_task": task_id}
    return scoped, {"of_task": task_id, **scope_parameters(actor())}


def colleagues(session: Session, task: UserTask) -> list[User]:
    """Who else could take the task: the same role in the same department."""
    if not task.role:
        return []
    return list(
        session.scalars(
            sa.select(User)
            .join(UserRole, UserRole.user_id == User.id)
            .where(
                UserRole.department == task.department, UserRole.role == task.role, User.active,
                User.id != (task.assignee_id or actor().user_id),
            )
            .order_by(User.name)
        )
    )  # fmt: skip
