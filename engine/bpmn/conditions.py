"""Conditional events: triggered when a condition becomes true, and again only after it was false (spec §10.5.1)."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.event_definitions.conditional import ConditionalEventDefinition
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine import expressions
from engine.bpmn.data import visible
from engine.bpmn.scopes import changes, publish, scope_data, shares_data
from engine.bpmn.triggers import happen, open_triggers, triggers_of


class KernelCondition(ConditionalEventDefinition):
    """A condition on the data of the scope: what its own token carries and what others have written since."""

    slot = ""

    @property
    def key(self) -> str:
        """Where the task remembers that the condition was true when last looked at."""
        return f"held{self.slot}"

    def has_fired(self, my_task: Task) -> bool:
        return bool(my_task.internal_data.get("event_fired", False))

    def rises(self, my_task: Task) -> bool:
        """Has the condition become true since it was last looked at?"""
        before = my_task.internal_data.get(self.key, False)
        holds = my_task.workflow.script_engine.holds(my_task, self.expression, data_in_scope(my_task))
        if holds != before:
            my_task.internal_data[self.key] = holds
        return holds and not before

    def update_task_data(self, my_task: Task) -> None:
        # The token goes on with the values that made the condition true; whoever wrote them keeps the word on them.
        seen, before = data_in_scope(my_task), dict(my_task.data)
        names = expressions.parse(self.expression).names & seen.keys()
        for level in _levels(my_task):
            known = scope_data(level)
            publish(level, before, {n: deepcopy(seen[n]) for n in names if n in known and known[n] == seen[n]})

    def reset(self, my_task: Task) -> None:
        my_task.internal_data.pop(self.key, None)
        super().reset(my_task)

    def again(self, my_task: Task) -> dict[str, Any]:
        """It has to become false before it can become true."""
        return {self.key: True}


def is_conditional(spec: BpmnProcessSpec) -> bool:
    """Does any event of a level wait for a condition?"""
    events = [getattr(each, "event_definition", None) for each in spec.task_specs.values()]
    return any(isinstance(d, KernelCondition) for event in events if event is not None for d in triggers_of(event))


def watch_conditions(workflow: Any) -> bool:
    """Trigger what waits for a condition that has become true; returns whether there was one."""
    waiting = [
        (task, definition)
        for task in workflow.event_manager.tasks.values()
        if task.state == TaskState.WAITING
        for definition in open_triggers(task)
        if isinstance(definition, KernelCondition)
    ]
    waiting.sort(key=lambda each: (each[0].workflow.depth, each[0].last_state_change))
    progressed = False
    for task, definition in waiting:
        if task.state == TaskState.WAITING and definition.rises(task):
            happen(task, definition)
            progressed = True
    return progressed


def data_in_scope(task: Task) -> dict[str, Any]:
    """The data a condition at ``task`` sees: what the tokens of its level, and of those around it, know together."""
    levels = _levels(task)
    view: dict[str, Any] = dict(visible(task.workflow)) | scope_data(levels[0])
    for level in levels[1:]:
        view |= changes(level.task_tree.data, scope_data(level))
    return view


def _levels(task: Task) -> list[Any]:
    """The task's level and those around it that share its data, outermost first."""
    levels = [task.workflow]
    while (caller := _caller(levels[0])) is not None and shares_data(caller):
        levels.insert(0, caller.workflow)
    return levels


def _caller(workflow: Any) -> Task | None:
    caller = workflow.parent_task_id
    return workflow.top_workflow.get_task_from_id(caller) if caller else None
