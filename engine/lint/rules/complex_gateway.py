"""A complex gateway that joins says when it is activated (spec §10.6.5)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model, q, text_of
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        if node.type != "complexGateway":
            continue
        if len(node.incoming) > 1 and not text_of(node.xml.find(q("activationCondition"))):
            yield about(
                node,
                "汇合几个分支，却没有说明何时激活。",
                "请填写激活条件（activationCondition），例如 activationCount >= 2。",
            )
