"""The inside of one command: its transaction, its actor, its clock, and what it may cause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key

from engine.actor import Actor
from engine.bpmn.execution import Rested
from engine.calendar import Calendar
from engine.commands.kernel import Kernel
from engine.errors import ServiceTaskFailed
from engine.history import DISTRICT_STREAM, Chain
from engine.service_tasks import Start
from engine.settings import Settings

Result = TypeVar("Result", covariant=True)


class Command(Protocol[Result]):
    """Anything with ``run``; one command is one transaction."""

    def run(self, ctx: CommandContext) -> Result:
        """Do it, or raise; nothing is committed unless this returns."""
        ...


@dataclass
class CommandContext:
    """Given to :meth:`Command.run`.  ``outbox`` holds messages delivered before the commit.

    The hot path works on ``connection`` (ADR 0004); domain code works with ``session``, which sees
    and writes the same transaction.
    """

    connection: sa.Connection
    now: datetime
    actor: Actor
    kernel: Kernel
    outbox: list[str] = field(default_factory=list)
    #: Signals on their way to those who heard them, see :mod:`engine.commands.broadcast_signal`.
    signals: list[Any] = field(default_factory=list)
    #: Ids of instances now being stepped, so that a delivery waits until its target is saved.
    stepping: set[str] = field(default_factory=set)
    #: Ids of instances whose open tasks must ask their ``candidates`` expression again.
    refreshing: set[str] = field(default_factory=set)
    #: How often each instance was delivered to, and each process started by an event, by this command.
    reached: Counter[str] = field(default_factory=Counter)
    #: Business keys whose deadlines moved: their timers ask again before the commit.
    following: set[str] = field(default_factory=set)
    #: Executions this command has saved, by instance; kept for the next command once it is committed.
    rested: dict[str, Rested] = field(default_factory=dict)
    #: The session of this transaction, once somebody asked for one.
    opened: Session | None = None

    @property
    def session(self) -> Session:
        """The transaction as objects; opened when first asked for, many commands never do."""
        if self.opened is None:
            self.opened = Session(self.connection, expire_on_commit=False, join_transaction_mode="rollback_only")
        return self.opened

    def flush(self) -> None:
        """Write what objects and history have queued."""
        if self.opened is not None:
            self.opened.flush()
        if "chain" in self.__dict__:
            self.chain.flush()

    def close(self) -> None:
        """The objects stay readable; the transaction is the caller's."""
        if self.opened is not None:
            self.opened.close()

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """What the block does is undone, and forgotten by objects and history, when it raises."""
        heads, thrown = self.chain.heads(), len(self.signals)
        try:
            with self.session.begin_nested():
                self.session.connection()  # a session takes its savepoint when it is used, we need it before that
                yield
                self.flush()
        except BaseException:
            self.session.expire_all()
            self.chain.return_to(heads)
            del self.signals[thrown:]
            raise

    def reach(self, key: str, most: int) -> None:
        """Count a delivery to ``key``.  Raises :class:`ServiceTaskFailed` when processes keep each other going."""
        self.reached[key] += 1
        if self.reached[key] > most:
            raise ServiceTaskFailed(f"一次操作引起的消息或信号往返超过 {most} 次，疑似互相触发的死循环，已停止。")

    def forget(self, entity: type[Any], key: str) -> None:
        """A row was changed by a statement: an object that shows it reads it again."""
        if self.opened is not None:
            known = self.opened.identity_map.get(identity_key(entity, key))
            if known is not None:
                self.opened.expire(known)

    @property
    def district_id(self) -> str:
        return self.kernel.settings.district_id

    @property
    def settings(self) -> Settings:
        return self.kernel.settings

    @property
    def today(self) -> str:
        """The local date as ``YYYY-MM-DD``."""
        return self.now.astimezone(self.kernel.settings.timezone).date().isoformat()

    @cached_property
    def calendar(self) -> Calendar:
        """The district's working-day calendar."""
        return Calendar.load(self.session, self.district_id, self.kernel.settings.timezone)

    @cached_property
    def chain(self) -> Chain:
        """The history of this transaction."""
        return Chain(self.connection, self.district_id)

    def record(self, stream: str | None, kind: str, body: Mapping[str, Any]) -> str:
        """Add a history event to an instance's stream, or to the district's when ``stream`` is None."""
        return self.chain.queue(stream or DISTRICT_STREAM, kind, body, actor=self.actor, now=self._moment)

    @cached_property
    def _moment(self) -> datetime:
        """:attr:`now` in UTC, as it is hashed and stored: worked out once for all events of a command."""
        return self.now.astimezone(UTC)

    def start_process(
        self, key: str, business_key: str, variables: Mapping[str, Any], *, title: str = "", department: str = "",
        departments: Iterable[str] = (),
    ) -> str:  # fmt: skip
        """Start a process in this transaction; returns the instance id."""
        from engine.commands.start_process import StartProcess

        return StartProcess(
            key, business_key, dict(variables), title=title, department=department, departments=tuple(departments)
        ).run(self)

    def start_processes(self, key: str, starts: Iterable[Start]) -> dict[str, str]:
        """Start many instances of one process in this transaction; returns their ids by business key."""
        from engine.commands.start_many import StartMany

        return StartMany(key, tuple(starts)).run(self)

    def send_message(self, name: str, business_key: str, payload: Mapping[str, Any] | None = None) -> None:
        """Send a message in this transaction."""
        from engine.commands.correlate_message import CorrelateMessage

        CorrelateMessage(name, business_key, dict(payload or {})).run(self)

    def enqueue(self, kind: str, key: str, args: Mapping[str, Any], delay_seconds: float = 0) -> None:
        """Add a job to this transaction (nothing happens in a system without a job engine)."""
        if self.kernel.jobs is not None:
            self.kernel.jobs.enqueue(self.session, kind, key, dict(args), delay_seconds)


Clock = Callable[[], datetime]
