"""Event sub-processes start at the wrong time (engine facts, §1): refused."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        if node.is_event_sub_process:
            yield about(node, "是事件子流程，系统暂不支持。", "请改用子流程上的边界事件。")
