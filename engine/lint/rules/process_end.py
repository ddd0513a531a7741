"""A level with a start event has an end event (spec §10.5.3); without one an instance would never finish here."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for scope in model.scopes:
        if scope.executable and scope.type != "adHocSubProcess" and not scope.of("endEvent"):
            yield about(scope, "没有结束事件，流程永远不会办结。", "请在最后一个步骤之后添加结束事件。")
