"""Offer the open tasks of an instance to whom their diagram names now."""

from __future__ import annotations

from dataclasses import dataclass

from engine.bpmn.execution import Execution
from engine.commands.context import CommandContext
from engine.commands.locking import locked_instance
from engine.commands.stepping import advance


@dataclass(frozen=True)
class RefreshTasks:
    """Ask the ``candidates`` expressions of an instance's open tasks again; what somebody took stays theirs.

    For the case that what the expressions read was changed by another instance.
    """

    instance_id: str

    def run(self, ctx: CommandContext) -> None:
        instance = locked_instance(ctx, self.instance_id)
        if instance.status != "running":
            return
        ctx.refreshing.add(instance.id)
        advance(ctx, instance, Execution.run)
