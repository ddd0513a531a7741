"""An error that is thrown is caught by an activity around it; uncaught, the case would stop with an incident."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Event, Model, Node, Scope
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    callers: dict[str, list[Node]] = {}
    for node in model.run_nodes:
        if node.type == "callActivity":
            callers.setdefault(node.get("calledElement").rpartition(":")[2], []).append(node)
    for node in model.run_nodes:
        for event in node.events:
            if node.type != "endEvent" or event.type != "errorEventDefinition":
                continue
            if not _caught(node.scope, _code(node, event), callers, set()):
                yield about(
                    node,
                    "抛出的错误没有外层活动捕获，流程会停下并产生异常。",
                    "请把它放进子流程，并在子流程上添加错误边界事件；只是结束流程时改用终止结束事件。",
                )


def _code(node: Node, event: Event) -> str:
    """The code an error event names; empty for "any error"."""
    error = node.scope.diagram.find(event.xml.get("errorRef", " "))
    return "" if error is None else (error.get("errorCode") or "").strip()


def _caught(scope: Scope, code: str, callers: dict[str, list[Node]], seen: set[Scope]) -> bool:
    """Does every way out of this level pass an activity that catches the error?"""
    if scope in seen:
        return True
    around = [scope.owner] if scope.owner is not None else callers.get(scope.id, [])
    return bool(around) and all(
        any(_code(b, e) in {"", code} for b in host.boundary for e in b.events if e.type == "errorEventDefinition")
        or _caught(host.scope, code, callers, seen | {scope})
        for host in around
    )
