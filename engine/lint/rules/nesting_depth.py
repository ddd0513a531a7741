"""Sub-processes are nested at most six deep: deeper ones nobody can read and each level costs state."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about

MAX_DEPTH = 6


def check(model: Model) -> Iterator[Problem]:
    for scope in model.scopes:
        if scope.depth == MAX_DEPTH + 1:
            yield about(scope, f"嵌套超过 {MAX_DEPTH} 层。", "请把内层拆成单独的流程并用调用活动引用。")
