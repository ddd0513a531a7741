"""A data store lives outside the process, and nothing behind the engine holds it.

Where a person or a service reads and writes it, the drawn association says so and the engine has nothing to
do (warning).  Where the process itself would have to move the value, it is refused.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from engine.lint.finding import Problem
from engine.lint.model import Diagram, Model, q, text_of
from engine.lint.say import at
from engine.lint.texts import texts

#: Activities whose doer reaches the store without the engine.
_BY_THEMSELVES = frozenset({"userTask", "manualTask", "task", "serviceTask"})
_REMEDY = "请由服务任务读写台账，或改用数据对象。"


def check(model: Model) -> Iterator[Problem]:
    read = {name for text in texts(model) for name in text.names}
    for diagram in model.diagrams:
        stores = {x.get("id") for tag in ("dataStoreReference", "dataStore") for x in diagram.all(tag)}
        looped = {text_of(x) for x in diagram.all("loopDataInputRef")}
        for xml in (x for tag in ("dataInputAssociation", "dataOutputAssociation") for x in diagram.all(tag)):
            ends = {text_of(end) for tag in ("sourceRef", "targetRef") for end in xml.iterfind(q(tag))}
            owner = xml.getparent()
            node = diagram.node(owner.get("id", "")) if owner is not None else None
            if not ends & stores or node is None or not node.executable:
                continue
            if node.type not in _BY_THEMSELVES or len(xml.findall(q("sourceRef"))) > 1 or _computes(xml):
                yield at(diagram, xml, "读写数据存储，系统暂不支持。", _REMEDY, "unsupported")
            elif (names := _names(diagram, ends)) & (read | looped):
                known = "、".join(sorted(names & (read | looped)))
                yield at(diagram, xml, f"从数据存储读取“{known}”，系统暂不支持。", _REMEDY, "unsupported")
            else:
                yield at(
                    diagram, xml, "连到数据存储：由办理人或服务任务自己读写，系统只当作图示。",
                    "需要系统读写的，请由服务任务读写台账，或改用数据对象。", "warning",
                )  # fmt: skip


def _computes(xml: etree._Element) -> bool:
    return xml.find(q("transformation")) is not None or xml.find(q("assignment")) is not None


def _names(diagram: Diagram, ends: set[str]) -> set[str]:
    """By which names an expression could mean one of these things."""
    found = [diagram.find(end) for end in ends]
    return {name for xml in found if xml is not None for name in (xml.get("id"), xml.get("name")) if name}
