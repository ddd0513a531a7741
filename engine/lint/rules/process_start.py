"""Every level of flow starts somewhere, and nobody has to guess where (spec §10.5.2, §13.2)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for scope in model.scopes:
        if not scope.executable or scope.type == "adHocSubProcess":
            continue
        found = scope.of("startEvent")
        if not found:
            yield about(scope, "没有开始事件。", "请添加一个开始事件并连到第一个步骤。")
        elif scope.owner is not None and len(found) > 1:
            yield about(scope, f"有 {len(found)} 个开始事件。", "子流程只能有一个开始事件。")
        elif scope.owner is None and len([n for n in found if not n.events]) > 1:
            yield about(scope, "有多个空开始事件，无法确定从哪里开始。", "请只保留一个空开始事件。")
