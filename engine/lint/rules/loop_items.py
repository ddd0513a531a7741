"""A multi-instance goes over data, and one item is a single one of its collection (spec table 10.31)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from engine.lint.finding import Problem
from engine.lint.items import is_collection, item_of, same
from engine.lint.model import Model, Node, local, q, text_of
from engine.lint.say import about

_PARTS = (("loopDataInputRef", "inputDataItem"), ("loopDataOutputRef", "outputDataItem"))
_NO_DATA = frozenset(["itemDefinition", "message", "signal", "error", "escalation", "sequenceFlow", "process", "lane"])


def check(model: Model) -> Iterator[Problem]:
    for node in model.nodes:
        loop = node.xml.find(q("multiInstanceLoopCharacteristics"))
        if loop is None:
            continue
        for reference, tag in _PARTS:
            name = text_of(loop.find(q(reference)))
            collection = node.scope.diagram.find(name or " ")
            if collection is None:
                continue  # the name of a variable
            if local(collection) in _NO_DATA:
                yield about(node, f"的集合“{name}”是 {local(collection)}，不是数据。", f"请在 {reference} 里填写数据。")
            item = loop.find(q(tag))
            if item is not None:
                yield from _item(node, collection, item)


def _item(node: Node, collection: etree._Element, item: etree._Element) -> Iterator[Problem]:
    diagram = node.scope.diagram
    if is_collection(item_of(diagram, item)) or is_collection(item):
        yield about(node, f"的 {local(item)} 是集合，应当是集合里的一项。", "请使用不是集合的 itemDefinition。")
    elif not same(diagram, item, collection):
        yield about(node, f"的 {local(item)} 与集合的数据类型不同。", "请使用同样的 structureRef。")
