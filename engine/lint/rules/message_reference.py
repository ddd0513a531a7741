"""An executable message event, send or receive task says which message; messages have names (table 10.90).

An event says so itself: an operation alone is not enough, and where a message declares what it carries, the
event names the operation or has data of its own.  A message of a name alone, as drawing tools write it, is
delivered by that name.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from engine.bpmn.normal_form import message_reference
from engine.lint.finding import Problem
from engine.lint.model import Model, Node, q
from engine.lint.say import about, at
from engine.lint.words import THROWING


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        for event in node.events:
            if event.type == "messageEventDefinition":
                yield from _event(node, event.xml)
        if node.type in {"sendTask", "receiveTask"} and not message_reference(node.scope.diagram.root, node.xml):
            if node.type == "sendTask":
                yield about(node, "没有说明是哪个消息，不会发送。", "请选择消息（messageRef）。", "warning")
            else:
                message = f"没有说明是哪个消息，将等待名为“{node.name or node.id}”的消息。"
                yield about(node, message, "请选择消息（messageRef）。", "warning")
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


def _event(node: Node, definition: etree._Element) -> Iterator[Problem]:
    reference = (definition.get("messageRef") or "").strip()
    operation = (definition.findtext(q("operationRef")) or "").strip()
    if not reference and not operation:
        if node.type in THROWING and _arranged(definition):
            yield about(node, "没有说明是哪个消息，不会发送。", "请选择消息（messageRef）。", "warning")
        else:
            yield about(node, "没有说明是哪个消息。", "请选择消息（messageRef）。")
    elif not reference:
        yield about(node, f"只写了操作“{operation}”，没有说明是哪个消息。", "请同时选择消息（messageRef）。")
    elif not operation and node.xml.find(q("dataOutput")) is None and node.xml.find(q("dataInput")) is None:
        wanted = reference.rpartition(":")[2]
        found = next((m for m in node.scope.diagram.all("message") if m.get("id") == wanted), None)
        if found is not None and found.get("itemRef"):
            yield about(
                node,
                f"的消息“{found.get('name') or wanted}”说明了所带的数据（itemRef），这里却没有操作，也没有数据。",
                "请填写操作（operationRef）或者输入输出的数据，或者删去消息的 itemRef。",
            )


def _arranged(definition: etree._Element) -> bool:
    """Whether another product's modeller says in its own words how the message is sent."""
    return definition.find(q("extensionElements")) is not None or any(
        str(name).startswith("{") for name in definition.attrib
    )
