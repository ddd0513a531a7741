"""A process offered as a service binds its data to the operations of its interface (spec §10.4.1, ioBinding)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from engine.lint.finding import Problem
from engine.lint.items import same
from engine.lint.model import Diagram, Model, q, text_of
from engine.lint.say import at

_ENDS = (("inputDataRef", "inMessageRef", "输入"), ("outputDataRef", "outMessageRef", "输出"))


def check(model: Model) -> Iterator[Problem]:
    for diagram in model.diagrams:
        for xml in diagram.root:
            if xml.find(q("supportedInterfaceRef")) is None:
                continue
            name = xml.get("name") or xml.get("id") or ""
            bindings = xml.findall(q("ioBinding"))
            if not bindings:
                yield at(diagram, xml, f"“{name}”作为服务提供，却没有绑定数据。", "请为每个操作写一个 ioBinding。")
            for binding in bindings:
                yield from _binding(diagram, binding, name)


def _binding(diagram: Diagram, binding: etree._Element, name: str) -> Iterator[Problem]:
    operation = diagram.find(binding.get("operationRef") or " ")
    if operation is None:
        return  # the rule references says so
    for attribute, tag, word in _ENDS:
        datum = diagram.find(binding.get(attribute) or " ")
        message = diagram.find(text_of(operation.find(q(tag))) or " ")
        if not same(diagram, datum, message):
            yield at(
                diagram, binding, f"“{name}”绑定的{word}与操作的消息数据类型不同。", "请使用同一个 itemDefinition。"
            )
