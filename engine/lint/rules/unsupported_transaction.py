"""Transactions with cancellation are not executed right: refused."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        if node.type == "transaction":
            yield about(node, "是事务子流程，系统暂不支持。", "请改用普通子流程，失败的情形用错误边界事件处理。")
