"""A transaction that can be cancelled has a cancel boundary event for the token to leave by (spec §10.3.5)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        if node.type != "transaction" or node.inner is None:
            continue
        cancels = [end for end in node.inner.of("endEvent") if end.has("cancelEventDefinition")]
        leaves = [event for event in node.boundary if event.has("cancelEventDefinition")]
        if cancels and not leaves:
            yield about(
                node, "里面有取消结束事件，却没有取消边界事件。", "请在事务上添加取消边界事件，画出取消之后怎么办。"
            )
        if leaves and not cancels:
            yield about(
                leaves[0], "等待取消，但事务里没有取消结束事件。", "请添加取消结束事件，或删除该边界事件。", "warning"
            )
