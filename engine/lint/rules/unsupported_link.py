"""Link events would strand the token (engine facts, §1): refused."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        if node.has("linkEventDefinition"):
            yield about(node, "是链接事件，系统暂不支持。", "请直接用顺序流连接。")
