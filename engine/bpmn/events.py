"""Events: boundary events, races, messages, errors and escalations, where the library differs from BPMN."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.defaults import BoundaryEvent, IntermediateCatchEvent, ReceiveTask
from SpiffWorkflow.bpmn.specs.event_definitions.base import EventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.item_aware_event import (
    CodeEventDefinition,
    ErrorEventDefinition,
    EscalationEventDefinition,
)
from SpiffWorkflow.bpmn.specs.event_definitions.message import MessageEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.simple import TerminateEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.bpmn_spec_mixin import BpmnSpecMixin
from SpiffWorkflow.specs.base import TaskSpec
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.listening import activity_of, is_armed
from engine.bpmn.scopes import end_tokens, token_data
from engine.bpmn.timers import CycleTimer
from engine.bpmn.triggers import CatchingSpec, happen, keep_payload, open_triggers, rearm

#: Where an instance that ended with an error remembers which.
FAILED = "failed"


class KernelMessage(MessageEventDefinition):
    """A message; its payload is kept under the catching element's id."""

    def throw(self, my_task: Task) -> None:
        # Messages leave the instance: the kernel finds who waits, here or elsewhere.
        if self.name:  # the linter doubts a message nobody named; there is nothing to send
            my_task.workflow.script_engine.send_message(my_task, self.name)

    def get_correlations(self, my_task: Task, payload: Any) -> dict[str, Any]:
        # The library evaluates correlation expressions as Python; here the business key correlates.
        return {}

    def update_task_data(self, my_task: Task) -> None:
        keep_payload(my_task)

    def again(self, my_task: Task) -> dict[str, Any]:
        """It may be sent any number of times."""
        return {}


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

    def again(self, my_task: Task) -> dict[str, Any]:
        """It may be thrown any number of times."""
        return {}


class KernelTerminate(TerminateEventDefinition):
    """Ends its own level, after it has thrown what stands ``before`` it; nobody else hears of it."""

    def __init__(self, before: Iterable[EventDefinition] = (), **options: Any) -> None:
        super().__init__(**options)
        self.before = list(before)

    def throw(self, my_task: Task) -> None:
        for definition in self.before:
            definition.throw(my_task)


Catcher = tuple[Task, CodeEventDefinition]


def find_catcher(task: Task, kind: type[CodeEventDefinition], code: str | None) -> Catcher | None:
    """The waiting boundary event that catches ``code`` when thrown at ``task``; an exact code before "any"."""
    for waiting in _guards(task, kind):
        for wanted in (code, None):
            for event, definition in waiting:
                if definition.code == wanted:
                    return event, definition
    return None


def is_guarded(task: Task) -> bool:
    """Does an error boundary event wait on the task or on an activity around it?"""
    return any(True for _ in _guards(task, KernelError))


def _guards(task: Task, kind: type[CodeEventDefinition]) -> Iterator[list[Catcher]]:
    """Who waits for one kind of event: boundary events on the task's activity, event sub-processes of its
    level, boundary events on the activity around it, and so on outward."""
    current: Task | None = task
    while current is not None:
        split = activity_of(current).parent
        if split is not None and isinstance(split.task_spec, BoundaryEventSplit):
            waiting = [
                (event, definition) for event in split.children
                if isinstance(event.task_spec, BoundaryEvent) and event.state == TaskState.WAITING
                for definition in open_triggers(event) if isinstance(definition, kind)
            ]  # fmt: skip
            if waiting:
                yield waiting
        workflow = current.workflow
        armed = [
            (event, definition) for event in workflow.tasks.unfinished() if is_armed(event)
            and event.task_spec.handler != current.task_spec.name  # a handler does not begin itself
            for definition in open_triggers(event) if isinstance(definition, kind)
        ]  # fmt: skip
        if armed:
            yield armed
        caller = workflow.parent_task_id
        current = workflow.top_workflow.get_task_from_id(caller) if caller else None


def catch_thrown(workflow: Any) -> None:
    """Hand what the last step threw to who catches it; an error that nobody catches ends the instance."""
    while workflow.thrown:
        task, definition, message = workflow.thrown.pop(0)
        kind = KernelError if isinstance(definition, KernelError) else KernelEscalation
        catcher = find_catcher(task, kind, definition.code)
        if catcher is None:
            if kind is KernelError:
                fail(workflow, task, definition.code or "")
            continue
        event, trigger = catcher
        # One that interrupts goes on with all that its activity or scope knows.
        data = {} if message or event.task_spec.interrupting else dict(task.data)
        event.internal_data[trigger.name] = {"data": data, "code": definition.code, "message": message}
        happen(event, trigger)


