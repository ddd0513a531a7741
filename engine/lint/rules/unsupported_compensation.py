"""Compensation would silently do nothing (engine facts, §1): refused."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        if node.has("compensateEventDefinition") or node.is_compensation:
            yield about(node, "使用了补偿，系统暂不支持。", "请把撤销的步骤画成普通的流程分支。")
