"""Nothing watches a condition yet: an instance that waits for one would be stuck (engine facts, §1): refused."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        if node.has("conditionalEventDefinition") and node.type != "startEvent":
            yield about(node, "等待一个条件，系统暂不支持。", "请改为等待消息，或用定时事件循环检查。")
