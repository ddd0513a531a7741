"""A loop of steps that run by themselves passes a decision; otherwise it can never be left."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model, Node, Scope
from engine.lint.say import about
from engine.lint.words import ACTIVITIES, GATEWAYS


def check(model: Model) -> Iterator[Problem]:
    for scope in model.scopes:
        node = _circle(scope)
        if node is not None:
            yield about(node, "位于一个没有判断出口的循环里，会无限循环。", "请在循环中加入排他网关，写明何时离开。")


def _circle(scope: Scope) -> Node | None:
    """A node on a circle of unconditional flows, or ``None`` (depth-first, without recursion)."""
    done: set[Node] = set()
    for root in scope.nodes:
        path: dict[Node, Iterator[Node]] = {}
        if root not in done:
            path[root] = _next(root)
        while path:
            node = next(reversed(path))
            target = next(path[node], None)
            if target is None:
                done.add(node)
                del path[node]
            elif target in path:
                return target
            elif target not in done:
                path[target] = _next(target)
    return None


def _waits(node: Node) -> bool:
    """Does a token stop here until somebody or something lets it go on?"""
    if node.type == "intermediateCatchEvent":
        return not node.has("linkEventDefinition")
    inner = node.inner is not None and any(map(_waits, node.inner.nodes))
    return inner or node.type in {"userTask", "manualTask", "receiveTask", "callActivity"}


def _next(node: Node) -> Iterator[Node]:
    if _waits(node):
        return iter(())
    if node.type in ACTIVITIES and node.decides:
        return (f.target for f in node.outgoing if f.target and f.condition is None and f.id != node.default_ref)
    decides = node.type in GATEWAYS - {"parallelGateway"} and len(node.outgoing) > 1
    return iter(()) if decides else (f.target for f in node.ways_out if f.target is not None)
