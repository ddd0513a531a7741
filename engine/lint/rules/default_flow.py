"""A default flow leaves the element that names it and needs no condition (spec §8.4.13)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about
from engine.lint.words import ACTIVITIES


def check(model: Model) -> Iterator[Problem]:
    for node in model.nodes:
        default = node.default_ref
        if not default:
            continue
        if default not in {flow.id for flow in node.outgoing}:
            if default in node.scope.diagram.elements:
                yield about(node, f"的默认分支“{default}”不是从它出发的顺序流。", "请选择从它出发的一条顺序流。")
            continue
        if node.type in ACTIVITIES and len(node.outgoing) < 2:
            yield about(node, "只有一条离开的顺序流，却设了默认分支。", "请删除默认标记。", "warning")
        for flow in node.outgoing:
            if flow.id == default and flow.condition:
                yield about(flow, "是默认分支，它的条件会被忽略。", "请删除条件。", "warning")
