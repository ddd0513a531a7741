"""What the standard leaves implicit, drawn: starts, ends, splits and gathered tokens.

The library runs levels with one start and one end, and steps with one way out.  Everything the
standard allows beyond that means the same as a diagram with a few more gateways (spec §8.3.13,
§10.3.1, §10.5.2, §10.5.3, §13.2.1); these are added here, under ids no designer can use.  They are
part of no trace and no picture.
"""

from __future__ import annotations

from lxml import etree

from engine.bpmn.xml import BPMN, FLOW_NODES

BEGIN, FORK, FINISH, GATHER, EMIT = ".Begin", ".Fork", ".Finish", ".Gather", ".Emit"
SPLIT, CHOICE = ".Split", ".Choice"
#: Endings of the ids of what is added.
ADDED = (BEGIN, FORK, FINISH, GATHER, EMIT, SPLIT, CHOICE)

_Q = f"{{{BPMN}}}"
_TRUE = {"true", "1"}


def is_added(element_id: str) -> bool:
    """Was the element added here?"""
    return element_id.endswith(ADDED)


def draw_implicit_flow(root: etree._Element) -> None:
    """Draw what is implicit in every process of a diagram; the tree is changed."""
    for level in [e for tag in ("process", "subProcess", "transaction") for e in root.iter(_Q + tag)]:
        _Level(level).complete()


class _Level:
    """One level of flow: a process or the inside of a sub-process."""

    def __init__(self, xml: etree._Element) -> None:
        self.xml = xml
        self.id = xml.get("id", "")
        self.nodes = [e for e in xml if _kind(e) in FLOW_NODES]
        self.flows = xml.findall(_Q + "sequenceFlow")

    def complete(self) -> None:
        for node in list(self.nodes):
            self._quantities(node)
        self._begin()
        self._finish()
        for node in list(self.nodes):
            self._split(node)

    # -- where tokens come from and where they go --------------------------------

    def _begin(self) -> None:
        if self._of("startEvent"):
            return
        targets = {flow.get("targetRef") for flow in self.flows}
        entries = [n for n in self.nodes if n.get("id") not in targets and _starts_by_itself(n)]
        if not entries and self.nodes:
            return  # a circle; the linter refuses it
        first = self._add("startEvent", self.id + BEGIN)
        if len(entries) > 1:
            fork = self._add("parallelGateway", self.id + FORK)
            self._flow(first, fork)
            first = fork
        for entry in entries:
            self._flow(first, entry)

    def _finish(self) -> None:
        if self._of("endEvent"):
            return
        sources = {flow.get("sourceRef") for flow in self.flows}
        last = self._add("endEvent", self.id + FINISH)
        for node in self.nodes:
            if node is not last and node.get("id") not in sources and _goes_on(node):
                self._flow(node, last)

    # -- several ways out --------------------------------------------------------

    def _split(self, node: etree._Element) -> None:
        out = self._leaving(node)
        decides = _kind(node).endswith("Gateway") and not node.get("id", "").endswith(EMIT)
        if decides or len(out) < 2:
            return
        default = node.attrib.pop("default", None)
        choices = [f for f in out if f.get("id") == default or f.find(_Q + "conditionExpression") is not None]
        always = [f for f in out if f not in choices]
        split = self._add("inclusiveGateway" if choices else "parallelGateway", node.get("id", "") + SPLIT)
        self._flow(node, split)
        if default and always:  # a parallel and an inclusive split: only conditions decide about the default
            split.tag = _Q + "parallelGateway"
            choice = self._add("inclusiveGateway", node.get("id", "") + CHOICE)
            self._flow(split, choice)
        else:
            choice = split
            for flow in always if choices else ():
                etree.SubElement(flow, _Q + "conditionExpression").text = "true"
        for flow in out:
            flow.set("sourceRef", (choice if flow in choices else split).get("id", ""))
        if default:
            choice.set("default", default)

    def _quantities(self, node: etree._Element) -> None:
        if _quantity(node, "startQuantity") > 1:
            gather = self._add("parallelGateway", node.get("id", "") + GATHER)
            gather.set("startQuantity", str(_quantity(node, "startQuantity")))
            for flow in self.flows:
                if flow.get("targetRef") == node.get("id"):
                    flow.set("targetRef", gather.get("id", ""))
            self._flow(gather, node)
        if _quantity(node, "completionQuantity") > 1:
            emit = self._add("parallelGateway", node.get("id", "") + EMIT)
            emit.set("completionQuantity", str(_quantity(node, "completionQuantity")))
            for flow in self._leaving(node):
                flow.set("sourceRef", emit.get("id", ""))
            if "default" in node.attrib:
                emit.set("default", node.attrib.pop("default"))
            self._flow(node, emit)

    # -- tools -------------------------------------------------------------------

    def _of(self, kind: str) -> list[etree._Element]:
        return [n for n in self.nodes if _kind(n) == kind]

    def _leaving(self, node: etree._Element) -> list[etree._Element]:
        return [flow for flow in self.flows if flow.get("sourceRef") == node.get("id")]

    def _add(self, kind: str, element_id: str) -> etree._Element:
        node = etree.SubElement(self.xml, _Q + kind, id=element_id)
        self.nodes.append(node)
        return node

    def _flow(self, source: etree._Element, target: etree._Element) -> None:
        ends = {"sourceRef": source.get("id", ""), "targetRef": target.get("id", "")}
        self.flows.append(etree.SubElement(self.xml, _Q + "sequenceFlow", id="..".join(ends.values()), **ends))


def _kind(xml: etree._Element) -> str:
    return xml.tag[len(_Q) :] if isinstance(xml.tag, str) and xml.tag.startswith(_Q) else ""


def _flag(xml: etree._Element, name: str) -> bool:
    return (xml.get(name) or "").strip() in _TRUE


def _aside(node: etree._Element) -> bool:
    """Outside the flow: entered by an event or a compensation, left without a token."""
    return _flag(node, "triggeredByEvent") or _flag(node, "isForCompensation")


def _starts_by_itself(node: etree._Element) -> bool:
    if _aside(node) or _kind(node) == "boundaryEvent" or _flag(node, "instantiate"):
        return False
    return not (_kind(node) == "intermediateCatchEvent" and node.find(_Q + "linkEventDefinition") is not None)


def _goes_on(node: etree._Element) -> bool:
    if _aside(node) or (_kind(node) == "boundaryEvent" and node.find(_Q + "compensateEventDefinition") is not None):
        return False
    return not (_kind(node) == "intermediateThrowEvent" and node.find(_Q + "linkEventDefinition") is not None)


def _quantity(node: etree._Element, name: str) -> int:
    text = (node.get(name) or "1").strip().lstrip("+")
    return int(text) if text.isdecimal() else 1
