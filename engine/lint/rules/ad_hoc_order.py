"""An ad-hoc sub-process has steps to begin with; one in turn has no branches side by side (spec §10.3.5)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.graph import reachable, starts
from engine.lint.model import Model, Node, Scope
from engine.lint.say import about

_ONE_WAY = frozenset({"exclusiveGateway", "eventBasedGateway"})


def check(model: Model) -> Iterator[Problem]:
    for scope in model.scopes:
        if scope.type != "adHocSubProcess" or not scope.executable:
            continue
        if scope.nodes and not starts(scope):
            yield about(scope, "里每个步骤都有进入的顺序流，没有一个能先开始。", "请去掉绕成圈的连线。")
        if scope.xml.get("ordering") == "Sequential":
            yield from _in_turn(scope)


def _in_turn(scope: Scope) -> Iterator[Problem]:
    for node in scope.nodes:
        if _forks(node):
            yield about(
                node, "使依次进行的自由子流程里有步骤同时进行。", "请改为只走一条的分支，或把 ordering 改为 Parallel。"
            )
    seen: dict[Node, Node] = {}
    for entry in starts(scope):
        for node in sorted(reachable([entry]), key=lambda n: n.id):
            if seen.setdefault(node, entry) is not entry:
                yield about(
                    node,
                    "在依次进行的自由子流程里接在几个步骤之后，要做几次说不清。",
                    "请只接在一个步骤之后，或把 ordering 改为 Parallel。",
                )
                return


def _forks(node: Node) -> bool:
    if node.type == "boundaryEvent" and not node.interrupting:
        return True
    return len(node.outgoing) > 1 and node.type not in _ONE_WAY
