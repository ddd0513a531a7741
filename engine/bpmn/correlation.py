"""Correlation keys: a message reaches only the conversation its contents belong to (spec §8.4.2).

The business key leads a message to its instances.  Where a diagram declares correlation keys, the values
its properties find in the message must not contradict those of the conversation: what was sent or
received before on the same level or one around it, and what the process binds to its data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree
from SpiffWorkflow.task import Task

from engine.bpmn.xml import BPMN

_Q = f"{{{BPMN}}}"
_MEMORY = "correlated"


@dataclass(frozen=True)
class Correlation:
    """What the diagrams of a definition declare."""

    #: message name → property → the expression that finds it in the message
    paths: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    #: property → the expression that finds it in the data of the process that subscribes to its key
    bindings: Mapping[str, str] = field(default_factory=dict)

    def values(self, message: str, payload: Mapping[str, Any], engine: Any) -> dict[str, Any]:
        """What the properties find in a message."""
        found = {name: engine.value(path, payload) for name, path in self.paths.get(message, {}).items()}
        return {name: value for name, value in found.items() if value is not None}


def read_correlation(roots: Iterable[etree._Element]) -> Correlation:
    """Collect keys, properties and subscriptions of parsed files."""
    paths: dict[str, dict[str, str]] = {}
    bindings: dict[str, str] = {}
    for root in roots:
        names = {m.get("id"): m.get("name") or m.get("id") for m in root.iter(f"{_Q}message")}
        keyed = {_reference(r.text) for k in root.iter(f"{_Q}correlationKey") for r in k}
        for declared in root.iter(f"{_Q}correlationProperty"):
            for retrieval in declared.iterfind(f"{_Q}correlationPropertyRetrievalExpression"):
                message = names.get(_reference(retrieval.get("messageRef")))
                if message and declared.get("id") in keyed and len(retrieval):
                    paths.setdefault(message, {})[declared.get("id", "")] = text_of(retrieval[0])
        for binding in root.iter(f"{_Q}correlationPropertyBinding"):
            path = binding.find(f"{_Q}dataPath")
            if path is not None:
                bindings[_reference(binding.get("correlationPropertyRef"))] = text_of(path)
    return Correlation(paths, bindings)


def accepts(task: Task, message: str, payload: Mapping[str, Any]) -> bool:
    """Does nothing the conversation knows contradict the message?"""
    engine = task.workflow.script_engine
    found = engine.definition.correlation.values(message, payload, engine)
    return all(known == found[name] for name, known in _known(task, found))


def remember(task: Task, message: str, payload: Mapping[str, Any]) -> None:
    """The conversation of the task's level goes on with what this message said."""
    engine = task.workflow.script_engine
    found = engine.definition.correlation.values(message, payload, engine)
    if found:
        place = str(task.workflow.parent_task_id or "")
        task.workflow.top_workflow.memory.setdefault(_MEMORY, {}).setdefault(place, {}).update(found)


def _known(task: Task, names: Iterable[str]) -> Iterator[tuple[str, Any]]:
    engine = task.workflow.script_engine
    for name in names:
        binding = engine.definition.correlation.bindings.get(name)
        value = engine.evaluate(task, binding) if binding else None
        if value is None:
            value = _remembered(task, name)
        if value is not None:
            yield name, value


def _remembered(task: Task, name: str) -> Any:
    kept = task.workflow.top_workflow.memory.get(_MEMORY, {})
    level: Any = task.workflow
    while level is not None:
        said = kept.get(str(level.parent_task_id or ""), {})
        if name in said:
            return said[name]
        level = level.parent_workflow
    return None


def text_of(xml: etree._Element) -> str:
    """The trimmed text of an expression."""
    return "".join(str(t) for t in xml.itertext()).strip()


def _reference(text: str | None) -> str:
    return (text or "").strip().rpartition(":")[2]
