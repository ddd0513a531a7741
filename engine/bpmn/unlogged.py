"""The library without its log lines.

It describes every task in a dictionary at every change of state, and every task of a workflow when
one is made, for lines that nobody asks for: that was half the time of a step.  Importing this module
takes it out; the history (engine/history.py) says what happened.  Who is told of every change is the
table of tasks (:mod:`engine.bpmn.task_table`).
"""

from __future__ import annotations

import time
from typing import Any

from SpiffWorkflow.task import Task
from SpiffWorkflow.workflow import Workflow

_NOTHING: dict[str, Any] = {}


def _set_state(self: Task, value: int) -> None:
    if value != self._state:
        self.last_state_change = time.time()
        self._state = value
    self.workflow.tasks.moved(self)


def _collect_log_extras(self: Task | Workflow, dct: dict[str, Any] | None = None) -> dict[str, Any]:
    return _NOTHING


Task._set_state = _set_state
Task.collect_log_extras = Workflow.collect_log_extras = _collect_log_extras
