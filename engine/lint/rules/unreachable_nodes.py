"""Where start events are used, every other node can be reached (spec §10.5.2)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.graph import reachable
from engine.lint.model import Model
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for scope in model.scopes:
        if scope.type == "adHocSubProcess" or not scope.of("startEvent"):
            continue
        instantiating = [n for n in scope.nodes if n.flag("instantiate")]
        reached = reachable([*scope.of("startEvent"), *instantiating])
        for node in scope.nodes:
            if node in reached or node.is_event_sub_process or node.is_compensation or node.type == "boundaryEvent":
                continue
            if node.ways_in:
                yield about(node, "从开始事件无法到达。", "请检查前面的连线，或删除多余的图元。")
            else:
                yield about(node, "没有进入的顺序流，永远不会执行。", "请从前一步骤连线到它，或删除它。")
