"""Data associations lead from data to an activity or back, one source unless transformed (spec §10.4.1)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from engine.lint.finding import Problem
from engine.lint.model import Diagram, Model, local, q, text_of
from engine.lint.say import at


def check(model: Model) -> Iterator[Problem]:
    for diagram in model.diagrams:
        for tag in ("dataInputAssociation", "dataOutputAssociation"):
            for xml in diagram.all(tag):
                yield from _association(diagram, xml)
        for reference in diagram.all("dataObjectReference"):
            if not reference.get("dataObjectRef"):
                yield at(
                    diagram,
                    reference,
                    f"数据对象引用“{reference.get('name') or ''}”没有指明数据对象。",
                    "请填写 dataObjectRef。",
                )


def _association(diagram: Diagram, xml: etree._Element) -> Iterator[Problem]:
    sources, target = xml.findall(q("sourceRef")), xml.find(q("targetRef"))
    transformed = xml.find(q("transformation")) is not None
    owner = xml.getparent()
    name = f"“{owner.get('name') or owner.get('id') or ''}”的数据关联"
    if len(sources) > 1 and not transformed:
        yield at(
            diagram, xml, f"{name}有 {len(sources)} 个来源却没有转换。", "没有转换（transformation）时只能有一个来源。"
        )
    if not sources and not transformed and xml.find(q("assignment")) is None:
        yield at(diagram, xml, f"{name}没有来源（sourceRef）。", "请连接到数据对象。")
    if len(sources) == 1 and target is not None and not transformed and xml.find(q("assignment")) is None:
        kinds = {_structure(diagram, text_of(sources[0])), _structure(diagram, text_of(target))} - {""}
        if len(kinds) > 1:
            yield at(diagram, xml, f"{name}两端的数据类型不同。", "请使用同一个 itemDefinition，或添加转换。")


def _structure(diagram: Diagram, reference: str) -> str:
    """What type of data a reference leads to; empty when nothing is said."""
    element = diagram.find(reference)
    if element is not None and local(element) in {"dataObjectReference", "dataStoreReference"}:
        element = diagram.find(element.get("dataObjectRef") or element.get("dataStoreRef") or "")
    item = diagram.find(element.get("itemSubjectRef", "")) if element is not None else None
    return "" if item is None else (item.get("structureRef") or item.get("id") or "")
