"""startQuantity and completionQuantity: how many tokens an activity takes and how many it gives (spec table 10.3)."""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.joins import KernelParallelGateway


class KernelGather(KernelParallelGateway):
    """Before an activity with a startQuantity: waits for that many tokens, over whichever flows they come."""

    def __init__(self, wf_spec: Any, bpmn_id: str, quantity: int, **options: Any) -> None:
        super().__init__(wf_spec, bpmn_id, **options)
        self.quantity = quantity

    def _joins(self) -> bool:
        return True

    def _take(self, my_task: Task, waiting: dict[str, list[Task]]) -> list[Task]:
        queue = sorted((task for tasks in waiting.values() for task in tasks), key=lambda t: t.last_state_change)
        return queue[: self.quantity] if len(queue) >= self.quantity else []


class KernelEmit(KernelParallelGateway):
    """After an activity with a completionQuantity: as many tokens on every flow out."""

    def __init__(self, wf_spec: Any, bpmn_id: str, quantity: int, **options: Any) -> None:
        super().__init__(wf_spec, bpmn_id, **options)
        self.quantity = quantity

    def _run_hook(self, my_task: Task) -> bool:
        # One of each is planned ahead, the others come into being now.
        super()._run_hook(my_task)
        my_task._sync_children([spec for spec in self.outputs for _ in range(self.quantity)], TaskState.FUTURE)
        for child in my_task.children:
            child.task_spec._predict(child, mask=TaskState.FUTURE | TaskState.PREDICTED_MASK)
        return True
