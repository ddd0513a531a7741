"""Make sure that every open timer has an alarm (nightly, and when a worker starts)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from engine.models import Timer

CHUNK = 500
#: A timer this long overdue has lost its alarm, or the alarm came to nothing: ring again.
LATE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class ReconcileAlarms:
    """Enqueue the alarms of the next ``CHUNK`` timers after ``after`` under their old names.

    Returns the last timer's id, or None when there are no more.  An alarm that exists stays
    as it is; an overdue timer gets one more alarm a day.
    """

    after: str | None = None

    def run(self, ctx: Any) -> str | None:
        query = sa.select(Timer).where(Timer.district_id == ctx.district_id).order_by(Timer.id).limit(CHUNK)
        if self.after is not None:
            query = query.where(Timer.id > self.after)
        timers = ctx.session.scalars(query).all()
        for timer in timers:
            late = timer.due_at < ctx.now - LATE
            mark = f":late-{ctx.now.date().isoformat()}" if late else ""
            ctx.jobs.enqueue_alarm(ctx.session, timer.instance_id, timer.due_at, ctx.now, mark)
        return timers[-1].id if len(timers) == CHUNK else None
