"""A start event is no target of a sequence flow (spec §10.5.2)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model, q
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.nodes:
        if node.type == "startEvent" and (node.incoming or node.xml.find(q("incoming")) is not None):
            yield about(node, "有进入的顺序流。", "请把连线改到开始事件之后的第一个步骤。")
