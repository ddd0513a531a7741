"""Sub-processes and transactions: blocks that work on the data of the scope around them."""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.bpmn.specs.defaults import SubWorkflowTask, TransactionSubprocess
from SpiffWorkflow.task import Task


class _SharedValues:
    """The names are copied, the values are not.

    A value is replaced, never changed in place, so blocks can share it; a thousand instances of one
    would otherwise hold a thousand copies of everything.
    """

    def copy_data(self, my_task: Task, subworkflow: Any) -> None:
        subworkflow.task_tree.data = dict(my_task.data)

    def update_data(self, my_task: Task, subworkflow: Any) -> None:
        my_task.data = dict(subworkflow.last_task.data)


class KernelSubProcess(_SharedValues, SubWorkflowTask):
    """subProcess and adHocSubProcess."""


class KernelTransaction(_SharedValues, TransactionSubprocess):
    """transaction."""
