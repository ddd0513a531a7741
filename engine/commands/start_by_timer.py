"""Start the instances of a process whose start timers are due."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from engine.commands.context import CommandContext
from engine.commands.incidents import open_incident
from engine.commands.start_process import StartProcess
from engine.commands.start_triggers import set_timer, timer_of
from engine.db import lock_key
from engine.errors import LianjianError
from engine.models import StartTrigger


@dataclass(frozen=True)
class StartByTimer:
    """Start one instance for every round of a start timer that is due; returns how many.

    The business key is the process key and the moment, so a repetition starts nothing twice.  A start
    that fails becomes an incident; the timer goes on to its next round.
    """

    process_key: str

    def run(self, ctx: CommandContext) -> int:
        lock_key(ctx.connection, f"start-timer/{self.process_key}")
        started = 0
        while (trigger := self._due(ctx)) is not None:
            self._start(ctx, trigger)
            started += 1
        return started

    def _due(self, ctx: CommandContext) -> StartTrigger | None:
        found: StartTrigger | None = ctx.session.scalar(
            sa.select(StartTrigger)
            .where(
                StartTrigger.district_id == ctx.district_id, StartTrigger.process_key == self.process_key,
                StartTrigger.kind == "timer", StartTrigger.due_at <= ctx.now,
            )
            .order_by(StartTrigger.due_at, StartTrigger.id)
            .limit(1)
        )  # fmt: skip
        return found

    def _start(self, ctx: CommandContext, trigger: StartTrigger) -> None:
        assert trigger.due_at is not None
        moment = trigger.due_at.astimezone(ctx.kernel.settings.timezone).isoformat()
        element, definition_id, state = trigger.element_id, trigger.definition_id, dict(trigger.state)
        starts = ctx.kernel.definition(ctx.session, definition_id).loaded.starts
        timer = timer_of(ctx, next(p for p in starts if (p.element_id, p.name) == (element, trigger.name)), state)
        if not (timer.next_round() and set_timer(ctx, trigger, timer)):
            ctx.session.delete(trigger)
        ctx.session.flush()
        try:
            with ctx.savepoint():
                StartProcess(self.process_key, f"{self.process_key}/{element}/{moment}", at=element).run(ctx)
        except LianjianError as error:
            open_incident(
                ctx, kind="start", message=error.message, element_id=element,
                detail={"process_key": self.process_key, "moment": moment, "element_id": element, **error.details},
            )  # fmt: skip
