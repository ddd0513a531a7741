"""Error and escalation boundary events can be triggered by something inside their activity (warning)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model, Scope
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.nodes:
        if node.type != "boundaryEvent" or node.host is None or node.host.inner is None:
            continue
        for kind, word in (("errorEventDefinition", "错误"), ("escalationEventDefinition", "升级")):
            if node.has(kind) and not _thrown(node.host.inner, kind):
                yield about(
                    node,
                    f"等待{word}，但{node.host.label}里没有任何步骤会抛出。",
                    "请添加抛出的事件，或删除该边界事件。",
                    "warning",
                )


def _thrown(scope: Scope, kind: str) -> bool:
    return any(
        (n.has(kind) and n.type not in {"boundaryEvent", "startEvent"})
        or (kind == "errorEventDefinition" and n.type in {"serviceTask", "callActivity"})
        or (n.type == "callActivity")
        or (n.inner is not None and _thrown(n.inner, kind))
        for n in scope.nodes
    )
