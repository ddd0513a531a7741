"""Transactions: a cancel end event undoes what was done inside and leaves by the cancel boundary event (spec §10.3.5).

An error that leaves a transaction is a hazard: it compensates nothing by itself.
"""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.bpmn.specs.defaults import BoundaryEvent
from SpiffWorkflow.bpmn.specs.event_definitions.base import EventDefinition
from SpiffWorkflow.task import Task

from engine.bpmn.compensation import compensate, completed_in
from engine.bpmn.listening import activity_of, listens
from engine.bpmn.scopes import end_tokens
from engine.bpmn.triggers import happen, open_triggers
from engine.errors import ServiceTaskFailed


class KernelCancel(EventDefinition):
    """Thrown by an end event of a transaction, caught on the transaction's boundary."""

    def throw(self, my_task: Task) -> None:
        end_tokens(my_task.workflow, keep=[my_task])
        compensate(my_task, completed_in(my_task.workflow), leaves=True)

    def leave(self, my_task: Task) -> None:
        """All is compensated: the token goes on behind the cancel boundary event."""
        transaction: Any = my_task.workflow.top_workflow.get_task_from_id(my_task.workflow.parent_task_id)
        split = activity_of(transaction).parent
        for event in split.children:
            if isinstance(event.task_spec, BoundaryEvent) and listens(event):
                for definition in open_triggers(event):
                    if isinstance(definition, KernelCancel):
                        happen(event, definition)
                        return
        spec = transaction.task_spec
        raise ServiceTaskFailed(f"事务“{spec.bpmn_name or spec.name}”已取消，但没有取消边界事件，流程无法继续。")
