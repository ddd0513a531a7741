"""Let the due timers of one instance fire."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from engine.bpmn.execution import Execution
from engine.commands.context import CommandContext
from engine.commands.incidents import open_incident
from engine.commands.locking import LockedInstance, locked_instance
from engine.commands.stepping import advance
from engine.errors import LianjianError
from engine.models import Incident, Timer


@dataclass(frozen=True)
class FireTimers:
    """Fire every due timer; returns whether there was one.  A failure becomes an incident, never a silent loss."""

    instance_id: str

    def run(self, ctx: CommandContext) -> bool:
        instance = locked_instance(ctx, self.instance_id)
        due = overdue(ctx, instance.id)
        if instance.status != "running" or not due:
            return False
        stuck = sa.exists().where(
            Incident.instance_id == instance.id, Incident.kind == "timer", Incident.state == "open"
        )
        if ctx.session.scalar(sa.select(stuck)):
            return False
        try:
            with ctx.savepoint():
                ctx.record(instance.id, "timer-fired", {"elements": due})
                advance(ctx, instance, Execution.run, recheck_waits=True)
        except LianjianError as error:
            open_incident(
                ctx, kind="timer", message=error.message, instance_id=self.instance_id, element_id=due[0],
                detail=error.details,
            )  # fmt: skip
        return True


def fire_overdue(ctx: CommandContext, instance: LockedInstance) -> LockedInstance:
    """What was due before something else came happens before it, however late the alarm clock is."""
    due = overdue(ctx, instance.id)
    if not due:
        return instance
    ctx.record(instance.id, "timer-fired", {"elements": due})
    advance(ctx, instance, Execution.run, recheck_waits=True)
    return locked_instance(ctx, instance.id)


def overdue(ctx: CommandContext, instance_id: str) -> list[str]:
    """Elements of the instance whose timers are due and have not fired yet."""
    due = sa.select(Timer.element_id).where(Timer.instance_id == instance_id, Timer.due_at <= ctx.now)
    return sorted(ctx.session.scalars(due))
