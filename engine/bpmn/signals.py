"""Signals: heard by everybody who waits at the moment they are thrown, and by nobody later (spec §10.5.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from SpiffWorkflow.bpmn.specs.event_definitions.base import EventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.item_aware_event import SignalEventDefinition
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.triggers import happen, keep_payload, open_triggers


@dataclass(frozen=True)
class Heard:
    """Who of an instance heard a signal; they react when the step that threw it is over."""

    payload: Mapping[str, Any]
    receivers: list[tuple[Task, EventDefinition]]


class KernelSignal(SignalEventDefinition):
    """A signal; its payload is kept under the catching element's id."""

    def throw(self, my_task: Task) -> None:
        if not self.name:
            return  # the linter doubts it; there is nothing anybody could hear
        top = my_task.workflow.top_workflow
        payload = top.script_engine.broadcast_signal(my_task, self.name)
        top.signals.append(Heard(payload, listeners(top, self.name)))

    def update_task_data(self, my_task: Task) -> None:
        keep_payload(my_task)

    def again(self, my_task: Task) -> dict[str, Any]:
        """It may be thrown any number of times."""
        return {}


def listeners(workflow: Any, name: str) -> list[tuple[Task, EventDefinition]]:
    """Waiting events of the instance, on every level, that a signal of this name triggers, outer levels first."""
    found = [
        (task, definition)
        for task in workflow.event_manager.tasks.values()
        if task.state == TaskState.WAITING
        for definition in open_triggers(task)
        if isinstance(definition, KernelSignal) and definition.name == name
    ]
    return sorted(found, key=lambda each: (each[0].workflow.depth, each[0].last_state_change))


def react(workflow: Any) -> None:
    """Let everybody who heard a signal of the last step go on, unless somebody before them has ended their wait."""
    while workflow.signals:
        heard = workflow.signals.pop(0)
        for task, definition in heard.receivers:
            if task.state == TaskState.WAITING and any(each is definition for each in open_triggers(task)):
                happen(task, definition, heard.payload)
