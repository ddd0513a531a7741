"""What stands in a scope without being one of its tokens, and what a task stands for."""

from __future__ import annotations

from SpiffWorkflow.bpmn.specs.defaults import BoundaryEvent, EventSubprocess, IntermediateCatchEvent
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.triggers import CatchingSpec


class ScopeTrigger(CatchingSpec, IntermediateCatchEvent):
    """The start event of an event sub-process; it waits in the scope around it."""

    interrupting: bool
    handler: str

    def _on_ready_hook(self, my_task: Task) -> None:
        super()._on_ready_hook(my_task)
        my_task._sync_children(self.outputs, TaskState.FUTURE)
        top = my_task.workflow.top_workflow
        for begun in my_task.children:
            if isinstance(begun.task_spec, EventSubprocess):  # a block is told before what is in it
                top.script_engine.trace.append(begun.task_spec.bpmn_id)
                if top.watch is not None:
                    top.watch(begun)

    def _predict_hook(self, my_task: Task) -> None:
        """Nothing is planned before the event occurs: most never do."""

    def lead_on(self, my_task: Task) -> None:
        """Plan what follows, now that it begins."""
        for child in my_task.children:
            child.task_spec._predict(child, mask=TaskState.FUTURE | TaskState.PREDICTED_MASK)


def is_armed(task: Task) -> bool:
    """Is this an event sub-process that waits for its event?"""
    return isinstance(task.task_spec, ScopeTrigger) and task._state == TaskState.WAITING


def listens(task: Task) -> bool:
    """Does the task only wait beside a token: an armed event sub-process or a boundary event?"""
    return is_armed(task) or (isinstance(task.task_spec, BoundaryEvent) and task._state == TaskState.WAITING)


def handles(task: Task) -> bool:
    """Is this an event sub-process that runs, or is about to?"""
    return isinstance(task.task_spec, ScopeTrigger | EventSubprocess) and not is_armed(task)


def activity_of(task: Task) -> Task:
    """The activity a task stands for: the multi-instance or loop of an instance, else the task."""
    parent = task.parent
    return parent if parent is not None and is_instance(task) else task


def is_instance(task: Task) -> bool:
    """Is the task one instance or round of a multi-instance or loop?"""
    loop = task.parent.task_spec if task.parent is not None else None
    return isinstance(loop, LoopTask) and loop.task_spec == task.task_spec.name
