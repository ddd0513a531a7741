"""Compensation: what was completed is undone by its handlers, the last first (spec §10.7, §13.5.5).

An activity that can be compensated gets a number when it completes.  A compensation event collects the
completed activities it sees, each once, and runs their handlers one after the other.  A handler begins
with the data of its activity at completion, and with what the handlers before it wrote; what it writes
goes to the token that threw the event.  A sub-process without a handler of its own is compensated
through the activities inside it.

A compensation that runs is remembered under the id of its thrower in ``workflow.memory``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from SpiffWorkflow.bpmn.specs.defaults import EventSubprocess
from SpiffWorkflow.bpmn.specs.event_definitions.base import EventDefinition
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask
from SpiffWorkflow.exceptions import TaskNotFoundException
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.listening import ScopeTrigger
from engine.bpmn.scopes import COMPLETED_AS, changes, data_at_completion, publish, shares_data
from engine.bpmn.triggers import triggers_of

_RUNNING = "compensating"
_COUNT = "completions"
_DONE = "compensated"


class KernelCompensation(EventDefinition):
    """``activity`` is the id of the one activity to compensate; without it all that the event sees are."""

    def __init__(self, activity: str = "", wait: bool = True, **options: Any) -> None:
        super().__init__(**options)
        self.activity, self.wait = activity, wait

    def throw(self, my_task: Task) -> None:
        found = [task for task in _visible(my_task) if self.activity in {"", task.task_spec.bpmn_id}]
        thrower = my_task if self.wait else _stand_in(my_task)
        compensate(thrower, found)


class CompensationTrigger(ScopeTrigger):
    """A compensation boundary event, or the start of a compensation event sub-process; begins its handler."""

    is_compensation = True

    def _run_hook(self, my_task: Task) -> bool:
        self.lead_on(my_task)
        return True


# -- when the diagram is loaded --------------------------------------------------------


def note_completions(specs: Mapping[str, Any]) -> None:
    """Let every activity that can be compensated say when it completes.  ``specs`` are all scopes of a definition."""
    for spec in dict.fromkeys(specs.values()):
        for each in spec.task_specs.values():
            if _compensable(each, specs, set()) and not each.completed_event.is_connected(_completed):
                each.completed_event.connect(_completed)


def _compensable(spec: Any, specs: Mapping[str, Any], seen: set[str]) -> bool:
    if getattr(spec, "compensated_by", ""):
        return True
    if not isinstance(spec, SubWorkflowTask) or isinstance(spec, EventSubprocess) or spec.spec in seen:
        return False
    inner = specs.get(spec.spec)
    if inner is None or any(getattr(i, "is_compensation", False) for i in spec.inputs):
        return False
    if getattr(inner, "compensated_by", ""):
        return True
    return any(_compensable(each, specs, seen | {spec.spec}) for each in inner.task_specs.values())


def _completed(workflow: Any, task: Task) -> None:
    memory = workflow.top_workflow.memory
    memory[_COUNT] = memory.get(_COUNT, 0) + 1
    task.internal_data[COMPLETED_AS] = memory[_COUNT]


# -- when compensation is thrown --------------------------------------------------------


def compensate(thrower: Task, found: list[Task], leaves: bool = False) -> None:
    """Begin to compensate ``found`` for ``thrower``.

    When all is done the token goes on, or, if it ``leaves``, its event definition says how.
    """
    queue = [task.id.hex for activity in _last_first(found) for task in _handled(activity)]
    if queue or leaves:
        running = thrower.workflow.top_workflow.memory.setdefault(_RUNNING, {})
        new = {"queue": [], "trigger": "", "opened": "", "written": {}, "leaves": leaves}
        running.setdefault(thrower.id.hex, new)["queue"] += queue
    elif thrower.has_state(TaskState.STARTED):
        thrower.workflow._remove_task(thrower.id)


def completed_in(workflow: Any) -> list[Task]:
    """What was completed in one scope and has not been compensated yet."""
    return [
        task for task in workflow.tasks.values()
        if task._state == TaskState.COMPLETED and COMPLETED_AS in task.internal_data and _DONE not in task.internal_data
    ]  # fmt: skip


def _visible(thrower: Task) -> list[Task]:
    """What an event can compensate: its own level, and, from an event sub-process, the level around it."""
    workflow = thrower.workflow
    found = completed_in(workflow)
    while workflow.parent_task_id is not None:
        caller = workflow.top_workflow.get_task_from_id(workflow.parent_task_id)
        if not isinstance(caller.task_spec, EventSubprocess):
            break
        workflow = caller.workflow
        found += completed_in(workflow)
    return found


def _last_first(tasks: list[Task]) -> list[Task]:
    return sorted(tasks, key=lambda task: -task.internal_data[COMPLETED_AS])


def _handled(activity: Task) -> Iterator[Task]:
    """The activity when it has a handler, else what was completed inside it, the last first."""
    activity.internal_data[_DONE] = True
    activity.workflow.tasks.touch(activity)
    inside = activity.workflow.top_workflow.subprocesses.get(activity.id)
    if getattr(activity.task_spec, "compensated_by", "") or getattr(inside.spec, "compensated_by", ""):
        yield activity
    else:
        for each in _last_first(completed_in(inside)):
            yield from _handled(each)


def _stand_in(thrower: Task) -> Task:
    """The token of a thrower that does not wait goes on; this one stays until all is compensated."""
    other = thrower.parent._add_child(thrower.task_spec, TaskState.STARTED)
    other.triggered = True
    other.data = dict(thrower.data)
    return other


# -- from step to step --------------------------------------------------------------------


def continue_compensations(top: Any) -> bool:
    """Begin the next handler wherever one is done; returns whether anything moved."""
    moved = False
    for thrower_id, known in list(top.memory.get(_RUNNING, {}).items()):
        thrower = _find(top, thrower_id)
        trigger = _find(top, known["trigger"])
        if thrower is None or not thrower.has_state(TaskState.STARTED | TaskState.READY):
            _stop(top, trigger, known)
            del top.memory[_RUNNING][thrower_id]
            moved = True
        elif trigger is None or not any(t.has_state(TaskState.NOT_FINISHED_MASK) for t in _branch(trigger)):
            if trigger is not None:
                _keep_written(thrower, trigger, known)
            _close(top, known)
            if known["queue"]:
                _begin(top, _find(top, known["queue"].pop(0)), known)
            else:
                del top.memory[_RUNNING][thrower_id]
                _finish(thrower, known["leaves"])
            moved = True
    if _RUNNING in top.memory and not top.memory[_RUNNING]:
        del top.memory[_RUNNING]
    return moved


def compensates(thrower: Task) -> bool:
    """Does the token still wait for what it compensates?"""
    return thrower.id.hex in thrower.workflow.top_workflow.memory.get(_RUNNING, ())


def _begin(top: Any, activity: Task, known: dict[str, Any]) -> None:
    scope, parent = activity.workflow, activity
    name = getattr(activity.task_spec, "compensated_by", "")
    if not name:
        scope = top.subprocesses[activity.id]
        parent, name = scope.task_tree, scope.spec.compensated_by
    if scope.completed:
        scope.completed = False  # its handlers run in it; nobody hears that it ends once more
        known["opened"] = scope.parent_task_id.hex
    trigger = parent._add_child(scope.spec.task_specs[name], TaskState.FUTURE)
    trigger.triggered = True
    trigger.data = {**data_at_completion(activity), **known["written"]}
    trigger._ready()
    known["trigger"] = trigger.id.hex


def _keep_written(thrower: Task, trigger: Task, known: dict[str, Any]) -> None:
    ended = [task for task in _branch(trigger) if task._state == TaskState.COMPLETED]
    if not _shares_data(trigger.workflow, thrower.workflow):
        return  # what a called process keeps to itself
    written = changes(trigger.data, max(ended, key=lambda task: task.last_state_change).data)
    known["written"] |= written
    publish(thrower.workflow, dict(trigger.data), written)
    thrower.data = {**thrower.data, **written}


def _shares_data(inner: Any, outer: Any) -> bool:
    """Do the steps of ``inner``, a scope inside ``outer`` or around it, work on its names?"""
    while inner is not outer and inner.parent_task_id is not None:
        caller = inner.top_workflow.get_task_from_id(inner.parent_task_id)
        if not shares_data(caller):
            return False
        inner = caller.workflow
    return True


def _close(top: Any, known: dict[str, Any]) -> None:
    if known["opened"]:
        top.subprocesses[UUID(known["opened"])].completed = True
    known["opened"] = known["trigger"] = ""


def _stop(top: Any, trigger: Task | None, known: dict[str, Any]) -> None:
    """The thrower is gone: what it compensates stops with it."""
    for task in _branch(trigger) if trigger is not None else ():
        if task.id in task.workflow.tasks and task.has_state(TaskState.NOT_FINISHED_MASK):
            task.cancel()
    _close(top, known)


def _finish(thrower: Task, leaves: bool) -> None:
    if leaves:
        next(each for each in triggers_of(thrower.task_spec.event_definition) if hasattr(each, "leave")).leave(thrower)
    elif thrower.triggered:  # it stood in for a token that did not wait
        thrower._set_state(TaskState.COMPLETED)
        thrower.workflow.update_waiting_tasks()
    else:
        thrower.complete()


def _find(top: Any, task_id: str) -> Task | None:
    if not task_id:
        return None
    try:
        return top.get_task_from_id(UUID(task_id))
    except TaskNotFoundException:
        return None


def _branch(task: Task) -> list[Task]:
    """The task and all that comes after it in its own scope; flat."""
    found = [task]
    for each in found:
        found += each.children
    return found
