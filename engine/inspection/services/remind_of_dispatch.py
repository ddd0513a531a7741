"""Remind a unit that has not signed for its inspections (催签)."""

from __future__ import annotations

import sqlalchemy as sa

from engine.inspection import dispatch_lists
from engine.models import UserTask
from engine.service_tasks import ServiceContext, service_task


@service_task("remind-of-dispatch", title="催签派发单")
def remind_of_dispatch(ctx: ServiceContext, number: str) -> None:
    """Note the reminder on list ``number`` and on the task that waits for the receipt, where its holder sees it."""
    row = dispatch_lists.dispatch_list(ctx.session, ctx.district_id, number)
    row.reminded_at, row.reminders = ctx.now, row.reminders + 1
    tasks = ctx.session.scalars(
        sa.select(UserTask).where(
            UserTask.instance_id == ctx.instance_id, UserTask.element_id == "sign_for_receipt", UserTask.state == "open"
        )
    )
    for task in tasks:
        if (task.context.get("item") or {}).get("number") == number:
            note = f"派发单 {number} 到时没有签收，系统第 {row.reminders} 次催签。"
            ctx.record("task-reminded", {"task": task.id, "element": task.element_id, "name": task.name, "note": note})
