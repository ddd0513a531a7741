"""Every level of flow starts somewhere, and nobody has to guess where (spec §10.5.2, §10.5.3, §13.2)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.graph import starts
from engine.lint.model import Model
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for scope in model.scopes:
        if not scope.executable or scope.type == "adHocSubProcess":
            continue
        found = scope.of("startEvent")
        if not scope.nodes and scope.owner is None:
            yield about(scope, "是空的，没有可以办理的步骤。", "请画出要办理的步骤。", "unsupported")
        elif scope.nodes and not starts(scope):
            yield about(scope, "没有起点：没有开始事件，每个图元都有进入的顺序流。", "请添加一个开始事件。")
        elif scope.owner is not None and len(found) > 1 and not scope.owner.is_event_sub_process:
            yield about(scope, f"有 {len(found)} 个开始事件。", "子流程只能有一个开始事件。")
        elif scope.owner is None and len([n for n in found if not n.events]) > 1:
            yield about(scope, "有多个空开始事件，无法确定从哪里开始。", "请只保留一个空开始事件。", "unsupported")
