"""Keep what somebody typed so far (暂存)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.bpmn.keeping import jsonable
from engine.commands.context import CommandContext
from engine.commands.task_access import locked_task, may_enter_paper
from engine.db import dumps
from engine.errors import Forbidden, InvalidInput
from engine.models import TaskDraft

MAX_BYTES = 1_000_000


@dataclass(frozen=True)
class SaveDraft:
    """One draft per task and person, overwritten by the next; values are kept as typed, not validated."""

    task_id: str
    values: dict[str, Any]

    def run(self, ctx: CommandContext) -> None:
        task = locked_task(ctx, self.task_id)
        if ctx.actor.user_id is None or not may_enter_paper(ctx.session, ctx.actor, task):
            raise Forbidden("您没有办理该任务的权限，草稿没有保存。")
        values = jsonable(self.values)
        if len(dumps(values).encode()) > MAX_BYTES:
            raise InvalidInput("草稿过大（超过 1 MB），请把长材料作为附件上传。")
        key = (task.id, ctx.actor.user_id)
        draft = ctx.session.get(TaskDraft, key)
        if draft is None:
            draft = TaskDraft(task_id=key[0], user_id=key[1], district_id=ctx.district_id)
            ctx.session.add(draft)
        draft.values, draft.saved_at = values, ctx.now
