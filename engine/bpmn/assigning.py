"""What a designer wrote on an element, and how its product is kept (ADR 0002)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from SpiffWorkflow.task import Task

_ASSIGN = "set:"


def properties(spec: Any) -> dict[str, str]:
    """The ``spiffworkflow:properties`` a designer wrote on the element."""
    return getattr(spec, "extensions", None) or {}


def assign_names(task: Task, spec: Any) -> None:
    """Carry out the element's ``set:<name>`` properties on the token's data."""
    for key, text in properties(spec).items():
        if key.startswith(_ASSIGN):
            task.data[key[len(_ASSIGN) :]] = task.workflow.script_engine.evaluate(task, text)


def store_result(task: Task, result: Mapping[str, Any] | None) -> None:
    """Keep what the element produced under its own id, then assign its names."""
    spec = task.task_spec
    task.data[spec.bpmn_id] = dict(result or {})
    assign_names(task, spec)
