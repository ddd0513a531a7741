"""Standard loops, and what the steps of any loop know of it: rounds, instances, their numbers."""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.bpmn.specs.defaults import StandardLoopTask
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

#: What the standard calls the counters of a multi-instance, and what most modellers write.
COUNTERS = {
    "numberOfInstances": "nrOfInstances",
    "numberOfActiveInstances": "nrOfActiveInstances",
    "numberOfCompletedInstances": "nrOfCompletedInstances",
    "numberOfTerminatedInstances": "nrOfTerminatedInstances",
}
LOOP_NAMES = frozenset({"loopCounter", *COUNTERS, *COUNTERS.values()})


class KernelLoop(StandardLoopTask):
    """Standard loop: every round goes on with the data of the one before (spec table 10.27)."""

    def _update_hook(self, my_task: Task) -> bool | None:
        my_task.data = dict(my_task.parent.data)
        for association in self.data_input_associations:
            association.get(my_task)
        my_task.internal_data["done"] = 0
        if self.test_before and self._over(my_task):
            return True
        my_task._set_state(TaskState.STARTED)
        self._begin(my_task)
        return None

    def _begin(self, my_task: Task) -> None:
        task_spec = my_task.workflow.spec.task_specs[self.task_spec]
        child = my_task._add_child(task_spec, TaskState.WAITING)
        child.triggered = True
        child.internal_data["iteration"] = done_so_far(my_task)
        task_spec._update(child)

    def merge_child(self, workflow: Any, child: Task) -> None:
        my_task = child.parent
        my_task.data = dict(child.data)
        my_task.internal_data["done"] = done_so_far(my_task) + 1
        if self._over(my_task):
            my_task._set_state(TaskState.READY)
        else:
            self._begin(my_task)

    def _over(self, my_task: Task) -> bool:
        done = done_so_far(my_task)
        if self.maximum is not None and done >= self.maximum:
            return True
        if self.condition is None:
            return False
        names = {**my_task.data, "loopCounter": done}
        return not my_task.workflow.script_engine.evaluate(my_task, self.condition, names=names)

    def counters(self, my_task: Task) -> dict[str, int]:
        """A standard loop counts its rounds only."""
        return {}


def done_so_far(my_task: Task) -> int:
    """Instances or rounds completed; states of before kept their ids."""
    known = my_task.internal_data
    return int(known["done"]) if "done" in known else len(known.get("merged", ()))


def loop_names(task: Task) -> dict[str, int]:
    """``loopCounter`` and the counters of the innermost loop the task runs in; the first round is number 1."""
    current: Task | None = task
    while current is not None:
        number = current.internal_data.get("iteration", current.internal_data.get("key_or_index"))
        if isinstance(number, int) and current.parent is not None and hasattr(current.parent.task_spec, "counters"):
            loop = current.parent
            return {"loopCounter": number + 1, **loop.task_spec.counters(loop)}
        workflow = current.workflow
        parent_id = workflow.parent_task_id
        current = workflow.top_workflow.get_task_from_id(parent_id) if parent_id else None
    return {}
