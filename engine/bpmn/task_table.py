"""The tasks of one workflow, with those that are not over yet at hand.

Most of a long case is over, and most of what is not waits for a person.  Joins, the scheduler and
whoever looks for open tasks want a few of them; a scan of all tasks at every step would make a loop
cost the square of its rounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

if TYPE_CHECKING:
    from engine.bpmn.rows import Written


class TaskTable(dict[UUID, Task]):
    """Tasks by id, in the order they were added.  A task that is over never begins again."""

    def __init__(self, tasks: Mapping[UUID, Task] | None = None) -> None:
        super().__init__()
        # Keys of dictionaries, for their order: what is not over, and of this what waits for a person and the rest.
        self._live: dict[Task, None] = {}
        self._open: dict[Task, None] = {}
        self._busy: dict[Task, None] = {}
        #: The rows of the last snapshot, as long as they are kept, see :mod:`engine.bpmn.rows`.
        self.written: Written | None = None
        for identity, task in (tasks or {}).items():
            self[identity] = task

    def __setitem__(self, identity: UUID, task: Task) -> None:
        super().__setitem__(identity, task)
        self._live[task] = self._busy[task] = None
        if self.written is not None:
            self.written.reshaped = True
        if hasattr(task, "_state"):  # the library files a task before it gives it a state
            self.moved(task)

    def pop(self, identity: UUID, *default: Task) -> Task:
        """Take a task out."""
        task = super().pop(identity, *default)
        for kept in (self._live, self._open, self._busy):
            kept.pop(task, None)
        if self.written is not None:
            self.written.reshaped = True
        return task

    def moved(self, task: Task) -> None:
        """Take note of a task's new state."""
        self.touch(task)
        if task not in self._live:
            return
        if task._state == TaskState.READY and task.task_spec.manual:
            self._busy.pop(task, None)
            self._open[task] = None
            return
        self._open.pop(task, None)
        if task._state & TaskState.FINISHED_MASK:
            del self._live[task]
            self._busy.pop(task, None)
        else:
            self._busy[task] = None

    def touch(self, task: Task) -> None:
        """Take note that what a task keeps has changed, though it is over or waits for a person."""
        if self.written is not None:
            self.written.touched.add(task)

    def unfinished(self) -> list[Task]:
        """The tasks that are not over, in the order they were added."""
        return list(self._live)

    def open(self) -> list[Task]:
        """The tasks that wait for a person, in the order they were added."""
        return [task for task in self._live if task in self._open] if len(self._open) > 1 else list(self._open)

    def open_set(self) -> frozenset[Task]:
        """The tasks that wait for a person, for comparing."""
        return frozenset(self._open)

    def busy(self) -> list[Task]:
        """The tasks that are neither over nor wait for a person."""
        return list(self._busy)
