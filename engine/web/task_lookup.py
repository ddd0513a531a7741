"""Finding a task for whoever asks; outside the scope even its existence is not told."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.errors import NotFound
from engine.models import User, UserRole, UserTask
from engine.scope import (
    district_scope_of_parameters,
    scope_of_parameters,
    scope_parameters,
    sees_district,
    sees_restricted,
)
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
        moment = datetime.fromisoformat(text)
        return moment.tzinfo is not None and moment.astimezone(UTC).year > 1
    except (ValueError, OverflowError):
        return False


# Written once: building these conditions anew costs many times what running them does.
_ANY = sa.select(UserTask).where(UserTask.id == sa.bindparam("of_task"))
_MINE = _ANY.where(scope_of_parameters(UserTask.instance_id))
_DISTRICT = _ANY.where(district_scope_of_parameters(UserTask.instance_id))


def find_task(session: Session, task_id: str) -> UserTask:
    """The task when its instance is in the actor's scope; :class:`NotFound` otherwise."""
    if not is_id(task_id):
        raise not_found()
    if sees_restricted(actor()):
        task = session.scalar(_ANY, {"of_task": task_id})
    else:
        known = _DISTRICT if sees_district(actor()) else _MINE
        task = session.scalar(known, {"of_task": task_id, **scope_parameters(actor())})
    if task is None:
        raise not_found()
    return task


def not_found() -> NotFound:
    """The same words whether there is no such task or it is none of the person's business."""
    return NotFound("没有找到这项任务，可能链接有误，或不属于您所在的部门。")


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
