"""Data scope: which instances, and everything that hangs on them, a person may know about.

One rule for every page, list, search and export: an instance is visible to the
departments in :class:`InstanceDepartment`, to whoever holds, did or was
offered one of its tasks by name (a draw witness of another organ), and to the roles that watch over the
whole district.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from engine.actor import Actor
from engine.errors import NotFound
from engine.models import InstanceDepartment, ProcessInstance, TaskCandidate, UserTask

#: Roles that see every department's work: supervision, audit, administration and the conference office.
DISTRICT_ROLES = frozenset({"监管督查", "审计监督", "系统管理员", "联席会议办公室"})


def sees_district(actor: Actor) -> bool:
    """True when the actor may see every instance of the district."""
    return actor.is_system or bool(actor.roles & DISTRICT_ROLES)


def visible_departments(actor: Actor) -> frozenset[str] | None:
    """Department codes whose instances the actor may see; None means the whole district."""
    return None if sees_district(actor) else actor.departments


def instance_in_scope(actor: Actor, instance_id: Any) -> sa.ColumnElement[bool]:
    """The condition that ``instance_id`` (a column) belongs to an instance the actor may see."""
    if sees_district(actor):
        return sa.true()
    # Tables of their own: ``instance_id`` may itself be a column of UserTask, and a condition
    # that compared it with itself would be true for everybody who has any task at all.
    departments, tasks, offers = aliased(InstanceDepartment), aliased(UserTask), aliased(TaskCandidate)
    shared = sa.exists().where(
        departments.instance_id == instance_id, departments.department.in_(sorted(actor.departments))
    )
    own = sa.exists().where(
        tasks.instance_id == instance_id,
        sa.or_(
            tasks.assignee_id == actor.user_id,
            tasks.closed_by == actor.user_id,
            tasks.group.in_(sorted(actor.groups)),
        ),
    )
    offered = sa.exists().where(
        tasks.instance_id == instance_id, offers.task_id == tasks.id, offers.user_id == actor.user_id
    )
    return sa.or_(shared, own, offered)


def scope(statement: sa.Select[Any], actor: Actor, instance_id: Any = ProcessInstance.id) -> sa.Select[Any]:
    """Limit ``statement`` to instances in the actor's scope.

    ``instance_id`` is the column that names the instance: ``ProcessInstance.id``
    by default, ``UserTask.instance_id``, ``Attachment.instance_id`` and so on.
    """
    return statement.where(instance_in_scope(actor, instance_id))


def visible_instance(session: Session, actor: Actor, instance_id: str) -> ProcessInstance:
    """The instance, or :class:`NotFound`: outside the scope even its existence is not told."""
    instance = session.scalar(scope(sa.select(ProcessInstance).where(ProcessInstance.id == instance_id), actor))
    if instance is None:
        raise NotFound("没有找到这项工作，可能链接有误，或不属于您所在的部门。")
    return instance
