"""A level uses start and end events together or neither (spec §10.5.2, §10.5.3).

A process that is run may leave out its end event, as many designers do: it ends with its last step.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model, Scope
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for scope in model.scopes:
        if scope.type == "adHocSubProcess":
            continue  # the rule ad-hoc-content wants neither
        started, ended = bool(scope.of("startEvent")), bool(scope.of("endEvent"))
        if started and not ended:
            yield about(
                scope,
                "有开始事件，却没有结束事件。",
                "请在最后的步骤之后添加结束事件。",
                "warning" if scope.owner is None and scope.executable else "error",
            )
        if ended and not started and not _instantiates(scope):
            yield about(scope, "有结束事件，却没有开始事件。", "请添加开始事件并连到第一个步骤。")


def _instantiates(scope: Scope) -> bool:
    return any(node.flag("instantiate") for node in scope.of("receiveTask", "eventBasedGateway"))
