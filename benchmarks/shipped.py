"""The workflow library as it is shipped, for as long as a stock step takes.

The product takes the library's log dictionaries, far plans and deep merges out for its whole process
(engine/bpmn/unlogged.py, short_plans.py, inherited.py); the stock library must not profit from that.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from SpiffWorkflow.specs.base import TaskSpec
from SpiffWorkflow.task import Task
from SpiffWorkflow.workflow import Workflow

_CHANGED = (
    (Task, ("_set_state", "collect_log_extras", "_inherit_data")),
    (Workflow, ("collect_log_extras",)),
    (TaskSpec, ("_predict_hook",)),
)


def _shipped(kind: type) -> Any:
    """The class as its file defines it, whatever has been put in its place since."""
    found = importlib.util.find_spec(kind.__module__)
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return getattr(module, kind.__name__)


_THEIRS = [(kind, name, getattr(_shipped(kind), name)) for kind, names in _CHANGED for name in names]


@contextmanager
def as_shipped() -> Iterator[None]:
    """Within it the library's own methods run.  One client at a time: it holds for the whole process."""
    ours = [(kind, name, getattr(kind, name)) for kind, name, _ in _THEIRS]
    for kind, name, method in _THEIRS:
        setattr(kind, name, method)
    try:
        yield
    finally:
        for kind, name, method in ours:
            setattr(kind, name, method)
