"""Data scope: which instances, and everything that hangs on them, a person may know about.

One rule for every page, list, search and export: an instance is visible to the
departments in :class:`InstanceDepartment`, to whoever holds, did or was
offered one of its tasks by name (a draw witness of another organ), and to the roles that watch over the
whole district.  A restricted instance (a review of somebody's conduct) is shown to no department: besides
those who have or had a task in it, only to :data:`CONFIDANTS`.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from engine.actor import Actor
from engine.db import Id
from engine.errors import NotFound
from engine.models import InstanceDepartment, ProcessInstance, TaskCandidate, UserTask

#: Roles that see every department's work: supervision, audit, administration and the conference office.
DISTRICT_ROLES = frozenset({"监管督查", "审计监督", "系统管理员", "联席会议办公室"})

#: Roles that see restricted instances as well: supervision, which answers for their confidence.
CONFIDANTS = frozenset({"监管督查"})


def sees_district(actor: Actor) -> bool:
    """True when the actor may see every instance of the district that is not restricted."""
    return actor.is_system or bool(actor.roles & DISTRICT_ROLES)


def sees_restricted(actor: Actor) -> bool:
    """True when the actor may see restricted instances without having a task in them."""
    return actor.is_system or bool(actor.roles & CONFIDANTS)


def visible_departments(actor: Actor) -> frozenset[str] | None:
    """Department codes whose instances the actor may see; None means the whole district."""
    return None if sees_district(actor) else actor.departments


def instance_in_scope(actor: Actor, instance_id: Any) -> sa.ColumnElement[bool]:
    """The condition that ``instance_id`` (a column) belongs to an instance the actor may see."""
    if sees_restricted(actor):
        return sa.true()
    own = _visible(instance_id, sorted(actor.departments), sorted(actor.groups), actor.user_id)
    return sa.or_(_unrestricted(instance_id), own) if sees_district(actor) else own


def not_kept_from(actor: Actor, instance_id: Any) -> sa.ColumnElement[bool]:
    """The condition that ``instance_id`` (a column, maybe null) is no restricted instance the actor may not see.

    For figures and lists that are limited to departments by a column of their own.
    """
    if sees_restricted(actor):
        return sa.true()
    return sa.or_(instance_id.is_(None), _unrestricted(instance_id), instance_in_scope(actor, instance_id))


def scope_of_parameters(instance_id: Any) -> sa.ColumnElement[bool]:
    """The same condition for statements written once and run with :func:`scope_parameters`.

    For people of a department; whoever sees the whole district has :func:`district_scope_of_parameters`.
    """
    return _visible(
        instance_id,
        sa.bindparam("scope_departments", expanding=True),
        sa.bindparam("scope_groups", expanding=True),
        sa.bindparam("scope_user", type_=Id),
    )


def district_scope_of_parameters(instance_id: Any) -> sa.ColumnElement[bool]:
    """The same for whoever sees the whole district; whoever sees restricted instances needs no condition."""
    return sa.or_(_unrestricted(instance_id), scope_of_parameters(instance_id))


def scope_parameters(actor: Actor) -> dict[str, Any]:
    """What :func:`scope_of_parameters` asks of one actor."""
    return {
        "scope_departments": list(actor.departments), "scope_groups": list(actor.groups), "scope_user": actor.user_id,
    }  # fmt: skip


def _unrestricted(instance_id: Any) -> sa.ColumnElement[bool]:
    instances = aliased(ProcessInstance)
    return ~sa.exists().where(instances.id == instance_id, instances.restricted)


def _visible(instance_id: Any, departments: Any, groups: Any, user_id: Any) -> sa.ColumnElement[bool]:
    # Tables of their own: ``instance_id`` may itself be a column of UserTask, and a condition
    # that compared it with itself would be true for everybody who has any task at all.
    shares, tasks, offers = aliased(InstanceDepartment), aliased(UserTask), aliased(TaskCandidate)
    shared = sa.exists().where(shares.instance_id == instance_id, shares.department.in_(departments))
    own = sa.exists().where(
        tasks.instance_id == instance_id,
        sa.or_(tasks.assignee_id == user_id, tasks.closed_by == user_id, tasks.group.in_(groups)),
    )
    offered = sa.exists().where(
        tasks.instance_id == instance_id, offers.task_id == tasks.id, offers.user_id == user_id
    )  # fmt: skip
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
