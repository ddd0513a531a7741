"""The one way to change anything: ``ProcessEngine.execute(command, actor)`` is the only commit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import sqlalchemy.exc
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.bpmn.execution import Execution
from engine.commands.context import Command, CommandContext
from engine.commands.correlate_message import deliver_pending
from engine.commands.hosting import KernelHost
from engine.commands.incidents import ReportRunaway, ReportUnreadable
from engine.commands.kernel import FormContext, JobQueue, Kernel, no_context
from engine.commands.locking import LockedInstance
from engine.db import Database
from engine.errors import Conflict, Runaway, StateUnreadable
from engine.models import ProcessInstance, UserTask
from engine.service_tasks import ServiceRegistry
from engine.settings import Settings

if TYPE_CHECKING:
    from engine.forms import Form

#: How often a command is tried when PostgreSQL stops it because two cases wait for each other.
_ATTEMPTS = 4


@dataclass(frozen=True)
class TaskView:
    """What a page needs to show one open task."""

    task: UserTask
    instance: ProcessInstance
    form: Form | None
    context: dict[str, Any]
    data: dict[str, Any]


class ProcessEngine:
    """Executes commands, one transaction each, and opens read-only sessions.

    ``clock`` gives the present as an aware datetime; tests pass a standing one.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        services: ServiceRegistry,
        *,
        jobs: JobQueue | None = None,
        form_context: FormContext = no_context,
        roles: frozenset[str] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.database = database
        self.settings = settings
        self.clock = clock
        self.kernel = Kernel(settings, services, jobs, form_context, roles)

    def execute(self, command: Command[Any], *, actor: Actor, now: datetime | None = None) -> Any:
        """Run ``command`` in one transaction and return its result.

        Raises whatever the command raises, with nothing saved; :class:`Conflict` when another
        writer was first.  A command may have a ``prepare(kernel)`` that gives the command to run:
        what takes long and needs no database happens there, before the transaction.
        """
        prepare = getattr(command, "prepare", None)
        if prepare is not None:
            command = prepare(self.kernel)
        moment = now or self.clock()
        attempts = 0
        while True:
            attempts += 1
            try:
                return self._attempt(command, actor, moment)
            except StateUnreadable as error:
                if "instance_id" in error.details:
                    self._attempt(ReportUnreadable(error), actor, moment)
                raise
            except Runaway as error:
                if "instance_id" in error.details:
                    self._attempt(ReportRunaway(error), actor, moment)
                raise
            except sqlalchemy.exc.IntegrityError as error:
                if attempts < _ATTEMPTS and "uq_history_event" in str(error.orig):
                    continue  # somebody wrote the link of the history we meant to write: look again, then decide
                if "unique" not in str(error.orig).lower():
                    raise
                raise Conflict("另一位人员刚刚提交了相同的内容，请刷新后查看；您填写的内容已保留。") from error
            except sqlalchemy.exc.OperationalError as error:
                if attempts < _ATTEMPTS and "deadlock detected" in str(error.orig).lower():
                    continue  # two cases that reach each other crossed: nothing of this one is left, it begins anew
                if _is_contention(error):
                    raise Conflict("系统正忙，另一项操作正在更新同一数据，请稍后重试。") from error
                raise

    def _attempt(self, command: Command[Any], actor: Actor, now: datetime) -> Any:
        with self.database.begin() as connection:
            ctx = CommandContext(connection, now, actor, self.kernel)
            try:
                result = command.run(ctx)
                deliver_pending(ctx)
                ctx.flush()
            finally:
                ctx.close()
        self.kernel.rested.keep(ctx.rested)
        return result

    def form_of(self, session: Session, task: UserTask) -> Form | None:
        """The task's form in the version its instance runs on."""
        definition_id = session.scalar(
            sa.select(ProcessInstance.definition_id).where(ProcessInstance.id == task.instance_id)
        )
        assert definition_id is not None
        return self.kernel.definition(session, definition_id).forms.get(task.form_key)

    def task_view(self, session: Session, task: UserTask) -> TaskView:
        """An open task with its form, its form context and the live state of its instance."""
        instance = session.get_one(ProcessInstance, task.instance_id)
        definition = self.kernel.definition(session, instance.definition_id)
        execution = self.peek(session, instance)
        data = dict(execution.element(task.engine_task_id).data)
        return TaskView(
            task=task,
            instance=instance,
            form=definition.forms.get(task.form_key),
            context=self.kernel.form_context(session, task, data, self.clock()),
            data=data,
        )

    def peek(self, session: Session, instance: ProcessInstance) -> Execution:
        """The instance restored for looking only; nothing it does is saved."""
        definition = self.kernel.definition(session, instance.definition_id)
        ctx = CommandContext(session.connection(), self.clock(), Actor.system(), self.kernel, opened=session)
        return Execution.load(definition.loaded, instance.state, KernelHost(ctx, LockedInstance.of(instance)))

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A read-only session."""
        with self.database.read() as session:
            yield session


def _is_contention(error: sqlalchemy.exc.OperationalError) -> bool:
    text = str(error.orig).lower()
    return "database is locked" in text or "deadlock" in text or "could not serialize" in text
