"""The library's plan of the future, two steps ahead instead of all the way.

It unfolds every path up to the next decision into tasks before anything runs: sixteen two-way parallel
blocks in a row were half a million of them, and a loop without a decision never ended.  Importing this
module makes what follows a step a possibility until the step is done; what can follow it is known from
the diagram anyway.
"""

from __future__ import annotations

from SpiffWorkflow.specs.base import TaskSpec
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState


def _predict_hook(self: TaskSpec, my_task: Task) -> None:
    state = TaskState.FUTURE if my_task.has_state(TaskState.COMPLETED) else TaskState.MAYBE
    my_task._sync_children(self.outputs, state)


TaskSpec._predict_hook = _predict_hook
