"""Data inputs and outputs belong to sets, and the sets agree; sub-processes have none (spec §10.4.1, §10.3.5)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from engine.lint.finding import Problem
from engine.lint.model import Diagram, Model, q, text_of
from engine.lint.say import about, at

#: datum, set, how the set lists it, further lists, how sets name sets of the other side
_MORE = ("optional{}Refs", "whileExecuting{}Refs")
_SIDES = (
    ("dataInput", "inputSet", "dataInputRefs", tuple(m.format("Input") for m in _MORE), "outputSetRefs", "输入"),
    ("dataOutput", "outputSet", "dataOutputRefs", tuple(m.format("Output") for m in _MORE), "inputSetRefs", "输出"),
)


def check(model: Model) -> Iterator[Problem]:
    for node in model.nodes:
        if node.inner is not None and node.xml.find(q("ioSpecification")) is not None:
            yield about(node, "定义了输入输出规格。", "子流程直接使用外层的数据，请删除 ioSpecification。")
    for diagram in model.diagrams:
        for datum, group, listed, also, partner, word in _SIDES:
            for xml in diagram.all(datum):
                sets = xml.getparent().findall(q(group))
                if not any(xml.get("id") in _names(each, listed) for each in sets):
                    name = xml.get("name") or xml.get("id") or ""
                    message = f"数据{word}“{name}”不属于任何{word}集（{group}）。"
                    yield at(diagram, xml, message, f"请在 {group} 中用 {listed} 引用它。")
            for xml in diagram.all(group):
                for tag in also:
                    for name in _names(xml, tag) - _names(xml, listed):
                        message = f"{word}集把“{name}”列为 {tag}，却没有列为 {listed}。"
                        yield at(diagram, xml, message, f"请补上 <{listed}>{name}</{listed}>。")
                yield from _partners(diagram, xml, group, partner, word)


def _partners(diagram: Diagram, xml: etree._Element, group: str, partner: str, word: str) -> Iterator[Problem]:
    for name in _names(xml, partner):
        other = diagram.find(name)
        if other is not None and xml.get("id") not in _names(other, f"{group}Refs"):
            message = f"{word}集“{xml.get('id') or ''}”引用了“{name}”，对方却没有引用它。"
            yield at(diagram, xml, message, f"请在“{name}”里补上 {group}Refs。")


def _names(xml: etree._Element, tag: str) -> set[str]:
    return {text_of(each) for each in xml.iterfind(q(tag))}
