"""Throwing events: the token goes on once what it threw has been heard and carried out."""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.bpmn.specs.defaults import EndEvent, IntermediateThrowEvent
from SpiffWorkflow.bpmn.specs.event_definitions.simple import TerminateEventDefinition
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.compensation import compensates, continue_compensations
from engine.bpmn.scopes import end_tokens, scope_data
from engine.bpmn.signals import KernelSignal
from engine.bpmn.triggers import triggers_of


class _Throwing:
    """Mixed into throwing events: the token stays until what it threw has been heard and carried out.

    A scope whose last token throws still has its event sub-processes.
    """

    def _run_hook(self, my_task: Task) -> bool | None:
        super()._run_hook(my_task)  # type: ignore[misc]
        top = my_task.workflow.top_workflow
        if top.thrown or top.signals:
            top.throwing.append(my_task)
            return None
        return None if compensates(my_task) else True


class KernelThrowEvent(_Throwing, IntermediateThrowEvent):
    """intermediateThrowEvent."""


class KernelEndEvent(_Throwing, EndEvent):
    """endEvent; one that terminates ends its level and keeps what was submitted in it."""

    def _on_complete_hook(self, my_task: Task) -> None:
        workflow = my_task.workflow
        if any(isinstance(each, TerminateEventDefinition) for each in triggers_of(self.event_definition)):
            my_task.data = scope_data(workflow)
            end_tokens(workflow, keep=[my_task])
            workflow._mark_complete(my_task)
        super()._on_complete_hook(my_task)


def throws_signal(spec: Any) -> bool:
    """Does this element throw a signal, alone or among others?"""
    throws = isinstance(spec, KernelThrowEvent | KernelEndEvent)
    return throws and any(isinstance(each, KernelSignal) for each in triggers_of(spec.event_definition))


def continue_throwers(top: Any) -> bool:
    """Let tokens go on whose event has been heard, and whoever compensates; returns whether anything moved."""
    moved = bool(top.throwing)
    while top.throwing:
        thrower = top.throwing.pop(0)
        if thrower.has_state(TaskState.STARTED) and not compensates(thrower):
            thrower.complete()
    return continue_compensations(top) or moved
