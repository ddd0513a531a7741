"""What a trial run sees: every element that ran, in order, with the data visible after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.task import Task

from engine.bpmn.data import visible


@dataclass(frozen=True)
class Step:
    """An element that ran or is about to; ``token`` is the same for all that is told of one run of it."""

    token: str
    element: str
    name: str
    data: dict[str, Any]


Observer = Callable[[Step], None]


def watcher(observe: Observer | None) -> Callable[[Task], None] | None:
    """Tell ``observe`` of tasks that stand for an element; the instances of a loop tell for themselves."""
    if observe is None:
        return None

    def watch(task: Task) -> None:
        spec = task.task_spec
        if getattr(spec, "bpmn_id", None) and not isinstance(spec, LoopTask):
            observe(Step(str(task.id), spec.bpmn_id, spec.bpmn_name or "", {**visible(task.workflow), **task.data}))

    return watch
