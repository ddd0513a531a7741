"""Remind whoever an open task waits for (催办)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.commands.context import CommandContext
from engine.commands.task_access import locked_task
from engine.errors import Conflict, Forbidden, InvalidInput
from engine.models import HistoryEvent, ProcessInstance, UserTask

#: Roles that watch over every department's work.
WATCHERS = frozenset({"监管督查", "系统管理员", "联席会议办公室"})
#: Roles that watch over their own department's work.
HEADS = ("科室负责人", "分管负责人", "机关负责人")
#: One reminder a task in this time: a double click or two supervisors are one reminder.
PAUSE = timedelta(hours=1)
MAX_NOTE = 200
MAX_TASKS = 200


@dataclass(frozen=True)
class Reminder:
    """催办: who asked for a task to be hurried, when and why."""

    at: datetime
    actor_name: str
    note: str


def reminders(session: Session, task: UserTask) -> list[Reminder]:
    """Reminders sent for a task, the newest first."""
    rows = session.execute(
        sa.select(HistoryEvent.at, HistoryEvent.actor_name, HistoryEvent.body)
        .where(
            HistoryEvent.district_id == task.district_id, HistoryEvent.stream == task.instance_id,
            HistoryEvent.kind == "task-reminded", HistoryEvent.body.contains(task.id),
        )
        .order_by(HistoryEvent.seq.desc())
    )  # fmt: skip
    return [Reminder(row.at, row.actor_name, str(orjson.loads(row.body).get("note", ""))) for row in rows]


@dataclass(frozen=True)
class Remind:
    """Record a reminder on each open task; returns how many were reminded.

    Tasks closed meanwhile and tasks reminded within :data:`PAUSE` are passed over.
    Raises :class:`Forbidden` for a task the actor does not watch over and
    :class:`InvalidInput` for no task, too many, or a note that is too long.
    """

    task_ids: Sequence[str]
    note: str = ""

    def run(self, ctx: CommandContext) -> int:
        note = self.note.strip()
        if not self.task_ids:
            raise InvalidInput("请先勾选要催办的任务。", fields={"task": ["请先勾选要催办的任务。"]})
        if len(self.task_ids) > MAX_TASKS:
            raise InvalidInput(f"一次最多催办 {MAX_TASKS} 项，请分批进行。")
        if len(note) > MAX_NOTE:
            raise InvalidInput("催办说明过长。", fields={"note": [f"催办说明最多 {MAX_NOTE} 字。"]})
        # In a fixed order, so that two supervisors never wait for each other.
        return sum(self._remind(ctx, task_id, note) for task_id in sorted(set(self.task_ids)))

    def _remind(self, ctx: CommandContext, task_id: str, note: str) -> bool:
        try:
            task = locked_task(ctx, task_id)
        except Conflict:
            return False
        if not may_remind(ctx, task):
            raise Forbidden("只有督查人员和任务所在部门的负责人可以催办。")
        last = next(iter(reminders(ctx.session, task)), None)
        if last is not None and ctx.now - last.at < PAUSE:
            return False
        # Held while its stream of history grows, like every other writer to it does.
        ctx.session.get(ProcessInstance, task.instance_id, with_for_update=True)
        ctx.record(
            task.instance_id,
            "task-reminded",
            {"task": task.id, "element": task.element_id, "name": task.name, "note": note},
        )
        return True


def may_remind(ctx: CommandContext, task: UserTask) -> bool:
    """True for supervisors, and for heads of the department the task waits in."""
    if ctx.actor.is_system or ctx.actor.roles & WATCHERS:
        return True
    return any(ctx.actor.has_role(role, task.department) for role in HEADS)
