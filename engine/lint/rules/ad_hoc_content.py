"""An ad-hoc sub-process holds activities in no fixed order: no start, no end (spec §10.3.5)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about
from engine.lint.words import ACTIVITIES


def check(model: Model) -> Iterator[Problem]:
    for scope in model.scopes:
        if scope.type != "adHocSubProcess":
            continue
        if not scope.of(*ACTIVITIES):
            yield about(scope, "里没有任何活动。", "请至少放入一个任务或子流程。")
        for event in scope.of("startEvent", "endEvent"):
            yield about(event, "在自由子流程里，那里不允许开始和结束事件。", "请删除它；何时结束由完成条件决定。")
