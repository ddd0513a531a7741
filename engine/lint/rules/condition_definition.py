"""A conditional event has a condition (spec table 10.85)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model, q, text_of
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        for event in node.events:
            if event.type != "conditionalEventDefinition":
                continue
            condition = event.xml.find(q("condition"))
            if condition is None or not text_of(condition):
                yield about(node, "没有填写条件。", "请填写条件表达式。")
