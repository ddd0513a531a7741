"""Move one instance: restore, act, save, and keep the rows of tasks, timers and subscriptions equal to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from engine.bpmn.execution import Execution, Wait
from engine.bpmn.state import packed
from engine.commands.context import CommandContext
from engine.commands.hosting import KernelHost
from engine.commands.incidents import ReportUnreadable, open_incident
from engine.commands.kernel import Definition
from engine.commands.locking import LockedInstance, locked_instance
from engine.commands.task_rows import sync_tasks
from engine.commands.wait_rows import sync_waits
from engine.errors import Conflict, LianjianError, StateUnreadable
from engine.models import ProcessInstance, Timer
from engine.prepared import Prepared


def advance(
    ctx: CommandContext, instance: LockedInstance, act: Callable[[Execution], None], *, recheck_waits: bool = False
) -> Execution:
    """Restore the instance, let ``act`` move it, save it and its rows.

    ``recheck_waits`` compares the rows of timers and messages themselves: a deadline that moved has
    already moved the restored timer, but not its row.
    """
    definition = ctx.kernel.definition(ctx.connection, instance.definition_id)
    host = KernelHost(ctx, instance)
    ctx.stepping.add(instance.id)
    try:
        execution = _taken_up(ctx, instance, definition, host)
        before = Standing.of(execution)
        if recheck_waits:
            before = replace(before, waits=None)
        act(execution)
        save(ctx, instance, execution, before)
    finally:
        ctx.stepping.discard(instance.id)
    return execution


def _taken_up(ctx: CommandContext, instance: LockedInstance, definition: Definition, host: KernelHost) -> Execution:
    rested = ctx.rested.pop(instance.id, None) or ctx.kernel.rested.take(instance.id)
    # Only the very state that was just read is gone on with; whatever happened elsewhere, the database is right.
    if rested is not None and rested.state == instance.state and rested.of(definition.loaded):
        return Execution.resume(definition.loaded, rested, host)
    try:
        return Execution.load(definition.loaded, instance.state, host)
    except StateUnreadable as error:
        error.details["instance_id"] = instance.id
        raise


@dataclass(frozen=True)
class Standing:
    """What the rows of an instance say: marks of its open tasks, and its waits.  A new instance has neither."""

    tasks: frozenset[Any] = frozenset()
    waits: frozenset[Wait] | None = frozenset()  # None: not known, look

    @classmethod
    def of(cls, execution: Execution) -> Standing:
        """The rows that a saved state has."""
        return cls(execution.open_now(), frozenset(execution.waits()))


_SAVE = Prepared(
    sa.update(ProcessInstance.__table__)  # type: ignore[arg-type]
    .where(ProcessInstance.id == sa.bindparam("of_instance"), ProcessInstance.version == sa.bindparam("seen"))
    .values({name: sa.bindparam(name) for name in ("state", "version", "status", "ended_at")})
)


def save(ctx: CommandContext, instance: LockedInstance, execution: Execution, before: Standing) -> None:
    """Write the snapshot (one writer wins) and bring the rows in line, which now stand as ``before``."""
    completed = execution.completed
    seen, instance.version = instance.version, instance.version + 1
    state = execution.snapshot()
    instance.state = packed(state) if completed else state
    failure = execution.failure
    if completed:
        instance.status = "terminated" if failure else "completed"
    saved = _SAVE.run(
        ctx.connection,
        {"of_instance": instance.id, "seen": seen, "state": instance.state, "version": instance.version,
         "status": instance.status, "ended_at": ctx.now if completed else None},
    )  # fmt: skip
    if saved != 1:
        raise Conflict("另一位人员刚刚更新了该流程，请刷新后重试；您填写的内容已保留。")
    ctx.forget(ProcessInstance, instance.id)
    sync_tasks(ctx, instance, execution, before.tasks)
    sync_waits(ctx, instance, execution, before.waits)
    if not completed:
        ctx.rested[instance.id] = execution.rest(instance.state)
    if failure:
        element, code = failure["element"], failure["code"]
        open_incident(
            ctx, kind="error", message=f"流程抛出了错误“{code}”，没有任何活动捕获它，流程已经终止。",
            instance_id=instance.id, element_id=element, detail=failure,
        )  # fmt: skip
    elif completed:
        ctx.record(instance.id, "instance-completed", {"business_key": instance.business_key})


def follow_deadlines(ctx: CommandContext, business_keys: Iterable[str]) -> int:
    """Let the timers of some business keys ask for their deadlines again; returns how many instances did.

    What a timer starts that fires now may fail; that is an incident of its instance and does not undo the change.
    """
    instances = ctx.session.scalars(
        sa.select(ProcessInstance.id)
        .where(
            ProcessInstance.district_id == ctx.district_id,
            ProcessInstance.business_key.in_(list(business_keys)),
            ProcessInstance.status == "running",
            sa.exists().where(Timer.instance_id == ProcessInstance.id),
        )
        .order_by(ProcessInstance.business_key, ProcessInstance.id)
    ).all()
    for instance_id in instances:
        try:
            with ctx.savepoint():
                advance(ctx, locked_instance(ctx, instance_id), Execution.run, recheck_waits=True)
        except StateUnreadable as error:
            ReportUnreadable(error).run(ctx)
        except LianjianError as error:
            open_incident(
                ctx, kind="timer", message=error.message, instance_id=instance_id, detail=error.details
            )  # fmt: skip
    return len(instances)
