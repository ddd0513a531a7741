"""An implicit throw event is no element of its own (spec §10.5.4): refused."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        if node.type == "implicitThrowEvent":
            yield about(node, "是隐式抛出事件，不能画在流程里。", "请改用中间抛出事件。", "unsupported")
