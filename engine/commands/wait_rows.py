"""The rows of timers and of subscriptions to messages and signals follow the execution."""

from __future__ import annotations

import sqlalchemy as sa

from engine.bpmn.execution import Execution, Wait
from engine.commands.context import CommandContext
from engine.commands.locking import LockedInstance
from engine.commands.reconcile_alarms import set_alarm
from engine.db import new_id
from engine.models import Subscription, Timer


def sync_waits(
    ctx: CommandContext, instance: LockedInstance, execution: Execution, before: frozenset[Wait] | None
) -> None:  # fmt: skip
    """Bring the rows of timers and subscriptions in line; they are ``before``, or unknown when that is None."""
    waits = list(execution.waits())
    if before is not None and before == frozenset(waits):
        return
    timers = {
        (t.engine_task_id, t.due_at): t
        for t in ctx.session.scalars(sa.select(Timer).where(Timer.instance_id == instance.id))
    }
    subscriptions = {
        (s.engine_task_id, s.kind, s.message_name): s
        for s in ctx.session.scalars(sa.select(Subscription).where(Subscription.instance_id == instance.id))
    }
    for wait in waits:
        where = {"engine_task_id": wait.engine_task_id, "element_id": wait.element_id}
        common = {"id": new_id(), "district_id": instance.district_id, "instance_id": instance.id, **where}
        if wait.due_at is not None or wait.stands:
            if timers.pop((wait.engine_task_id, wait.due_at), None) is None:
                ctx.session.add(Timer(**common, due_at=wait.due_at))
                if wait.due_at is not None:
                    set_alarm(ctx, instance.id, wait.due_at)
            continue
        kind, name = ("message", wait.message) if wait.message else ("signal", wait.signal)
        if name and subscriptions.pop((wait.engine_task_id, kind, name), None) is None:
            ctx.session.add(Subscription(**common, kind=kind, message_name=name, business_key=instance.business_key))
            if kind == "message":
                ctx.outbox.append(instance.business_key)
    for gone in [*timers.values(), *subscriptions.values()]:
        ctx.session.delete(gone)
    ctx.session.flush()
