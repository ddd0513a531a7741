"""Parallel blocks in a row multiply in the engine's plan of the future; too large a plan is refused."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.graph import starts
from engine.lint.model import Model, Node, Scope
from engine.lint.say import about

MAX_TASKS = 5_000
_UNDECIDED = {"exclusiveGateway", "inclusiveGateway", "complexGateway"}  # what follows is planned two steps ahead only


def check(model: Model) -> Iterator[Problem]:
    for scope in model.scopes:
        size = estimate(scope)
        if size > MAX_TASKS:
            yield about(
                scope,
                f"连续的并行分支过多，预计展开 {min(size, 10**9):,} 个步骤，超过上限 {MAX_TASKS:,}。",
                "请把每一段并行分支放进一个子流程。",
            )


def estimate(scope: Scope) -> int:
    """Tasks the engine plans when a level starts: every path unfolded up to the next decision."""
    known: dict[Node, int] = {}

    def below(node: Node, path: frozenset[Node]) -> int:
        if node in known:
            return known[node]
        if node in path:
            return 1  # an unconditional circle; the rule endless-loops or unplanned-loops speaks
        path |= {node}
        targets = [f.target for f in node.ways_out if f.target is not None] + node.boundary
        if (node.type in _UNDECIDED or node.decides) and len(node.outgoing) > 1:
            known[node] = 1 + sum(1 + len(t.outgoing) for t in targets)
        else:
            known[node] = min(10**12, 1 + _given(node) * sum(below(t, path) for t in targets))
        return known[node]

    return sum(below(n, frozenset()) for n in starts(scope))


def _given(node: Node) -> int:
    """How many tokens leave a node on every flow."""
    text = node.get("completionQuantity", "1")
    return int(text) if text.isdecimal() and len(text) < 10 else 1
