"""A parallel branch that leads back before its split starts everything again beside what still runs."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.graph import play
from engine.lint.model import Model
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for scope in model.scopes:
        node = play(scope).flooded
        if node is not None:
            yield about(
                node,
                "可能被重复启动任意多次：有并行分支绕回到分支之前。",
                "请先汇合各并行分支，再退回前面的步骤。",
                "warning",
            )
