"""Processes and flow nodes carry an id: without one nothing can refer to them and no data can be kept."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about, at


def check(model: Model) -> Iterator[Problem]:
    for scope in model.scopes:
        if scope.owner is None and not scope.id:
            yield about(scope, "没有编号。", "请为流程填写编号（id）。")
        for node in scope.nodes:
            if not node.id:
                yield at(scope.diagram, node.xml, f"{node.label}没有编号。", "请为该图元填写编号（id）。")
