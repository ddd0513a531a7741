"""A boundary event has no incoming and at least one outgoing sequence flow (spec §10.5.4)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model, q
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.nodes:
        if node.type != "boundaryEvent":
            continue
        if node.incoming or node.xml.find(q("incoming")) is not None:
            yield about(node, "有进入的顺序流。", "边界事件由所附着的活动触发，请删除该连线。")
        if node.has("compensateEventDefinition"):
            if node.outgoing:
                yield about(node, "是补偿边界事件，却有离开的顺序流。", "请改用关联线指向补偿活动。")
        elif not node.outgoing:
            yield about(node, "没有离开的顺序流，触发后无处可去。", "请连接到触发后要做的步骤。")
