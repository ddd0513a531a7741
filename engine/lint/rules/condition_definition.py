"""A conditional event has a condition that can be evaluated (spec table 10.85)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import XSI_TYPE, Model, q, text_of
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        for event in node.events:
            if event.type != "conditionalEventDefinition":
                continue
            condition = event.xml.find(q("condition"))
            if condition is None or not text_of(condition):
                yield about(node, "没有填写条件。", "请填写条件表达式。")
            elif (condition.get(XSI_TYPE) or "").rpartition(":")[2] == "tExpression":
                yield about(
                    node, "的条件只是文字说明（tExpression），不能执行。", "请改为可执行的条件（tFormalExpression）。"
                )
