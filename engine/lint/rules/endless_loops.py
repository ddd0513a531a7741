"""From every reachable node some path leads to an end; otherwise the process can only be cancelled."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.graph import ENDING_ALL, reachable, reaching, starts
from engine.lint.model import Model, Scope
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for scope in model.scopes:
        ends = scope.of("endEvent")
        if not ends or _can_be_stopped(scope):
            continue
        alive = reaching(ends)
        for node in scope.nodes:
            if node.ways_out and node not in alive and node in reachable(starts(scope)):
                yield about(node, "之后没有任何路径通向结束事件，流程会一直循环。", "请为循环添加一个通向结束的出口。")


def _can_be_stopped(scope: Scope) -> bool:
    """Somebody outside, or another branch, ends this level."""
    if any(n.type == "endEvent" and n.has(*ENDING_ALL) for n in scope.nodes):
        return True
    handlers = [n.inner for n in scope.nodes if n.is_event_sub_process and n.inner is not None]
    if any(start.flag("isInterrupting", True) for inner in handlers for start in inner.of("startEvent")):
        return True
    return scope.owner is not None and any(event.interrupting for event in scope.owner.boundary)