def fail(workflow: Any, task: Task, code: str) -> None:
    """End the whole instance with an error: nothing goes on, and it is remembered where it failed."""
    workflow.memory[FAILED] = {"code": code, "element": task.task_spec.bpmn_id}
    for pending in (workflow.thrown, workflow.signals, workflow.throwing):
        pending.clear()
    end_tokens(workflow)
    last, data = task, task.data
    while last.workflow is not workflow:
        last = workflow.get_task_from_id(last.workflow.parent_task_id)
    last.data = data
    workflow.tasks.touch(last)
    workflow.last_task, workflow.completed = last, True


class KernelBoundaryEvent(CatchingSpec, BoundaryEvent):
    """Interrupts its activity the moment it fires; if it does not interrupt, waits for the next time at once."""

    @property
    def interrupting(self) -> bool:
        return bool(self.cancel_activity)

    def _on_ready_hook(self, my_task: Task) -> None:
        super()._on_ready_hook(my_task)
        if self.cancel_activity:
            for other in my_task.parent.children:
                if not isinstance(other.task_spec, BoundaryEvent):
                    my_task.data = token_data(other)  # what was submitted inside is not lost
                    other.cancel()
            return
        _wait_again(my_task)  # at once: another branch may throw the same before this one goes on

    def _predict_hook(self, my_task: Task) -> None:
        TaskSpec._predict_hook(self, my_task)


def _wait_again(my_task: Task) -> None:
    """Beside an event that has just occurred and can occur again, wait for the next time."""
    known = rearm(my_task)
    if known is not None:
        spec = my_task.task_spec
        again = my_task.parent._add_child(spec, TaskState.FUTURE)
        again._set_internal_data(**known)
        spec._predict(again, mask=TaskState.NOT_FINISHED_MASK)
        spec._update(again)


class _AfterGateway(CatchingSpec):
    """An event that waits on its own or in a race; in a race the first to occur ends the others' waiting."""

    def _on_ready_hook(self, my_task: Task) -> None:
        super()._on_ready_hook(my_task)
        gateway = my_task.parent
        if isinstance(gateway.task_spec, KernelEventGateway) and not gateway.task_spec.together:
            for other in gateway.children:
                if other is not my_task:
                    other.cancel()


class KernelCatchEvent(_AfterGateway, IntermediateCatchEvent):
    """intermediateCatchEvent; a cycle that is not in a race lets a token go on in every round."""

    def _on_ready_hook(self, my_task: Task) -> None:
        super()._on_ready_hook(my_task)
        raced = isinstance(my_task.parent.task_spec, KernelEventGateway)
        if isinstance(self.event_definition, CycleTimer) and not raced:
            _wait_again(my_task)


class KernelReceiveTask(_AfterGateway, ReceiveTask):
    """receiveTask."""


class KernelEventGateway(BpmnSpecMixin):
    """eventBasedGateway: its events wait at the same time; ``together`` (parallel) each of them is awaited."""

    def __init__(self, wf_spec: Any, bpmn_id: str, *, together: bool = False, **kwargs: Any) -> None:
        super().__init__(wf_spec, bpmn_id, **kwargs)
        self.together = together

    def _predict_hook(self, my_task: Task) -> None:
        my_task._sync_children(self.outputs, TaskState.MAYBE)

    def _run_hook(self, my_task: Task) -> bool:
        my_task._sync_children(self.outputs, TaskState.FUTURE)
        for child in my_task.children:
            child.task_spec._predict(child, mask=TaskState.FUTURE | TaskState.PREDICTED_MASK)
        return True


def let_events_wait(workflow: Any) -> None:
    """In states of format 1 an event-based gateway waited for its events; now they wait for themselves."""
    for level in [workflow, *workflow.subprocesses.values()]:
        for task in list(level.tasks.values()):
            if isinstance(task.task_spec, KernelEventGateway) and task.state == TaskState.WAITING:
                due = task.internal_data.pop("due", {})
                task._set_state(TaskState.READY)
                task.run()
                for child in task.children:
                    own = child.internal_data.get("due", {})
                    own |= {text: moment for text, moment in due.items() if text in own}


def waiting_event(task: Task, name: str) -> tuple[Task, EventDefinition] | None:
    """The waiting event (and its trigger) that catches the message ``name`` at ``task``.

    States saved before events waited for themselves have a gateway waiting for all of its events.
    """
    if isinstance(task.task_spec, KernelEventGateway):
        found = [waiting_event(child, name) for child in task.children if child.state == TaskState.WAITING]
        return next((each for each in found if each is not None), None)
    for definition in open_triggers(task) if task.state == TaskState.WAITING else ():
        if isinstance(definition, KernelMessage) and definition.name == name:
            return task, definition
    return None
