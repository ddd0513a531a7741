"""Who may act on a user task; every task command asks here."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.commands.context import CommandContext
from engine.commands.locking import LockedTask
from engine.errors import Conflict, Forbidden, NotFound
from engine.models import InstanceDepartment, TaskCandidate, UserTask

AnyTask = UserTask | LockedTask
Reader = Session | sa.Connection

#: May enter signed paper for somebody without a log-in (纸质补录、代录), in the task's own department.
CLERK = "承办人"


def locked_task(ctx: CommandContext, task_id: str, expected_version: int | None = None) -> UserTask:
    """The open task under its row lock.

    Raises :class:`NotFound`, or :class:`Conflict` when it is closed or not at ``expected_version``.
    """
    task = ctx.session.get(UserTask, task_id, with_for_update=True, populate_existing=True)
    if task is None or task.district_id != ctx.district_id:
        raise NotFound("任务不存在，可能链接有误。")
    require_open(task, ctx.actor, expected_version)
    return task


def require_open(task: AnyTask, actor: Actor, expected_version: int | None = None) -> None:
    """Raise :class:`Conflict` when the task is closed or not at ``expected_version``."""
    if task.state != "open":
        raise Conflict(closed_words(task, actor), task_id=task.id)
    if expected_version is not None and task.version != expected_version:
        raise Conflict(f"“{task.name}”在您打开之后已被更新，请核对后重新提交；您填写的内容已保留。", task_id=task.id)


def closed_words(task: AnyTask, actor: Actor) -> str:
    """Why a closed task takes no submission; a double click hears that the first click counted."""
    if task.state != "completed":
        return f"“{task.name}”已撤销，本次提交未作任何改动；您填写的内容已保留。"
    if task.closed_by == actor.user_id:
        return f"您已经提交过“{task.name}”，以先前提交的内容为准；本次提交未作任何改动。"
    return f"“{task.name}”已由其他人员办结，本次提交未作任何改动；您填写的内容已保留。"


def is_candidate(session: Reader, actor: Actor, task: AnyTask) -> bool:
    """True when the task is offered to the actor, by group or by name."""
    if task.group:
        return task.group in actor.groups
    named = sa.exists().where(TaskCandidate.task_id == task.id, TaskCandidate.user_id == actor.user_id)
    return bool(session.scalar(sa.select(named)))


def may_act(session: Reader, actor: Actor, task: AnyTask) -> bool:
    """True when the actor may complete the task in their own name."""
    if actor.is_system:
        return True
    if task.assignee_id is not None:
        return task.assignee_id == actor.user_id
    return is_candidate(session, actor, task)


def may_enter_paper(session: Reader, actor: Actor, task: AnyTask) -> bool:
    """True when the actor may enter a signed paper for whoever should act (纸质补录、代录; ADR 0041).

    That is the 承办人 of the task's department, and of the one its diagram names with ``on_behalf``; who does not
    see the instance enters nothing in it.
    """
    return may_act(session, actor, task) or _is_clerk(session, actor, task)


def _is_clerk(session: Reader, actor: Actor, task: AnyTask) -> bool:
    mine = [code for code in {task.department, task.on_behalf} - {""} if actor.has_role(CLERK, code)]
    sees = sa.exists().where(
        InstanceDepartment.instance_id == task.instance_id, InstanceDepartment.department.in_(mine)
    )
    return bool(mine and session.scalar(sa.select(sees)))


def entered_on_behalf(session: Reader, actor: Actor, task: AnyTask) -> bool:
    """True when a paper the actor enters is another department's (代录): the history says so."""
    return task.department not in actor.departments and not may_act(session, actor, task)


def require_may_act(ctx: CommandContext, task: AnyTask, *, with_paper: bool = False) -> None:
    """Raise :class:`Forbidden` unless the actor may complete the task."""
    if may_act(ctx.connection, ctx.actor, task):
        return
    if with_paper and may_enter_paper(ctx.connection, ctx.actor, task):
        return
    if task.assignee_id is not None and is_candidate(ctx.connection, ctx.actor, task):
        raise Forbidden("该任务已由其他人员签收，请联系签收人或等待其退回。")
    raise Forbidden(f"“{task.name}”应由{task.group.replace('/', ' ') or '指定人员'}办理，您没有办理权限。")


def require_not_by(ctx: CommandContext, task: AnyTask, elements: list[str]) -> None:
    """Raise :class:`Forbidden` when the actor did one of ``elements`` last time round (第二人复核).

    The system is nobody in particular: a trial run acts for whomever the diagram means.
    """
    if ctx.actor.is_system:
        return
    for element in elements:
        last = ctx.session.scalar(
            sa.select(UserTask)
            .where(
                UserTask.instance_id == task.instance_id, UserTask.element_id == element, UserTask.state == "completed"
            )
            .order_by(UserTask.closed_at.desc())
            .limit(1)
        )
        if last is not None and last.closed_by == ctx.actor.user_id:
            raise Forbidden(f"“{last.name}”由您本人办理，“{task.name}”必须由另一人复核。")
