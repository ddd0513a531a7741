"""Data associations use data objects of their own level or the one around it; others the engine cannot resolve.

Looking for an object further out, or in a sibling, the library's parser would never return.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from engine.lint.finding import Problem
from engine.lint.model import Diagram, Model, Node, Scope, local, q, text_of
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        ends = [*node.xml.iterfind(f"{q('dataInputAssociation')}/{q('sourceRef')}")]
        ends += node.xml.iterfind(f"{q('dataOutputAssociation')}/{q('targetRef')}")
        for reference in ends:
            yield from _judge(node, node.scope.diagram, reference)


def _judge(node: Node, diagram: Diagram, reference: etree._Element) -> Iterator[Problem]:
    target = diagram.find(text_of(reference))
    if target is None or local(target) in {"dataStoreReference", "dataStore"}:
        return  # the rules references and unsupported-data-store speak
    name = text_of(reference)
    if local(target) != "dataObjectReference":
        yield about(
            node,
            f"与“{name}”（{local(target)}）关联，系统只支持数据对象引用。",
            "请改用数据对象引用，或用属性 set: 传递数据。",
        )
        return
    levels = _levels(node.scope)
    if not any(o.get("id") == target.get("dataObjectRef") for s in levels for o in s.xml.iterfind(q("dataObject"))):
        yield about(node, f"使用的数据对象“{name}”不在本层或上一层。", "请把数据对象放到同一流程或子流程中。")


def _levels(scope: Scope) -> list[Scope]:
    return [scope] if scope.owner is None else [scope, scope.owner.scope]
