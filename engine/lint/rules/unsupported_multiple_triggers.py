"""Events with several triggers are not executed right: refused."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        if len(node.events) > 1 or node.flag("parallelMultiple"):
            yield about(
                node,
                f"有 {len(node.events)} 个触发条件，系统只支持一个。",
                "请拆成几个事件；等待其中之一时用事件网关。",
            )
