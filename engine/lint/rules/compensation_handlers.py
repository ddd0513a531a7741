"""A compensation boundary event leads by association to an activity that only compensates (spec §10.7.1)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model, Node
from engine.lint.say import about
from engine.lint.words import ACTIVITIES


def check(model: Model) -> Iterator[Problem]:
    for node in model.nodes:
        if node.is_compensation and (node.incoming or node.outgoing):
            yield about(node, "用于补偿，却在正常的顺序流里。", "请删除进出的连线，由补偿边界事件用关联线指向它。")
        if node.type != "boundaryEvent" or not node.has("compensateEventDefinition"):
            continue
        handlers = [target for target in _associated(node) if target.type in ACTIVITIES]
        if len(handlers) != 1:
            what = "没有用关联线指向补偿活动" if not handlers else f"指向 {len(handlers)} 个补偿活动"
            yield about(node, f"{what}。", "请用一条关联线（association）指向一个补偿活动。")
        for handler in handlers:
            if not handler.is_compensation:
                yield about(handler, "由补偿边界事件指向，却没有标为补偿。", '请设为 isForCompensation="true"。')


def _associated(event: Node) -> Iterator[Node]:
    diagram = event.scope.diagram
    for xml in diagram.all("association"):
        if event.id and (xml.get("sourceRef") or "").rpartition(":")[2] == event.id:
            target = diagram.node(xml.get("targetRef") or "")
            if target is not None:
                yield target
