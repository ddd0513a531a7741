"""An event has one datum for each trigger, of the kind that trigger carries (spec §10.5.1, Event data)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from engine.lint.finding import Problem
from engine.lint.items import same
from engine.lint.model import Event, Model, Node, q
from engine.lint.say import about
from engine.lint.words import CATCHING, EVENTS

_CARRIED = {
    "messageEventDefinition": "messageRef",
    "signalEventDefinition": "signalRef",
    "errorEventDefinition": "errorRef",
    "escalationEventDefinition": "escalationRef",
}


def check(model: Model) -> Iterator[Problem]:
    for node in model.nodes:
        if node.type not in EVENTS:
            continue
        data = node.xml.findall(q("dataOutput" if node.type in CATCHING else "dataInput"))
        carriers = [event for event in node.events if event.type in _CARRIED]
        if not data:
            continue
        if len(data) not in {len(node.events), len(carriers)}:
            yield about(
                node,
                f"有 {len(node.events)} 个触发条件、{len(data)} 项数据，应一一对应。",
                "请为每个触发条件写一项数据，或全部删除。",
            )
            continue
        for event, datum in zip(carriers if len(data) == len(carriers) else node.events, data, strict=True):
            if not same(node.scope.diagram, _carried(node, event), datum):
                yield about(node, f"的数据与{event.word}的数据类型不同。", "请使用同一个 itemDefinition。")


def _carried(node: Node, event: Event) -> etree._Element | None:
    attribute = _CARRIED.get(event.type)
    return node.scope.diagram.find(event.xml.get(attribute, " ")) if attribute else None
