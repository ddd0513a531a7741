"""An executable message event, send or receive task says which message; messages have names (table 10.90)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from engine.bpmn.normal_form import message_reference
from engine.bpmn.xml import BPMN
from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about, at
from engine.lint.words import THROWING


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        carriers = [e.xml for e in node.events if e.type == "messageEventDefinition"]
        if node.type in {"sendTask", "receiveTask"}:
            carriers.append(node.xml)
        for carrier in carriers:
            if message_reference(node.scope.diagram.root, carrier):
                continue
            if node.type == "sendTask" or (node.type in THROWING and _arranged(carrier)):
                yield about(node, "没有说明是哪个消息，不会发送。", "请选择消息（messageRef）。", "warning")
            else:
                yield about(node, "没有说明是哪个消息。", "请选择消息（messageRef）。")
    for diagram in model.diagrams:
        if not any(process.executable for process in diagram.processes):
            continue
        used = {x.get("messageRef", "").rpartition(":")[2] for x in diagram.root.iter("*") if x.get("messageRef")}
        names: dict[str, str] = {}
        for xml in diagram.all("message"):
            name, identity = (xml.get("name") or "").strip(), xml.get("id", "")
            if not name and identity in used:
                message = f"消息“{identity}”没有名称，以编号代替。"
                yield at(diagram, xml, message, "消息按名称送达，请填写名称。", "warning")
            elif name and identity in used and names.setdefault(name, identity) != identity:
                yield at(
                    diagram,
                    xml,
                    f"消息名称“{name}”与另一个消息“{names[name]}”相同，两者无法区分。",
                    "请共用同一个消息，或改名。",
                    "warning",
                )


def _arranged(definition: etree._Element) -> bool:
    """Whether another product's modeller says in its own words how the message is sent."""
    return definition.find(f"{{{BPMN}}}extensionElements") is not None or any(
        str(name).startswith("{") for name in definition.attrib
    )
