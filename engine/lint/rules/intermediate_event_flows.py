"""An intermediate event is led to and leads on; a link event does one of the two (spec §10.5.4)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.nodes:
        if node.scope.type == "adHocSubProcess":
            continue  # in no order, so without flows
        link = node.has("linkEventDefinition")
        catches, throws = node.type == "intermediateCatchEvent", node.type == "intermediateThrowEvent"
        if ((catches and not link) or throws) and not node.incoming:
            yield about(node, "没有进入的顺序流，永远不会执行。", "请从前一步骤连线到它，或删除它。")
        if ((throws and not link) or catches) and not node.outgoing:
            yield about(node, "没有离开的顺序流，流程会停在这里。", "请连接到下一步骤或结束事件。")
