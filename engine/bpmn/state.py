"""Snapshot and restore: the state of an instance without its specification.

Format 2 is JSON: one array a task in tree order, data as differences to the
parent task, sub-processes as differences to the task that called them, and what
the kernel itself remembers of the instance (format 1 had no such memory).  A
snapshot carries its format number; every released format loads for ever
(tests/golden).
"""

from __future__ import annotations

import gc
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import orjson
from SpiffWorkflow.bpmn.specs.defaults import EventSubprocess
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask
from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

import engine.bpmn.inherited
import engine.bpmn.short_plans
import engine.bpmn.unlogged  # noqa: F401 - takes out what the library writes to nobody
from engine.bpmn.events import let_events_wait
from engine.bpmn.keeping import MAX_STATE
from engine.bpmn.parser import LoadedDefinition
from engine.bpmn.rows import LARGE, kept_rows, plain_rows
from engine.bpmn.task_table import TaskTable
from engine.errors import StateUnreadable

FORMAT = 2


class _Cancelling:
    """What the library forgets when it takes an unfinished task out of the tree: its waits and its sub-process."""

    def _task_removed_notify(self, task: Task) -> None:
        super()._task_removed_notify(task)  # type: ignore[misc]
        if not task.has_state(TaskState.FINISHED_MASK):
            task._state = TaskState.CANCELLED
        top = task.workflow.top_workflow
        top.event_manager.remove_task(task)
        sub = top.subprocesses.get(task.id)
        if sub is not None:
            sub.cancel()
            for inner in list(sub.tasks.values()):
                if inner.id in top.subprocesses:
                    inner.workflow._task_removed_notify(inner)
            top.subprocesses.pop(task.id, None)

    @property
    def tasks(self) -> TaskTable:
        """All tasks of the workflow by id."""
        return self._tasks

    @tasks.setter
    def tasks(self, tasks: dict[UUID, Task]) -> None:
        self._tasks = TaskTable(tasks)


class KernelWorkflow(_Cancelling, BpmnWorkflow):
    """The library's workflow with flat scans: the library's tree iterator stops at depth 1,000."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        #: Errors and escalations thrown by the running step: (task, definition, message).
        self.thrown: list[tuple[Task, Any, str]] = []
        #: Signals thrown by the running step, see :mod:`engine.bpmn.signals`.
        self.signals: list[Any] = []
        #: Throwing events of the running step whose tokens have not gone on yet.
        self.throwing: list[Task] = []
        #: What the kernel remembers of the instance beyond its tasks; JSON values only, kept in the snapshot.
        self.memory: dict[str, Any] = {}
        #: Told of every sub-process before its contents, see :mod:`engine.bpmn.observing`.
        self.watch: Callable[[Task], None] | None = None
        super().__init__(*arguments, **options)

    def update_waiting_tasks(self) -> None:
        # Only joins wait for other tasks; events wait for the world outside, see Execution.
        waiting = [t for t in self.tasks.busy() if t._state == TaskState.WAITING]
        for task in waiting:
            if task._state == TaskState.WAITING and not isinstance(task.task_spec, CatchingEvent):
                task.task_spec._update(task)

    def create_subprocess(self, my_task: Task, spec_name: str) -> KernelSubWorkflow:
        self.script_engine.spending.check()
        if not isinstance(my_task.task_spec, EventSubprocess):  # told with its start event
            self.script_engine.trace.append(my_task.task_spec.bpmn_id)
        if self.watch is not None:
            self.watch(my_task)
        sub = KernelSubWorkflow(self.subprocess_specs[spec_name], parent_task_id=my_task.id, top_workflow=self)
        self.subprocesses[my_task.id] = sub
        return sub


class KernelSubWorkflow(_Cancelling, BpmnSubWorkflow):
    """See :class:`KernelWorkflow`."""

    def cancel(self, success: bool = False) -> list[Task]:
        """End every task of the sub-process, however long its chains are."""
        self.success, self.completed = success, True
        found = self.tasks.unfinished()
        for task in found:
            if task.id in self.tasks:
                task.cancel()
        return found

    update_waiting_tasks = KernelWorkflow.update_waiting_tasks


def packed(state: bytes) -> bytes:
    """A snapshot seldom read again, a finished instance's, in a third of its bytes; :func:`restore` takes it."""
    return zlib.compress(state)


