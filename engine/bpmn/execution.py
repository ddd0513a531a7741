"""One running process: start, complete a task, deliver a message, fire timers, run to the next wait."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from SpiffWorkflow.bpmn.specs.defaults import BoundaryEvent
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask
from SpiffWorkflow.exceptions import SpiffWorkflowException, TaskNotFoundException
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.assigning import assign_names
from engine.bpmn.conditions import KernelCondition, watch_conditions
from engine.bpmn.correlation import accepts, remember
from engine.bpmn.data import visible
from engine.bpmn.events import FAILED, KernelMessage, catch_thrown, waiting_event
from engine.bpmn.keeping import MAX_STATE, jsonable
from engine.bpmn.observing import watcher
from engine.bpmn.parser import LoadedDefinition
from engine.bpmn.script_engine import Element, Host, KernelScriptEngine
from engine.bpmn.signals import Heard, KernelSignal, listeners, react
from engine.bpmn.starts import StartPoint, begin_at
from engine.bpmn.state import KernelWorkflow, restore, snapshot
from engine.bpmn.throwing import continue_throwers, throws_signal
from engine.bpmn.triggers import happen, open_triggers
from engine.errors import Conflict, LianjianError, ServiceTaskFailed

log = logging.getLogger(__name__)

MAX_STEPS = 100_000


@dataclass(frozen=True)
class Wait:
    """A timer (``due_at``), a message, a signal or a condition a token waits for.

    ``stands``: a timer whose statutory deadline stands still; it has no due time until the deadline runs again.
    """

    engine_task_id: str
    element_id: str
    due_at: datetime | None = None
    message: str = ""
    signal: str = ""
    condition: str = ""
    stands: bool = False


@dataclass(frozen=True)
class Rested:
    """An execution between two commands: its snapshot and the very same in memory."""

    state: bytes
    workflow: KernelWorkflow = field(repr=False)

    def of(self, definition: LoadedDefinition) -> bool:
        """Whether it runs on this very definition, as parsed now."""
        return self.workflow.spec is definition.spec


class Execution:
    """A workflow in memory.  Not thread-safe; never shared between commands."""

    def __init__(self, definition: LoadedDefinition, workflow: KernelWorkflow, engine: KernelScriptEngine) -> None:
        self._definition = definition
        self._workflow = workflow
        self._engine = engine
        #: element ids in the order they ran since this object was made
        self.trace = engine.trace
        #: only a trial run watches
        self._watch = workflow.watch = watcher(getattr(engine.host, "observe", None))
        #: ids of the tasks completed by :meth:`complete` since this object was made
        self.submitted: set[str] = set()

    @classmethod
    def start(
        cls, definition: LoadedDefinition, variables: Mapping[str, Any], host: Host, at: StartPoint | None = None
    ) -> Execution:  # fmt: skip
        """A new execution, not yet run; ``at`` is what started it when nobody did by hand."""
        engine = KernelScriptEngine(host, definition)
        workflow = KernelWorkflow(definition.spec, definition.subprocess_specs, script_engine=engine)
        workflow.task_tree.data.update(deepcopy(jsonable(dict(variables))))
        if at is not None:
            begin_at(workflow.task_tree, at)
        return cls(definition, workflow, engine)

    @classmethod
    def load(cls, definition: LoadedDefinition, state: bytes, host: Host) -> Execution:
        """Restore a snapshot.  Raises StateUnreadable."""
        engine = KernelScriptEngine(host, definition)
        return cls(definition, restore(definition, state, engine), engine)

    @classmethod
    def resume(cls, definition: LoadedDefinition, rested: Rested, host: Host) -> Execution:
        """Go on with what :meth:`rest` left behind in an earlier command; what it is restored from is spared."""
        engine = KernelScriptEngine(host, definition)
        rested.workflow.script_engine = engine
        return cls(definition, rested.workflow, engine)

    def rest(self, state: bytes) -> Rested:
        """What may go on another time; ``state`` is its snapshot, nothing may move it any more."""
        return Rested(state, self._workflow)

    def snapshot(self) -> bytes:
        """The state without the specification."""
        try:
            state = snapshot(self._workflow)
        except TypeError as error:  # half a character of a text, for instance
            raise ServiceTaskFailed(f"流程数据中有无法保存的内容（{error}）。") from error
        if len(state) > MAX_STATE:
            raise self._engine.spending.runaway(
                f"流程数据有 {len(state):,} 字节，超过上限 {MAX_STATE:,} 字节，疑似失控，已停止。"
            )
        return state

    # -- moving -----------------------------------------------------------------

    def run(self) -> None:
        """Run to the next wait.

        Raises what a service task raises, ExpressionError, :class:`~engine.errors.Runaway`, and
        ServiceTaskFailed for a process with nothing left to wait for.
        """
        self._engine.spending.begin()
        self._go_on()

    def _go_on(self) -> None:
        with _readable_errors():
            self._run()
        if not self.completed and not self.open_now() and not any(self.waits()):
            raise ServiceTaskFailed("流程停滞：没有待办任务、定时器或消息等待，请检查网关条件与汇合。")

    def _run(self) -> None:
        steps, spending = 0, self._engine.spending
        while True:
            progressed = False
            for workflow in self._deepest_first():
                ready = [t for t in workflow.tasks.busy() if t._state == TaskState.READY]
                if len(ready) > 1:
                    ready.sort(key=_turn)
                for task in ready:
                    if task.state != TaskState.READY or self._workflow.completed:
                        continue
                    steps += 1
                    if steps > MAX_STEPS:
                        raise spending.runaway(f"流程一次执行超过 {MAX_STEPS} 步，疑似死循环，已停止。")
                    spending.check()
                    if task.task_spec.bpmn_id and not isinstance(task.task_spec, LoopTask | SubWorkflowTask):
                        self.trace.append(task.task_spec.bpmn_id)
                    self._step(task)
                    progressed = True
                if workflow.parent_task_id in self._workflow.subprocesses:
                    caller = self._workflow.get_task_from_id(workflow.parent_task_id)
                    if caller is not None and not caller.has_state(TaskState.FINISHED_MASK):
                        before = caller.state
                        caller.task_spec._update(caller)
                        progressed = progressed or caller.state != before
            progressed = continue_throwers(self._workflow) or progressed
            if not progressed and not self._watch_conditions() and not self._fire_due_timers():
                return

    def _step(self, task: Task) -> None:
        if self._watch is None:
            task.run()
        else:
            self._watch(task)  # before what its end sets off
            task.run()
            self._watch(task)
        catch_thrown(self._workflow)
        react(self._workflow)
        self._watch_conditions()
        continue_throwers(self._workflow)

    def _deepest_first(self) -> list[Any]:
        active = [s for s in self._workflow.subprocesses.values() if not s.completed]
        return [*sorted(active, key=lambda s: s.depth, reverse=True), self._workflow]

    def _watch_conditions(self) -> bool:
        return self._definition.conditional and watch_conditions(self._workflow)

    def _fire_due_timers(self) -> bool:
        """Fire the timer that has been due for longest; what it causes comes before the next one."""
        due = [
            (when, task.workflow.depth, task.task_spec.bpmn_id, task, definition)
            for task in self._workflow.event_manager.tasks.values()
            if task.state == TaskState.WAITING
            for definition in open_triggers(task)
            if hasattr(definition, "due_at") and (when := definition.due_at(task)) is not None
            if when <= self._engine.now
        ]
        if not due:
            return False
        _, _, _, task, definition = min(due, key=lambda entry: entry[:3])
        happen(task, definition)
        return True

    def _catch_up(self) -> None:
        """What has been due before now happens before anything else, however late the alarm clock is."""
        self._engine.spending.begin()
        with _readable_errors():
            if self._fire_due_timers():
                self._run()

    def complete(self, engine_task_id: str, values: Mapping[str, Any]) -> None:
        """Store ``values`` under the user task's element id and run on.

        Raises :class:`Conflict` when the task is no longer open.
        """
        self._catch_up()
        task = self._open(engine_task_id)
        task.data[task.task_spec.bpmn_id] = jsonable(dict(values))
        assign_names(task, task.task_spec)
        self.submitted.add(engine_task_id)
        self.trace.append(task.task_spec.bpmn_id)
        with _readable_errors():
            self._step(task)
        self._go_on()

    def deliver(self, engine_task_id: str, message: str, payload: Mapping[str, Any]) -> None:
        """Hand a message to exactly one waiting element and run on.  Raises :class:`Conflict` if it no longer waits."""
        self._catch_up()
        task = self._find(engine_task_id)
        found = waiting_event(task, message) if task is not None else None
        if found is None:
            raise Conflict("该消息的等待已经结束。")
        kept = jsonable(dict(payload))
        remember(found[0], message, kept)
        happen(*found, kept)
        self._go_on()

    def accepts(self, engine_task_id: str, message: str, payload: Mapping[str, Any]) -> bool:
        """Does the message belong to the conversation of the element that waits for it?"""
        task = self._find(engine_task_id)
        found = waiting_event(task, message) if task is not None else None
        return found is not None and accepts(found[0], message, payload)

    def hear(self, signal: str, payload: Mapping[str, Any], only: Collection[str] | None = None) -> None:
        """Let a signal reach every element that waits for it (of ``only`` these tasks) and run on."""
        self._catch_up()
        heard = [r for r in listeners(self._workflow, signal) if only is None or str(r[0].id) in only]
        self._workflow.signals.append(Heard(jsonable(dict(payload)), heard))
        with _readable_errors():
            react(self._workflow)
        self._go_on()

    def begin(self, point: StartPoint, payload: Mapping[str, Any] | None = None) -> None:
        """Run a new execution started at ``point`` up to there, let its trigger occur and run on."""
        self._engine.spending.begin()
        with _readable_errors():
            self._run()
            for task in list(self._workflow.event_manager.tasks.values()):
                if any(definition is point.definition for definition in open_triggers(task)):
                    kept = None if payload is None else jsonable(dict(payload))
                    remember(task, point.name, kept or {})
                    happen(task, point.definition, kept)
        self._go_on()

    # -- looking ----------------------------------------------------------------

    @property
    def completed(self) -> bool:
        """True when no token is left."""
        if self._workflow.completed:
            return True
        return not self._workflow.tasks.unfinished()

    @property
    def failure(self) -> dict[str, str] | None:
        """The error that ended the instance because nobody caught it: its ``code`` and the ``element``."""
        return self._workflow.memory.get(FAILED)

    def open_tasks(self) -> Iterator[Element]:
        """User and manual tasks that a person can act on now."""
        return map(self._engine.element, self._open_tasks())

    def open_now(self) -> frozenset[Any]:
        """Marks of the open tasks for :meth:`changes_since`."""
        return frozenset().union(*(workflow.tasks.open_set() for workflow in self._deepest_first()))

    def changes_since(self, before: frozenset[Any]) -> tuple[list[Element], list[str]]:
        """Tasks that opened since :meth:`open_now`, and ids of those that are gone without having been submitted."""
        now = self.open_now()
        gone = {str(task.id) for task in before - now} - self.submitted
        opened = now - before
        return [self._engine.element(task) for task in self._open_tasks() if task in opened] if opened else [], sorted(
            gone
        )

    def _open_tasks(self) -> Iterator[Task]:
        for workflow in self._deepest_first():
            yield from workflow.tasks.open()

    def waits(self) -> Iterator[Wait]:
        """Timers, messages, signals and conditions this execution waits for."""
        for task in self._workflow.event_manager.tasks.values():
            if task.state != TaskState.WAITING:
                continue
            where = {"engine_task_id": str(task.id), "element_id": task.task_spec.bpmn_id}
            for definition in open_triggers(task):
                if hasattr(definition, "due_at"):
                    due = definition.due_at(task)
                    if due is not None:
                        yield Wait(**where, due_at=due)
                    elif definition.stands(task):
                        yield Wait(**where, stands=True)
                elif isinstance(definition, KernelMessage):
                    yield Wait(**where, message=definition.name)
                elif isinstance(definition, KernelSignal):
                    yield Wait(**where, signal=definition.name)
                elif isinstance(definition, KernelCondition):
                    yield Wait(**where, condition=definition.expression)

    def element(self, engine_task_id: str) -> Element:
        """The element of an open task.  Raises :class:`Conflict` when it is no longer open."""
        return self._engine.element(self._open(engine_task_id))

    def evaluate(self, engine_task_id: str, text: str) -> Any:
        """Evaluate an expression on an open task's data."""
        return self._engine.evaluate(self._open(engine_task_id), text)

    def data(self) -> dict[str, Any]:
        """The data of the most recent token (for scenarios and programs)."""
        last = self._workflow.last_task
        return {**visible(self._workflow), **last.data} if last is not None else {}

    def progress(self) -> dict[str, str]:
        """Element id → ``"open"`` | ``"waiting"`` | ``"done"`` for the live picture."""
        found: dict[str, str] = {}
        for workflow in [self._workflow, *self._workflow.subprocesses.values()]:
            for task in workflow.tasks.values():
                element = task.task_spec.bpmn_id
                if not element:
                    continue
                if task.state == TaskState.COMPLETED:
                    found.setdefault(element, "done")
                elif task.state in (TaskState.READY, TaskState.STARTED):
                    found[element] = "open"
                elif task.state == TaskState.WAITING and found.get(element) != "open":
                    found[element] = "waiting"
        return found

    def _find(self, engine_task_id: str) -> Task | None:
        try:
            return self._workflow.get_task_from_id(UUID(engine_task_id))
        except (TaskNotFoundException, ValueError):
            return None

    def _open(self, engine_task_id: str) -> Task:
        task = self._find(engine_task_id)
        if task is None or task.state != TaskState.READY or not task.task_spec.manual:
            raise Conflict("该任务已经办结或撤销，未作任何改动。")
        return task


def _turn(task: Task) -> tuple[int, float]:
    """Who of several tokens goes first, which BPMN leaves open.

    An event that has occurred: it interrupts, or waits for its next time.  Last a signal that is about to be
    thrown: whoever arrives at a wait in the same round (through an event-based gateway, say) hears it.
    """
    spec = task.task_spec
    return 0 if isinstance(spec, BoundaryEvent) else 2 if throws_signal(spec) else 1, task.last_state_change


@contextmanager
def _readable_errors() -> Iterator[None]:
    """Errors of the library and of values nobody foresaw, as one kind the kernel can turn into an incident."""
    try:
        yield
    except LianjianError:
        raise
    except RecursionError as error:
        raise ServiceTaskFailed("流程的嵌套过深，无法继续执行。") from error
    except SpiffWorkflowException as error:
        raise ServiceTaskFailed(f"流程无法继续：{error}") from error
    except (ArithmeticError, TypeError, ValueError, LookupError, AttributeError) as error:
        log.exception("a process failed")
        raise ServiceTaskFailed(f"流程执行出错（{type(error).__name__}：{error}），请联系系统管理员。") from error
