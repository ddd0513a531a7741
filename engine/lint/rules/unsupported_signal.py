"""Signals do not reach every receiver yet (engine facts, §1): refused."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        if node.has("signalEventDefinition"):
            yield about(node, "使用了信号，系统暂不支持。", "请改用消息，或由服务任务通知其他流程。")
