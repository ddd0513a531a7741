"""Events: boundary events, races, messages, errors and escalations, where the library differs from BPMN."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.defaults import BoundaryEvent, EventBasedGateway
from SpiffWorkflow.bpmn.specs.event_definitions.item_aware_event import (
    CodeEventDefinition,
    ErrorEventDefinition,
    EscalationEventDefinition,
)
from SpiffWorkflow.bpmn.specs.event_definitions.message import MessageEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.simple import TerminateEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.timer import TimerEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.specs.base import TaskSpec
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.assigning import assign_names
from engine.bpmn.timers import CycleTimer
from engine.errors import ServiceTaskFailed

_CHOSEN = "chosen"


class KernelMessage(MessageEventDefinition):
    """A message; its payload is kept under the catching element's id."""

    def throw(self, my_task: Task) -> None:
        # Messages leave the instance: the kernel finds who waits, here or elsewhere.
        my_task.workflow.script_engine.send_message(my_task, self.name)

    def update_task_data(self, my_task: Task) -> None:
        payload = my_task.internal_data.pop(self.name, None)
        my_task.data[my_task.task_spec.bpmn_id] = dict(payload or {})
        assign_names(my_task, my_task.task_spec)


class _Thrown(CodeEventDefinition):
    """Travels outward from where it is thrown; caught at the nearest activity around it, never by a neighbour."""

    def throw(self, my_task: Task) -> None:
        # Caught after the step, before any other: see catch_thrown.
        my_task.workflow.top_workflow.thrown.append((my_task, self, ""))

    def update_task_data(self, my_task: Task) -> None:
        carried = my_task.internal_data.pop(self.name, None)
        if carried is not None:
            my_task.data.update(carried["data"])
            my_task.data[my_task.task_spec.bpmn_id] = {"code": carried["code"], "message": carried["message"]}


class KernelError(_Thrown, ErrorEventDefinition):
    """An error: of an error end event or of a service task that failed with a code."""


class KernelEscalation(_Thrown, EscalationEventDefinition):
    """An escalation; when nobody catches it nothing happens."""


class KernelTerminate(TerminateEventDefinition):
    """Ends its own level; nobody else hears of it."""

    def throw(self, my_task: Task) -> None:
        return None


def find_catcher(task: Task, kind: type[CodeEventDefinition], code: str | None) -> Task | None:
    """The waiting boundary event that catches ``code`` when thrown at ``task``; an exact code before "any"."""
    for waiting in _guards(task, kind):
        for wanted in (code, None):
            found = [event for event in waiting if event.task_spec.event_definition.code == wanted]
            if found:
                return found[0]
    return None


def is_guarded(task: Task) -> bool:
    """Does an error boundary event wait on the task or on an activity around it?"""
    return any(True for _ in _guards(task, KernelError))


def _guards(task: Task, kind: type[CodeEventDefinition]) -> Iterator[list[Task]]:
    """Waiting boundary events of one kind on the task's activity, on the one around it, and so on outward."""
    current: Task | None = task
    while current is not None:
        split = _activity(current).parent
        if split is not None and isinstance(split.task_spec, BoundaryEventSplit):
            waiting = [
                event for event in split.children
                if isinstance(event.task_spec, BoundaryEvent) and event.state == TaskState.WAITING
                and isinstance(event.task_spec.event_definition, kind)
            ]  # fmt: skip
            if waiting:
                yield waiting
        workflow = current.workflow
        caller = workflow.parent_task_id
        current = workflow.top_workflow.get_task_from_id(caller) if caller else None


def _activity(task: Task) -> Task:
    """The activity a task stands for: the multi-instance or loop of an instance, else the task."""
    parent = task.parent
    if (
        parent is not None
        and isinstance(parent.task_spec, LoopTask)
        and parent.task_spec.task_spec == task.task_spec.name
    ):
        return parent
    return task


def catch_thrown(workflow: Any) -> None:
    """Hand what the last step threw to the boundary event that catches it.

    Raises :class:`ServiceTaskFailed` for an error that nobody catches.
    """
    while workflow.thrown:
        task, definition, message = workflow.thrown.pop(0)
        kind = KernelError if isinstance(definition, KernelError) else KernelEscalation
        catcher = find_catcher(task, kind, definition.code)
        if catcher is None:
            if kind is KernelError:
                raise ServiceTaskFailed(
                    f"流程抛出了错误“{definition.code}”，但没有外层活动捕获它，请在子流程上添加错误边界事件。",
                    error_code=definition.code or "",
                )
            continue
        data = {} if message else dict(task.data)
        caught = {"data": data, "code": definition.code, "message": message}
        catcher.internal_data[catcher.task_spec.event_definition.name] = caught
        catcher._set_internal_data(event_fired=True)
        catcher.task_spec._update(catcher)


class KernelBoundaryEvent(BoundaryEvent):
    """Interrupts its activity the moment it fires; if it does not interrupt, waits for the next time at once."""

    def _on_ready_hook(self, my_task: Task) -> None:
        super()._on_ready_hook(my_task)
        if self.cancel_activity:
            for other in my_task.parent.children:
                if not isinstance(other.task_spec, BoundaryEvent):
                    other.cancel()

    def _predict_hook(self, my_task: Task) -> None:
        TaskSpec._predict_hook(self, my_task)

    def _run_hook(self, my_task: Task) -> bool:
        definition = self.event_definition
        rounds = definition.after_round(my_task) if isinstance(definition, CycleTimer) else None
        result = super()._run_hook(my_task)
        if not self.cancel_activity and (rounds or isinstance(definition, KernelMessage | KernelEscalation)):
            again = my_task.parent._add_child(self, TaskState.FUTURE)
            if rounds:
                again._set_internal_data(event_value=rounds)
            self._predict(again, mask=TaskState.NOT_FINISHED_MASK)
            self._update(again)
        return bool(result)


class KernelEventGateway(EventBasedGateway):
    """eventBasedGateway: the first event alone decides; its payload is kept under the catching element's id."""

    def catch(self, my_task: Task, event: Any) -> None:
        for number, definition in enumerate(self.event_definition.event_definitions):
            if definition.catches(my_task, event):
                my_task._set_internal_data(**{_CHOSEN: number, "payload": event.payload})
                return

    def _update_hook(self, my_task: Task) -> bool:
        my_task.data = dict(my_task.parent.data)
        definitions = self.event_definition.event_definitions
        due = [
            (d.due_at(my_task), number) for number, d in enumerate(definitions) if isinstance(d, TimerEventDefinition)
        ]
        if my_task.internal_data.pop("event_fired", False):
            my_task.internal_data.setdefault(_CHOSEN, min(due)[1])
        if _CHOSEN in my_task.internal_data:
            return True
        if my_task.state != TaskState.WAITING:
            my_task._set_state(TaskState.WAITING)
        my_task.workflow.top_workflow.event_manager.add_task(my_task)
        return False

    def _run_hook(self, my_task: Task) -> bool:
        chosen = self.outputs[my_task.internal_data.pop(_CHOSEN)]
        payload = my_task.internal_data.pop("payload", None)
        my_task.internal_data.pop("due", None)
        if payload is not None:
            my_task.data[chosen.bpmn_id] = dict(payload)
            assign_names(my_task, chosen)
        my_task._sync_children([chosen], TaskState.FUTURE)
        for child in my_task.children:
            child.task_spec._predict(child, mask=TaskState.FUTURE | TaskState.PREDICTED_MASK)
        return True