def _unpacked(data: bytes) -> bytes:
    if data[:1] == b"[":
        return data
    reader = zlib.decompressobj()
    state = reader.decompress(data, MAX_STATE)
    if not reader.eof:
        raise StateUnreadable("流程状态不完整或过大，无法读取。")
    return state


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the garbage collector: thousands of lists that all live or die at once would wake it for nothing."""
    woken = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if woken:
            gc.enable()


def snapshot(workflow: KernelWorkflow) -> bytes:
    """The workflow as bytes; :func:`restore` gives the same workflow back."""
    size = len(workflow.tasks) + sum(len(sub.tasks) for sub in workflow.subprocesses.values())
    return written(workflow, kept_rows if size >= LARGE else plain_rows)


@_uncollected()
def written(workflow: KernelWorkflow, rows: Callable[[Any, Mapping[str, Any]], Any]) -> bytes:
    """The snapshot made with one of the two writers of :mod:`engine.bpmn.rows`, which give the same bytes."""
    subs = [
        [
            task_id.hex,
            sub.spec.name,
            rows(sub, workflow.get_task_from_id(task_id).data),
            sub.completed,
            sub.last_task.id.hex if sub.last_task else None,
        ]
        for task_id, sub in sorted(workflow.subprocesses.items(), key=lambda entry: entry[1].depth)
    ]
    document = [
        FORMAT,
        rows(workflow, {}),
        workflow.completed,
        workflow.last_task.id.hex if workflow.last_task else None,
        {k: v for k, v in workflow.data.items() if k == "data_objects"},
        subs,
        workflow.memory,
    ]
    return orjson.dumps(document)


@_uncollected()
def restore(definition: LoadedDefinition, data: bytes, script_engine: Any) -> KernelWorkflow:
    """Rebuild the workflow on the definition's shared specs.

    Raises :class:`StateUnreadable` when the bytes are not a known format or name unknown elements.
    """
    try:
        document = orjson.loads(_unpacked(data))
        if not isinstance(document, list) or document[0] not in {1, FORMAT}:
            raise StateUnreadable("流程状态的格式未知，可能由更新的版本写入；请升级系统后重试。")
        _, rows, completed, last, data_objects, subs, *rest = document
        workflow = KernelWorkflow(
            definition.spec, definition.subprocess_specs, script_engine=script_engine, deserializing=True
        )
        workflow.data.update(data_objects)
        workflow.memory.update(rest[0] if rest else {})
        _rebuild(workflow, rows, {}, completed, last)
        for task_id, spec_name, sub_rows, sub_completed, sub_last in subs:
            parent_id = UUID(task_id)
            parent = workflow.get_task_from_id(parent_id)
            sub = KernelSubWorkflow(definition.subprocess_specs[spec_name], parent_id, workflow, deserializing=True)
            workflow.subprocesses[parent_id] = sub
            _rebuild(sub, sub_rows, parent.data, sub_completed, sub_last)
            if not sub.completed and isinstance(parent.task_spec, SubWorkflowTask):
                sub.completed_event.connect(parent.task_spec._on_subworkflow_completed, parent)
        if document[0] == 1:
            let_events_wait(workflow)
        return workflow
    except StateUnreadable:
        raise
    except Exception as error:
        raise StateUnreadable(f"流程状态损坏，无法读取：{error}") from error


def _rebuild(workflow: Any, rows: list[list[Any]], outer: Mapping[str, Any], completed: bool, last: str | None) -> None:
    built: list[Task] = []
    manager = workflow.top_workflow.event_manager
    tasks, specs, waiting = workflow.tasks, workflow.spec.task_specs, TaskState.WAITING
    for task_id, parent_index, spec_name, state, changed_at, triggered, changed, removed, internal in rows:
        task = Task.__new__(Task)
        task.id = UUID(task_id)
        task.workflow = workflow
        task.task_spec = specs[spec_name]
        task._children = []
        task._state = state
        task.triggered = bool(triggered)
        task.thread_id = 0
        task.last_state_change = changed_at
        task.internal_data = internal or {}
        if parent_index < 0:
            task._parent = None
            base = outer
        else:
            parent = built[parent_index]
            task._parent = parent.id
            parent._children.append(task.id)
            base = parent.data
        task.data = data = dict(base)
        if removed:
            for name in removed:
                data.pop(name, None)
        if changed:
            data.update(changed)
        tasks[task.id] = task
        built.append(task)
        if state == waiting and isinstance(task.task_spec, CatchingEvent):
            manager.add_task(task)
    workflow.task_tree = built[0]
    workflow.completed = completed
    workflow.last_task = workflow.tasks[UUID(last)] if last else None
