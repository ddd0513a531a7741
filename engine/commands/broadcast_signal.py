"""Tell everybody who waits for a signal at this moment, and start the processes that begin with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from engine.commands.context import CommandContext
from engine.commands.received import received
from engine.models import ProcessInstance, StartTrigger, Subscription


@dataclass(frozen=True)
class BroadcastSignal:
    """Broadcast a signal in the district; returns how many instances it reaches and starts.

    Whoever begins to wait later does not hear it.
    """

    name: str
    payload: dict[str, Any] = field(default_factory=dict)

    def run(self, ctx: CommandContext) -> int:
        return broadcast(ctx, self.name, received(self.payload, "信号的内容"))


@dataclass(frozen=True)
class SignalDelivery:
    """A signal on its way to one instance (its waiting tasks) or to one start event of a process."""

    name: str
    payload: Mapping[str, Any]
    instance_id: str = ""
    tasks: tuple[str, ...] = ()
    process_key: str = ""
    element_id: str = ""


def broadcast(ctx: CommandContext, name: str, payload: Mapping[str, Any], source: str | None = None) -> int:
    """Mark for delivery before the commit everybody who hears a signal now, except the instance ``source``.

    Receivers follow each other by business key, so two signals never wait for each other's locks.
    """
    ctx.flush()
    awaited = sa.select(Subscription.instance_id, Subscription.engine_task_id).where(
        Subscription.district_id == ctx.district_id,
        Subscription.message_name == name,
        Subscription.kind == "signal",
        Subscription.instance_id != source if source else sa.true(),
    )
    rows = ctx.connection.execute(awaited.order_by(Subscription.business_key, Subscription.instance_id)).all()
    found = [
        SignalDelivery(name, payload, instance_id=instance_id, tasks=tuple(row.engine_task_id for row in each))
        for instance_id, each in groupby(rows, key=lambda row: row.instance_id)
    ]
    # An instance that already waits at the start event is the one that is meant.
    waits_there = (
        sa.select(Subscription.id)
        .join(ProcessInstance, ProcessInstance.id == Subscription.instance_id)
        .where(
            Subscription.district_id == ctx.district_id,
            Subscription.kind == "signal", Subscription.message_name == name,
            Subscription.element_id == StartTrigger.element_id, ProcessInstance.process_key == StartTrigger.process_key,
        )
    )  # fmt: skip
    starts = sa.select(StartTrigger.process_key, StartTrigger.element_id).where(
        StartTrigger.district_id == ctx.district_id,
        StartTrigger.kind == "signal",
        StartTrigger.name == name,
        ~waits_there.exists(),
    )
    found += [
        SignalDelivery(name, payload, process_key=row.process_key, element_id=row.element_id)
        for row in ctx.connection.execute(starts.order_by(StartTrigger.process_key, StartTrigger.element_id))
    ]
    ctx.signals += found
    return len(found)
