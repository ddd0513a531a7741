"""Hand a task to another person (转办), with a reason."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from engine.commands.context import CommandContext
from engine.commands.task_access import locked_task
from engine.errors import Forbidden, InvalidInput
from engine.models import User, UserRole

SUPERVISORS = frozenset({"监管督查", "系统管理员"})


@dataclass(frozen=True)
class ReassignTask:
    """The holder, the department's head of section, or a supervisor may hand a task over.

    The receiver must be able to hold it: same role in the same department, or any active
    member of the department when the task has no role.
    """

    task_id: str
    user_id: str
    reason: str
    expected_version: int | None = None

    def run(self, ctx: CommandContext) -> None:
        task = locked_task(ctx, self.task_id, self.expected_version)
        allowed = (
            task.assignee_id == ctx.actor.user_id
            or ctx.actor.has_role("科室负责人", task.department)
            or bool(ctx.actor.roles & SUPERVISORS)
        )
        if not allowed:
            raise Forbidden("只有任务持有人、本部门科室负责人或督查人员可以转办。")
        if not self.reason.strip():
            raise InvalidInput("请填写转办原因。", fields={"reason": ["请填写转办原因。"]})
        receiver = ctx.session.get(User, self.user_id)
        holds = sa.exists().where(
            UserRole.user_id == self.user_id, UserRole.department == task.department, UserRole.role == task.role
        )
        if receiver is None or not receiver.active or not ctx.session.scalar(sa.select(holds)):
            raise InvalidInput(
                "接收人不具备该岗位，无法转办。",
                fields={"user_id": [f"请选择{task.department}的“{task.role}”。"]},
            )
        before = task.assignee_id
        task.assignee_id, task.version = receiver.id, task.version + 1
        ctx.record(
            task.instance_id,
            "task-reassigned",
            {"task": task.id, "element": task.element_id, "from": before, "to": receiver.id, "reason": self.reason},
        )
