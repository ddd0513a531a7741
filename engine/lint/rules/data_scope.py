"""A step reads and writes what its own level or one around it declares; assignments name data (spec §10.4)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from engine.lint.finding import Problem
from engine.lint.model import Model, Node, Scope, local, q, text_of
from engine.lint.say import about

_ENDS = (("dataInputAssociation", "sourceRef"), ("dataOutputAssociation", "targetRef"))
_PATH = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        for tag, end in _ENDS:
            for association in node.xml.iterfind(q(tag)):
                for reference in association.iterfind(q(end)):
                    yield from _reachable(node, reference)
                for path in association.iterfind(f"{q('assignment')}/{q('to')}"):
                    if not _PATH.fullmatch(text_of(path)):
                        yield about(
                            node,
                            f"的数据关联要写入“{text_of(path)}”，系统不认得这种写法。",
                            "请在 to 里写数据的名称，或用点连接的名称，例如 order.amount。",
                        )


def _reachable(node: Node, reference: etree._Element) -> Iterator[Problem]:
    name = text_of(reference)
    datum = node.scope.diagram.find(name)
    if datum is not None and local(datum) == "dataObjectReference":
        datum = node.scope.diagram.find(datum.get("dataObjectRef") or " ")
    if datum is None or local(datum) not in {"dataObject", "property"}:
        return  # the rules references and unsupported-data-store speak
    around = [scope.xml for scope in _levels(node.scope)]
    if datum.getparent() not in [*around, node.xml]:
        yield about(node, f"使用的数据“{name}”不在本层或外层。", "请把它放到同一流程或子流程中。")


def _levels(scope: Scope) -> Iterator[Scope]:
    yield scope
    while scope.owner is not None:
        scope = scope.owner.scope
        yield scope
