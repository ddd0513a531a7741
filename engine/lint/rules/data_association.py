"""Data associations lead from data to an activity or back, between data of one kind (spec §10.4.2)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from engine.lint.finding import Problem
from engine.lint.items import same
from engine.lint.model import Diagram, Model, local, q, text_of
from engine.lint.say import at

_ONE = "没有转换（transformation）时只能有一个来源。"


def check(model: Model) -> Iterator[Problem]:
    for diagram in model.diagrams:
        for tag in ("dataInputAssociation", "dataOutputAssociation"):
            for xml in diagram.all(tag):
                yield from _association(diagram, xml)
        for reference in diagram.all("dataObjectReference"):
            if not reference.get("dataObjectRef"):
                name = reference.get("name") or ""
                yield at(diagram, reference, f"数据对象引用“{name}”没有指明数据对象。", "请填写 dataObjectRef。")


def _association(diagram: Diagram, xml: etree._Element) -> Iterator[Problem]:
    named, transformed = xml.findall(q("sourceRef")), xml.find(q("transformation")) is not None
    sources = [diagram.find(text_of(source) or " ") for source in named]
    target = diagram.find(text_of(xml.find(q("targetRef"))) or " ")
    owner = xml.getparent()
    name = f"“{owner.get('name') or owner.get('id') or ''}”的数据关联"
    if len(named) > 1 and not transformed:
        yield at(diagram, xml, f"{name}有 {len(named)} 个来源却没有转换。", _ONE)
    if not named and local(xml) == "dataInputAssociation" and xml.find(q("assignment")) is None and not transformed:
        yield at(diagram, xml, f"{name}没有来源（sourceRef）。", "请连接到数据对象。")
    if len(sources) == 1 and not transformed and not same(diagram, sources[0], target):
        yield at(diagram, xml, f"{name}两端的数据类型不同。", "请使用同一个 itemDefinition，或添加转换。")
    for source in sources:
        if local(xml) == "dataInputAssociation" and _is(source, "dataOutput"):
            yield at(diagram, xml, f"{name}读取一个数据输出。", "数据输出只能写入，请从数据对象或数据输入读取。")
    if local(xml) == "dataOutputAssociation" and _is(target, "dataInput"):
        yield at(diagram, xml, f"{name}写入一个数据输入。", "数据输入只能读取，请写入数据对象或数据输出。")


def _is(xml: etree._Element | None, tag: str) -> bool:
    return xml is not None and local(xml) == tag
