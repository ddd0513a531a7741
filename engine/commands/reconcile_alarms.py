"""Make sure that every open timer has an alarm (nightly, and when a worker starts)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.models import StartTrigger, Timer

if TYPE_CHECKING:
    from engine.commands.context import CommandContext

FIRE_TIMERS = "fire-timers"
START_BY_TIMER = "start-by-timer"
CHUNK = 500
#: A timer this long overdue has lost its alarm, or the alarm came to nothing: ring again.
LATE = timedelta(minutes=5)


def set_alarm(ctx: CommandContext, instance_id: str, due_at: datetime, mark: str = "") -> None:
    """Wake an instance at a timer's due time; ``mark`` asks for one more alarm beside a used one.

    An alarm's name is the same wherever it is set: the instance and the moment in UTC.
    """
    due = due_at.astimezone(UTC).isoformat()
    delay = max(0.0, (due_at - ctx.now).total_seconds())
    ctx.enqueue(FIRE_TIMERS, f"{instance_id}@{due}{mark}", {"instance_id": instance_id}, delay)


def set_start_alarm(ctx: CommandContext, process_key: str, due_at: datetime, mark: str = "") -> None:
    """The same for a timer that starts a process."""
    due = due_at.astimezone(UTC).isoformat()
    delay = max(0.0, (due_at - ctx.now).total_seconds())
    ctx.enqueue(START_BY_TIMER, f"{process_key}@{due}{mark}", {"process_key": process_key}, delay)


@dataclass(frozen=True)
class ReconcileAlarms:
    """Set the alarms of the next ``CHUNK`` timers after the timer ``after`` again.

    Returns the last timer's id, or None when there are no more.  An alarm that exists stays
    as it is; an overdue timer gets one more alarm a day.
    """

    after: str | None = None

    def run(self, ctx: CommandContext) -> str | None:
        if self.after is None:
            self._starts(ctx)
        query = sa.select(Timer).where(Timer.district_id == ctx.district_id).order_by(Timer.id).limit(CHUNK)
        if self.after is not None:
            query = query.where(Timer.id > self.after)
        timers = ctx.session.scalars(query).all()
        for timer in timers:
            if timer.due_at is None:
                continue
            late = timer.due_at < ctx.now - LATE
            set_alarm(ctx, timer.instance_id, timer.due_at, f":late-{ctx.today}" if late else "")
        return timers[-1].id if len(timers) == CHUNK else None

    def _starts(self, ctx: CommandContext) -> None:
        timed = sa.select(StartTrigger).where(
            StartTrigger.district_id == ctx.district_id, StartTrigger.due_at.is_not(None)
        )
        for trigger in ctx.session.scalars(timed.order_by(StartTrigger.id)):
            assert trigger.due_at is not None
            late = trigger.due_at < ctx.now - LATE
            set_start_alarm(ctx, trigger.process_key, trigger.due_at, f":late-{ctx.today}" if late else "")
