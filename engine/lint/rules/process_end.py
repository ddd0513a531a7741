"""A level with a start event says where it ends (spec §10.5.2); without an end it ends when no token is left."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for scope in model.scopes:
        if scope.executable and scope.of("startEvent") and not scope.of("endEvent"):
            yield about(
                scope,
                "有开始事件，却没有结束事件；所有步骤都办完时办结。",
                "请在最后的步骤之后添加结束事件，让人看得出在哪里办结。",
                "warning",
            )
