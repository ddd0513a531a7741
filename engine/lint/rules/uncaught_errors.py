"""An error that is thrown is caught by somebody around it; uncaught, it ends the whole instance (warning)."""

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
                    "抛出的错误没有人捕获，整个流程会终止并产生异常。",
                    "请在外层活动上添加错误边界事件，或在外层添加由该错误触发的事件子流程。",
                    "warning",
                )


def _code(node: Node, event: Event) -> str:
    """The code an error event names; empty for "any error"."""
    error = node.scope.diagram.find(event.xml.get("errorRef", " "))
    return "" if error is None else (error.get("errorCode") or "").strip()


def _caught(
    scope: Scope, code: str, callers: dict[str, list[Node]], seen: set[Scope], inside: Node | None = None
) -> bool:
    """Does every way out of this level pass somebody who catches the error?  ``inside`` is the activity it left."""
    if scope in seen:
        return True
    handlers = [n.inner for n in scope.nodes if n.is_event_sub_process and n is not inside and n.inner is not None]
    if _catch([start for inner in handlers for start in inner.of("startEvent")], code):
        return True
    around = [scope.owner] if scope.owner is not None else callers.get(scope.id, [])
    return bool(around) and all(
        _catch(host.boundary, code) or _caught(host.scope, code, callers, seen | {scope}, host) for host in around
    )


def _catch(events: list[Node], code: str) -> bool:
    return any(_code(n, e) in {"", code} for n in events for e in n.events if e.type == "errorEventDefinition")
