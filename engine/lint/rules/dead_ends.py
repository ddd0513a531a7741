"""Where end events are used, every other node leads on (spec §10.5.3, §8.4.7)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.nodes:
        if not node.scope.of("endEvent"):
            continue  # without end events every last step is an end
        if node.outgoing or node.type in {"endEvent", "boundaryEvent", "implicitThrowEvent"}:
            continue
        if node.is_event_sub_process or node.is_compensation or node.scope.type == "adHocSubProcess":
            continue
        if node.type == "intermediateThrowEvent" and node.has("linkEventDefinition"):
            continue
        yield about(node, "没有离开的顺序流，流程会停在这里。", "请连接到下一步骤或结束事件。")
