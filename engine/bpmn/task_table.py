"""The tasks of one workflow, with those that are not over yet at hand.

Most of a long case is over.  Joins, the scheduler and whoever looks for waiting events want the few
tasks that are not; a scan of all tasks at every step would make a loop cost the square of its rounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState


class TaskTable(dict[UUID, Task]):
    """Tasks by id, in the order they were added.  A task that is over never begins again."""

    def __init__(self, tasks: Mapping[UUID, Task] | None = None) -> None:
        super().__init__()
        self._live: dict[UUID, Task] = {}
        for identity, task in (tasks or {}).items():
            self[identity] = task

    def __setitem__(self, identity: UUID, task: Task) -> None:
        super().__setitem__(identity, task)
        # The library files a task before it gives it a state.
        if not getattr(task, "_state", 0) & TaskState.FINISHED_MASK:
            self._live[identity] = task

    def pop(self, identity: UUID, *default: Task) -> Task:
        """Take a task out."""
        self._live.pop(identity, None)
        return super().pop(identity, *default)

    def unfinished(self) -> list[Task]:
        """The tasks that are not over, in the order they were added."""
        for identity in [i for i, task in self._live.items() if task._state & TaskState.FINISHED_MASK]:
            del self._live[identity]
        return list(self._live.values())
