"""What a command works on, read by one statement under its locks.

Plain values, not objects of a session: a completion would spend more on those than on everything else.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from engine.commands.context import CommandContext
from engine.db import id_text, is_postgresql, key_lock
from engine.errors import Conflict, NotFound
from engine.models import HistoryEvent, ProcessInstance, TaskDraft, UserTask
from engine.prepared import Prepared


@dataclass(slots=True)
class LockedInstance:
    """A process instance whose row nobody else can change before this transaction ends."""

    id: str
    district_id: str
    definition_id: str
    process_key: str
    business_key: str
    title: str
    department: str
    status: str
    state: bytes
    version: int

    @classmethod
    def of(cls, row: ProcessInstance) -> LockedInstance:
        """The same of an object, for looking only."""
        return cls(*(getattr(row, name) for name in cls.__slots__))


@dataclass(frozen=True, slots=True)
class LockedTask:
    """A user task under its lock; ``drafted`` says that somebody keeps a draft of it."""

    id: str
    instance_id: str
    engine_task_id: str
    element_id: str
    name: str
    form_key: str
    department: str
    on_behalf: str
    group: str
    assignee_id: str | None
    state: str
    closed_by: str | None
    version: int
    drafted: bool


# Statements are written once: building one anew costs more than running it.
_INSTANCE = [getattr(ProcessInstance, name) for name in LockedInstance.__slots__]
_TASK = [getattr(UserTask, name) for name in LockedTask.__slots__ if name != "drafted"]
_LOCKED_INSTANCE = Prepared(
    sa.select(*_INSTANCE).where(ProcessInstance.id == sa.bindparam("of_instance")).with_for_update()
)
_LAST = (
    sa.select(HistoryEvent)
    .where(HistoryEvent.district_id == UserTask.district_id, HistoryEvent.stream == id_text(UserTask.instance_id))
    .order_by(HistoryEvent.seq.desc())
    .limit(1)
)
_OF_TASK = (
    sa.select(
        *_INSTANCE,
        *_TASK,
        sa.exists().where(TaskDraft.task_id == UserTask.id),
        _LAST.with_only_columns(HistoryEvent.seq).scalar_subquery(),
        _LAST.with_only_columns(HistoryEvent.hash).scalar_subquery(),
    )
    .join_from(UserTask, ProcessInstance)
    .where(UserTask.id == sa.bindparam("of_task"), UserTask.district_id == sa.bindparam("of_district"))
    .with_for_update(of=[ProcessInstance, UserTask])
)
_LOCK_INSTANCE = Prepared(
    sa.select(key_lock(ProcessInstance.business_key)).where(ProcessInstance.id == sa.bindparam("of_instance"))
)
_HELD = sa.select(key_lock(UserTask.business_key)).where(UserTask.id == sa.bindparam("of_task")).cte("held")
#: On PostgreSQL the key is locked before the rows by the same statement.  Who had to wait sees the rows as they are
#: then, but the last link of the history as it was: it is refused by its number, and the command begins anew.
_LOCKED_CASE, _LOCKED_CASE_AND_KEY = Prepared(_OF_TASK), Prepared(_OF_TASK.join(_HELD, sa.true()))


def locked_instance(ctx: CommandContext, instance_id: str) -> LockedInstance:
    """The instance under the lock of its business key and of its row.  Raises :class:`NotFound`.

    The key comes first: it also keeps a message from being sent, unseen, while the instance
    begins to wait for it (READ COMMITTED would let both miss each other).
    """
    wanted = {"of_instance": instance_id}
    if is_postgresql(ctx.connection):
        _LOCK_INSTANCE.first(ctx.connection, wanted)
    row = _LOCKED_INSTANCE.first(ctx.connection, wanted)
    if row is None:
        raise NotFound("流程实例不存在。")
    return LockedInstance(*row)


def locked_case(ctx: CommandContext, task_id: str) -> tuple[LockedInstance, LockedTask]:
    """A task and its instance under their locks, in the order of :func:`locked_instance`.  Raises :class:`NotFound`."""
    statement = _LOCKED_CASE_AND_KEY if is_postgresql(ctx.connection) else _LOCKED_CASE
    row = statement.first(ctx.connection, {"of_task": task_id, "of_district": ctx.district_id})
    if row is None:
        raise NotFound("任务不存在，可能链接有误。")
    *values, seq, digest = row
    instance, task = LockedInstance(*values[: len(_INSTANCE)]), LockedTask(*values[len(_INSTANCE) :])
    if seq is not None:
        ctx.chain.begin_at(instance.id, (seq, digest))
    return instance, task


def require_running(instance: LockedInstance) -> None:
    """Raise :class:`Conflict` unless the instance is running."""
    if instance.status != "running":
        words = {"completed": "已经办结", "terminated": "已经终止", "suspended": "已暂停"}
        raise Conflict(f"该流程{words.get(instance.status, '不在运行')}，未作任何改动。")
