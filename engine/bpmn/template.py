"""The first steps of many instances that begin alike, taken once.

When nothing that runs before the first wait looks at what the instances differ in, their states differ
in the ids of their tasks and in the data of the first task alone (a snapshot keeps data as differences,
see :mod:`engine.bpmn.state`).  Ten thousand starts are then one start and ten thousand copies.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import orjson
from SpiffWorkflow.bpmn.specs.defaults import ManualTask, UserTask
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine import expressions
from engine.bpmn.execution import Execution
from engine.bpmn.joins import KernelParallelGateway
from engine.bpmn.keeping import jsonable
from engine.bpmn.parser import LoadedDefinition
from engine.bpmn.script_engine import Element, Host, KernelScriptEngine
from engine.bpmn.specs import KernelScriptTask, KernelTask
from engine.bpmn.starts import KernelStart, KernelStartEvent
from engine.bpmn.state import FORMAT, KernelWorkflow, snapshot

#: What hands data on without looking at it; a script is looked at by :class:`_Alike`.
_BLIND = (KernelStart, KernelStartEvent, KernelScriptTask, KernelTask, UserTask, ManualTask)
_FIRST_ROW, _ID, _DATA = 0, 0, 6


class _Differ(Exception):
    """Something looks at what instances differ in, or acts on the world."""


class _Alike(KernelScriptEngine):
    """Runs only what comes to the same for every instance: expressions without names and functions of the kernel."""

    def execute(self, task: Task, script: str, external_context: Any = None) -> bool:
        for _, expression in expressions.parse_assignments(script):
            if expression.names or expression.possible_names or expression.functions:
                raise _Differ
        return super().execute(task, script, external_context)

    def _refuse(self, *arguments: Any, **options: Any) -> Any:
        raise _Differ

    evaluate = run_service = run_decision = send_message = broadcast_signal = holds = _refuse


@dataclass(frozen=True)
class StartTemplate:
    """A state of which every start makes its own copy; ``open`` are the tasks that wait in it."""

    rows: list[list[Any]]
    last: str | None
    rest: list[Any]
    open: tuple[Element, ...]

    @classmethod
    def of(cls, definition: LoadedDefinition, host: Host) -> StartTemplate | None:
        """Take the first steps of a definition; None when instances may differ in them."""
        engine = _Alike(host, definition)
        workflow = KernelWorkflow(definition.spec, definition.subprocess_specs, script_engine=engine)
        execution = Execution(definition, workflow, engine)
        try:
            execution.run()
        except _Differ:
            return None
        if workflow.completed or workflow.subprocesses or workflow.memory or workflow.data:
            return None
        if workflow.event_manager.tasks or not all(_blind(task) for task in workflow.tasks.values()):
            return None
        _, rows, _, last, *rest = orjson.loads(snapshot(workflow))
        return cls(rows, last, rest, tuple(execution.open_tasks()))

    def copy(self, variables: Mapping[str, Any]) -> tuple[bytes, list[Element]]:
        """A new instance's state, begun with ``variables``, and its open tasks."""
        fresh = os.urandom(16 * len(self.rows)).hex()
        ids = {row[_ID]: _version_4(fresh[32 * n : 32 * n + 32]) for n, row in enumerate(self.rows)}
        rows = [[ids[row[_ID]], *row[1:]] for row in self.rows]
        rows[_FIRST_ROW][_DATA] = jsonable(dict(variables)) or 0
        last = ids[self.last] if self.last else None
        state = orjson.dumps([FORMAT, rows, False, last, *self.rest])
        return state, [
            replace(element, engine_task_id=str(UUID(ids[UUID(element.engine_task_id).hex]))) for element in self.open
        ]


def _version_4(digits: str) -> str:
    """Random digits as those of a UUID like the library's own."""
    return f"{digits[:12]}4{digits[13:16]}a{digits[17:]}"


def _blind(task: Task) -> bool:
    """Whether a task that has begun hands on its data as it is."""
    if task.has_state(TaskState.PREDICTED_MASK | TaskState.FUTURE):
        return True
    spec = task.task_spec
    if spec.io_specification or spec.data_input_associations or spec.data_output_associations:
        return False
    return type(spec) in _BLIND or (type(spec) is KernelParallelGateway and len(spec.inputs) < 2)
