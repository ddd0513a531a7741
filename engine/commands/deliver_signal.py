"""Hand a signal to one of those who heard it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.bpmn.execution import Execution
from engine.commands.broadcast_signal import SignalDelivery
from engine.commands.context import CommandContext
from engine.commands.fire_timers import fire_overdue
from engine.commands.incidents import open_incident
from engine.commands.locking import locked_instance
from engine.commands.start_process import StartProcess
from engine.commands.stepping import advance
from engine.db import new_id
from engine.errors import LianjianError
from engine.models import Subscription

#: Times one instance may hear, or one process be started by, signals of one command; more can only be a runaway.
MAX_DELIVERIES = 100


def deliver_signal(ctx: CommandContext, delivery: SignalDelivery) -> None:
    """Step the instance that heard the signal, or start one.

    A receiver that fails does not undo who threw the signal: it becomes an incident, and the
    retry hands over the same signal.
    """
    try:
        with ctx.savepoint():
            ctx.reach(delivery.instance_id or delivery.process_key, MAX_DELIVERIES)
            if delivery.instance_id:
                _step(ctx, delivery)
            else:
                key = f"{delivery.process_key}/{new_id()}"
                StartProcess(
                    delivery.process_key, key, at=delivery.element_id, payload=dict(delivery.payload),
                    department=str(delivery.payload.get("department") or ""),
                ).run(ctx)  # fmt: skip
    except LianjianError as error:
        detail: dict[str, Any] = {
            "signal": delivery.name, "payload": dict(delivery.payload), "tasks": list(delivery.tasks),
            "process_key": delivery.process_key, "element_id": delivery.element_id, **error.details,
        }  # fmt: skip
        open_incident(
            ctx, kind="signal", message=error.message, instance_id=delivery.instance_id or None,
            element_id=delivery.element_id, detail=detail,
        )  # fmt: skip


def repeat_delivery(ctx: CommandContext, instance_id: str | None, detail: dict[str, Any]) -> None:
    """Hand over once more what an incident of the kind ``signal`` kept."""
    ctx.signals.append(
        SignalDelivery(
            detail["signal"], detail["payload"], instance_id=instance_id or "", tasks=tuple(detail["tasks"]),
            process_key=detail["process_key"], element_id=detail["element_id"],
        )
    )  # fmt: skip


def _step(ctx: CommandContext, delivery: SignalDelivery) -> None:
    instance = fire_overdue(ctx, locked_instance(ctx, delivery.instance_id))
    waiting = sa.select(Subscription.element_id).where(
        Subscription.instance_id == instance.id,
        Subscription.kind == "signal",
        Subscription.message_name == delivery.name,
        Subscription.engine_task_id.in_(delivery.tasks),
    )
    ctx.flush()
    elements = sorted(ctx.connection.scalars(waiting))
    if instance.status != "running" or not elements:
        return  # what came before has ended the wait

    def act(execution: Execution) -> None:
        execution.hear(delivery.name, delivery.payload, only=delivery.tasks)

    ctx.record(
        instance.id,
        "signal-received",
        {"signal": delivery.name, "elements": elements, "payload": dict(delivery.payload)},
    )
    advance(ctx, instance, act)
