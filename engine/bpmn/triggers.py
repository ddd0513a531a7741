"""What a waiting event waits for, and what happens when a trigger occurs (spec §10.5.6, §13.5).

A definition that can occur more than once has a method ``again(task)``: what its next wait has to know.
An event has one trigger or several; of several, one is enough or (``parallelMultiple``) all have to
occur.  A boundary event that does not interrupt waits again for whatever can occur again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from SpiffWorkflow.bpmn.specs.event_definitions.base import EventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.multiple import MultipleEventDefinition
from SpiffWorkflow.specs.base import TaskSpec
from SpiffWorkflow.task import Task

from engine.bpmn.assigning import assign_names

_PAYLOAD = "payload"
_SEEN = "seen"  # numbers of the triggers that have occurred
_SPENT = "spent"  # numbers of those that cannot occur again


def keep_payload(my_task: Task) -> None:
    """Store what a message or signal carried under the catching element's id."""
    payload = my_task.internal_data.pop(_PAYLOAD, None)
    if payload is not None:
        my_task.data[my_task.task_spec.bpmn_id] = payload


class CatchingSpec(TaskSpec):
    """Mixed into every catching event: once it has occurred, its ``set:`` properties are carried out."""

    def _run_hook(self, my_task: Task) -> bool:
        result = super()._run_hook(my_task)
        assign_names(my_task, self)
        return bool(result)


class KernelMultiple(MultipleEventDefinition):
    """Several triggers of one event; thrown, they are thrown one after the other."""

    def __init__(self, event_definitions: list[EventDefinition], parallel: bool, **options: Any) -> None:
        super().__init__(event_definitions, parallel, **options)
        for number, definition in enumerate(event_definitions):
            definition.slot = str(number)

    def has_fired(self, my_task: Task) -> bool:
        seen = my_task.internal_data.get(_SEEN, ())
        return len(seen) == len(self.event_definitions) if self.parallel else bool(seen)

    def update_task(self, my_task: Task) -> None:
        for definition in open_triggers(my_task):
            definition.update_task(my_task)

    def update_task_data(self, my_task: Task) -> None:
        for number in my_task.internal_data.get(_SEEN, ()):
            self.event_definitions[number].update_task_data(my_task)

    def reset(self, my_task: Task) -> None:
        my_task.internal_data.pop(_SEEN, None)
        my_task.internal_data.pop(_SPENT, None)
        for definition in self.event_definitions:
            definition.reset(my_task)


def definitions(task: Task) -> list[EventDefinition]:
    """All triggers of the task's event."""
    return triggers_of(task.task_spec.event_definition)


def triggers_of(definition: EventDefinition) -> list[EventDefinition]:
    """The definitions a multiple event consists of; itself for any other."""
    return definition.event_definitions if isinstance(definition, MultipleEventDefinition) else [definition]


def open_triggers(task: Task) -> list[EventDefinition]:
    """The triggers that have not occurred yet."""
    done = {*task.internal_data.get(_SEEN, ()), *task.internal_data.get(_SPENT, ())}
    return [definition for number, definition in enumerate(definitions(task)) if number not in done]


def happen(task: Task, definition: EventDefinition, payload: Mapping[str, Any] | None = None) -> None:
    """A trigger of a waiting event has occurred; the token goes on as soon as that is enough."""
    whole = task.task_spec.event_definition
    if isinstance(whole, MultipleEventDefinition):
        number = next(n for n, each in enumerate(whole.event_definitions) if each is definition)
        task.internal_data[_SEEN] = [*task.internal_data.get(_SEEN, ()), number]
    else:
        task.internal_data["event_fired"] = True
    if payload is not None:
        task.internal_data[_PAYLOAD] = {**task.internal_data.get(_PAYLOAD, {}), **payload}
    task.task_spec._update(task)


def rearm(task: Task) -> dict[str, Any] | None:
    """What the next wait of an event that has just occurred has to know; ``None`` when nothing can occur again."""
    whole = task.task_spec.event_definition
    if not isinstance(whole, MultipleEventDefinition):
        return _again(task, whole)
    seen = task.internal_data.get(_SEEN, ())
    known = {k: v for k, v in task.internal_data.items() if k not in {_SEEN, _PAYLOAD, "event_fired"}}
    spent = list(known.pop(_SPENT, ()))
    for number in seen:
        again = _again(task, whole.event_definitions[number])
        if again is None:
            spent.append(number)
        else:
            known |= again
    if len(spent) == len(whole.event_definitions) or (whole.parallel and spent):
        return None
    return {**known, _SPENT: spent} if spent else known


def _again(task: Task, definition: EventDefinition) -> dict[str, Any] | None:
    again = getattr(definition, "again", None)
    return again(task) if again is not None else None
