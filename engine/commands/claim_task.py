"""Claim a group task for oneself (签收), or give it back (退回待签收)."""

from __future__ import annotations

from dataclasses import dataclass

from engine.commands.context import CommandContext
from engine.commands.task_access import is_candidate, locked_task
from engine.errors import Conflict, Forbidden


@dataclass(frozen=True)
class ClaimTask:
    """Take the task out of the group's list; raises :class:`Conflict` when somebody else has it."""

    task_id: str
    expected_version: int | None = None

    def run(self, ctx: CommandContext) -> None:
        task = locked_task(ctx, self.task_id, self.expected_version)
        if task.assignee_id == ctx.actor.user_id:
            return
        if task.assignee_id is not None:
            raise Conflict(f"“{task.name}”已由其他人员签收。")
        if not is_candidate(ctx.session, ctx.actor, task):
            raise Forbidden(f"“{task.name}”不在您的待签收范围内。")
        task.assignee_id, task.version = ctx.actor.user_id, task.version + 1
        ctx.record(task.instance_id, "task-claimed", {"task": task.id, "element": task.element_id})


@dataclass(frozen=True)
class ReleaseTask:
    """Give a claimed task back to its group; what the diagram assigned cannot be given back."""

    task_id: str
    expected_version: int | None = None

    def run(self, ctx: CommandContext) -> None:
        task = locked_task(ctx, self.task_id, self.expected_version)
        if task.assignee_id != ctx.actor.user_id:
            raise Forbidden("只有签收人可以退回待签收。")
        if task.assigned_by_diagram:
            raise Forbidden(f"“{task.name}”由流程指定您办理，不能退回；如需更换人员请申请转办。")
        task.assignee_id, task.version = None, task.version + 1
        ctx.record(task.instance_id, "task-released", {"task": task.id, "element": task.element_id})
