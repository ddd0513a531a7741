"""What starts instances of a process by itself, kept as rows of its current version."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from engine.bpmn.starts import StartPoint, TimerStart
from engine.commands.context import CommandContext
from engine.commands.hosting import feel_functions
from engine.commands.reconcile_alarms import set_start_alarm
from engine.db import new_id
from engine.errors import ExpressionError, ModelRefused
from engine.models import StartTrigger


def follow_version(ctx: CommandContext, key: str, definition_id: str) -> None:
    """Let the triggers of process ``key`` be those of the version that has just become current.

    Timers count from now; moments that have passed are not made up for.  Raises
    :class:`ModelRefused` when another process is started by the same message: it goes to one only.
    """
    ctx.session.execute(
        sa.delete(StartTrigger).where(StartTrigger.district_id == ctx.district_id, StartTrigger.process_key == key)
    )
    for point in ctx.kernel.definition(ctx.session, definition_id).loaded.starts:
        if point.kind == "message":
            _require_free(ctx, key, point)
        trigger = StartTrigger(
            id=new_id(), district_id=ctx.district_id, process_key=key, definition_id=definition_id,
            element_id=point.element_id, kind=point.kind, name=point.name, since=ctx.now, state={},
        )  # fmt: skip
        if point.kind == "timer":
            timer = timer_of(ctx, point, {})
            if not timer.stands_alone:
                continue  # it reads data, so it can only wait inside an instance
            try:
                timer.skip_past()
                rings = set_timer(ctx, trigger, timer)
            except ExpressionError as error:
                raise _refused(point, error.message, "请改正定时。") from None
            if not rings:
                continue
        ctx.session.add(trigger)
    ctx.session.flush()


def timer_of(ctx: CommandContext, point: StartPoint, state: dict[str, Any]) -> TimerStart:
    """The running timer of a start event."""
    zone: ZoneInfo = ctx.kernel.settings.timezone
    return TimerStart(point, state, ctx.now, zone, feel_functions(ctx))


def set_timer(ctx: CommandContext, trigger: StartTrigger, timer: TimerStart) -> bool:
    """Keep when the timer rings next and set its alarm; False when it rings no more."""
    due: datetime | None = timer.due
    trigger.due_at, trigger.state = due, timer.state
    if due is not None:
        set_start_alarm(ctx, trigger.process_key, due)
    return due is not None


def _require_free(ctx: CommandContext, key: str, point: StartPoint) -> None:
    other = ctx.session.scalar(
        sa.select(StartTrigger.process_key).where(
            StartTrigger.district_id == ctx.district_id, StartTrigger.kind == "message",
            StartTrigger.name == point.name, StartTrigger.process_key != key,
        )
    )  # fmt: skip
    if other is not None:
        message = (
            f"开始事件“{point.element_id}”等待的消息“{point.name}”已用来启动流程“{other}”，一个消息只启动一个流程。"
        )
        raise _refused(point, message, "请改用另一个消息。")


def _refused(point: StartPoint, message: str, remedy: str) -> ModelRefused:
    finding = {
        "rule": "start-triggers", "severity": "error", "file": "", "element": point.element_id,
        "message": message, "remedy": remedy,
    }  # fmt: skip
    return ModelRefused(message, [finding])
