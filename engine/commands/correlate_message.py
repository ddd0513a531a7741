"""Send a message to whoever waits for it under a business key, now or later, or start the process it begins."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from engine.bpmn.execution import Execution
from engine.commands.context import CommandContext
from engine.commands.deliver_signal import deliver_signal
from engine.commands.fire_timers import fire_overdue
from engine.commands.incidents import open_incident
from engine.commands.locking import locked_instance
from engine.commands.received import received
from engine.commands.start_process import StartProcess
from engine.commands.stepping import advance, follow_deadlines
from engine.db import lock_key, new_id
from engine.errors import LianjianError
from engine.models import Incident, Message, ProcessInstance, StartTrigger, Subscription

#: Deliveries to one instance, and starts of one process, that one command may cause; more can only be a runaway.
MAX_DELIVERIES = 100
MAX_STARTS = 2_000


@dataclass(frozen=True)
class CorrelateMessage:
    """Keep the message and mark its business key for delivery before the commit; returns the message id."""

    name: str
    business_key: str
    payload: dict[str, Any] = field(default_factory=dict)

    def run(self, ctx: CommandContext) -> str:
        payload = received(self.payload, "消息的内容")
        lock_key(ctx.session, self.business_key)
        message = Message(
            id=new_id(), district_id=ctx.district_id, name=self.name, business_key=self.business_key,
            payload=payload, sent_at=ctx.now,
        )  # fmt: skip
        ctx.session.add(message)
        ctx.session.flush()
        ctx.outbox.append(self.business_key)
        return message.id


def deliver_pending(ctx: CommandContext) -> None:
    """Deliver what the command caused; a delivery may cause more.

    A delivery that fails does not undo the command that sent it: it becomes an incident
    of the receiving instance, and the message is kept for the retry.
    """
    while ctx.signals or ctx.outbox or ctx.following:
        if ctx.following:
            keys, ctx.following = ctx.following, set()
            follow_deadlines(ctx, keys)
        elif ctx.signals:
            deliver_signal(ctx, ctx.signals.pop(0))
        else:
            _deliver_to(ctx, ctx.outbox.pop(0))


def _deliver_to(ctx: CommandContext, business_key: str) -> None:
    refused: set[tuple[str, str]] = set()  # waits of another conversation under the same business key
    while (found := _next(ctx, business_key, refused)) is not None:
        pair = (found[0].id, found[1].id)
        try:
            if not _deliver(ctx, *found):
                break
        except _OtherConversation:
            refused.add(pair)
    while (start := _next_start(ctx, business_key)) is not None:
        if not _start(ctx, *start):
            break


class _OtherConversation(Exception):
    """The message contradicts the correlation keys of who waits for it."""


def _next(ctx: CommandContext, business_key: str, refused: set[tuple[str, str]]) -> tuple[Message, Subscription] | None:
    row = ctx.session.execute(
        sa.select(Message, Subscription)
        .join(
            Subscription,
            sa.and_(
                Subscription.district_id == Message.district_id,
                Subscription.business_key == Message.business_key,
                Subscription.message_name == Message.name,
                Subscription.kind == "message",
            ),
        )
        .where(
            Message.district_id == ctx.district_id,
            Message.business_key == business_key,
            Message.delivered_at.is_(None),
            ~sa.exists().where(
                Incident.instance_id == Subscription.instance_id,
                Incident.kind == "message",
                Incident.state == "open",
            ),
        )
        .where(sa.tuple_(Message.id, Subscription.id).not_in(refused) if refused else sa.true())
        .order_by(Message.id, Subscription.id)
        .limit(1)
    ).first()
    return None if row is None else (row[0], row[1])


def _next_start(ctx: CommandContext, business_key: str) -> tuple[Message, StartTrigger] | None:
    """A message nobody awaits that starts a process of which the business key has no instance yet."""
    row = ctx.session.execute(
        sa.select(Message, StartTrigger)
        .join(
            StartTrigger,
            sa.and_(
                StartTrigger.district_id == Message.district_id,
                StartTrigger.kind == "message",
                StartTrigger.name == Message.name,
                StartTrigger.since <= Message.sent_at,
            ),
        )
        .where(
            Message.district_id == ctx.district_id,
            Message.business_key == business_key,
            Message.delivered_at.is_(None),
            ~sa.exists().where(
                ProcessInstance.district_id == Message.district_id,
                ProcessInstance.process_key == StartTrigger.process_key,
                ProcessInstance.business_key == Message.business_key,
            ),
            ~sa.exists().where(
                Incident.business_key == Message.business_key,
                Incident.instance_id.is_(None),
                Incident.kind == "message",
                Incident.state == "open",
            ),
        )
        .order_by(Message.id)
        .limit(1)
    ).first()
    return None if row is None else (row[0], row[1])


def _start(ctx: CommandContext, message: Message, trigger: StartTrigger) -> bool:
    """Start the process the message begins; its business key is that of the message, which is locked."""
    message_id, name, business_key, payload = message.id, message.name, message.business_key, dict(message.payload)
    process_key, element_id = trigger.process_key, trigger.element_id
    try:
        with ctx.savepoint():
            ctx.reach(process_key, MAX_STARTS)
            department = str(payload.get("department") or "")
            start = StartProcess(process_key, business_key, department=department, at=element_id, payload=payload)
            message.delivered_at, message.instance_id = ctx.now, start.run(ctx)
            ctx.record(
                message.instance_id, "message-received", {"message": name, "element": element_id, "payload": payload}
            )  # fmt: skip
        return True
    except LianjianError as error:
        open_incident(
            ctx, kind="message", message=error.message, element_id=element_id, business_key=business_key,
            detail={"message_id": message_id, "message": name, **error.details},
        )  # fmt: skip
        return False


def _still_waiting(ctx: CommandContext, message: Message, subscription: Subscription) -> bool:
    """Look again under the instance's lock; both rows were read before it."""
    message_id, subscription_id = message.id, subscription.id
    fresh = ctx.session.get(Message, message_id, populate_existing=True)
    waiting = ctx.session.scalar(sa.select(Subscription.id).where(Subscription.id == subscription_id))
    return fresh is not None and fresh.delivered_at is None and waiting is not None


def _deliver(ctx: CommandContext, message: Message, subscription: Subscription) -> bool:
    instance_id, element_id = subscription.instance_id, subscription.element_id
    engine_task_id, name, payload = subscription.engine_task_id, message.name, dict(message.payload)

    def act(execution: Execution) -> None:
        if not execution.accepts(engine_task_id, name, payload):
            raise _OtherConversation
        execution.deliver(engine_task_id, name, payload)

    try:
        with ctx.savepoint():
            ctx.reach(instance_id, MAX_DELIVERIES)
            instance = fire_overdue(ctx, locked_instance(ctx, instance_id))
            if not _still_waiting(ctx, message, subscription):
                return True  # another transaction delivered it while we waited for the lock
            message.delivered_at, message.instance_id = ctx.now, instance_id
            ctx.record(
                instance_id, "message-received", {"message": name, "element": element_id, "payload": payload}
            )  # fmt: skip
            advance(ctx, instance, act)
        return True
    except LianjianError as error:
        open_incident(
            ctx, kind="message", message=error.message, instance_id=instance_id, element_id=element_id,
            detail={"message_id": message.id, "message": name, **error.details},
        )  # fmt: skip
        return False
