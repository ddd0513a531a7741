"""A small read-only picture of the diagrams of one deployment, as the lint rules see them.

Only what the XML says is here; nothing is repaired.  A reference that leads nowhere is
``None`` in the model and a finding of a rule, so every rule can look at any diagram.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from lxml import etree

from engine.bpmn.calls import GLOBAL_TASKS, global_tasks
from engine.bpmn.normal_form import links, referenced
from engine.bpmn.xml import BPMN, FLOW_NODES, executable_processes
from engine.lint.words import SUB_PROCESSES, WORDS
from engine.service_tasks import ServiceInfo

XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


def q(name: str) -> str:
    """The qualified name of a BPMN element."""
    return f"{{{BPMN}}}{name}"


def local(xml: etree._Element) -> str:
    """The local name of an element, empty when it is not in the BPMN namespace."""
    tag = xml.tag
    if isinstance(tag, str) and tag.startswith(f"{{{BPMN}}}"):
        return tag[len(BPMN) + 2 :]
    return ""


def text_of(xml: etree._Element | None) -> str:
    """The trimmed text of an element; empty when it is missing."""
    return "" if xml is None else "".join(str(t) for t in xml.itertext()).strip()


@dataclass(eq=False)
class Flow:
    """A sequence flow; ``source``/``target`` are ``None`` when the reference leads to no flow node."""

    id: str
    name: str
    xml: etree._Element
    scope: Scope
    source_ref: str
    target_ref: str
    condition: str | None
    source: Node | None = None
    target: Node | None = None

    @property
    def label(self) -> str:
        return f"顺序流“{self.name or self.id}”"


@dataclass(eq=False)
class Event:
    """An event definition (message, timer, …) inside an event."""

    type: str
    xml: etree._Element

    @property
    def word(self) -> str:
        return WORDS.get(self.type, self.type)


@dataclass(eq=False)
class Node:
    """A task, gateway, event or sub-process."""

    id: str
    name: str
    type: str
    xml: etree._Element
    scope: Scope
    properties: dict[str, str]
    events: list[Event]
    incoming: list[Flow] = field(default_factory=list)
    outgoing: list[Flow] = field(default_factory=list)
    #: Links to and from this event; they lead on like sequence flows.
    link_from: list[Flow] = field(default_factory=list)
    link_to: list[Flow] = field(default_factory=list)
    boundary: list[Node] = field(default_factory=list)
    inner: Scope | None = None
    host: Node | None = None

    @property
    def label(self) -> str:
        return f"{WORDS.get(self.type, self.type)}“{self.name or self.id}”"

    @property
    def ways_in(self) -> list[Flow]:
        """Incoming sequence flows and links."""
        return [*self.incoming, *self.link_from]

    @property
    def ways_out(self) -> list[Flow]:
        """Outgoing sequence flows and links."""
        return [*self.outgoing, *self.link_to]

    def get(self, attribute: str, default: str = "") -> str:
        return str(self.xml.get(attribute, default)).strip()

    def flag(self, attribute: str, default: bool = False) -> bool:
        raw = self.xml.get(attribute)
        return default if raw is None else raw.strip() in {"true", "1"}

    @property
    def interrupting(self) -> bool:
        return self.flag("cancelActivity", True)

    @property
    def loop(self) -> etree._Element | None:
        """The multi-instance or standard loop characteristics, if any."""
        for tag in ("multiInstanceLoopCharacteristics", "standardLoopCharacteristics"):
            found = self.xml.find(q(tag))
            if found is not None:
                return found
        return None

    @property
    def multi_instance(self) -> bool:
        return self.xml.find(q("multiInstanceLoopCharacteristics")) is not None

    @property
    def executable(self) -> bool:
        """Does the node belong to a process that is run?  Others are pictures of what partners do."""
        return self.scope.executable

    @property
    def default_ref(self) -> str:
        return self.get("default")

    @property
    def decides(self) -> bool:
        """Does an activity choose among its ways out by conditions, as an inclusive gateway does?"""
        flows = [flow for flow in self.outgoing if flow.condition is not None or flow.id == self.default_ref]
        return bool(flows) and len(self.outgoing) > 1 and not self.type.endswith("Gateway")

    @property
    def is_event_sub_process(self) -> bool:
        return self.type in SUB_PROCESSES and self.flag("triggeredByEvent")

    @property
    def is_compensation(self) -> bool:
        return self.flag("isForCompensation")

    def has(self, *types: str) -> bool:
        return any(event.type in types for event in self.events)


@dataclass(eq=False)
class Scope:
    """A process or the inside of a sub-process: one level of flow."""

    id: str
    name: str
    type: str
    xml: etree._Element
    diagram: Diagram
    owner: Node | None
    nodes: list[Node] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)
    links: list[Flow] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)
    memo: dict[str, Any] = field(default_factory=dict)  # what is dear to compute, see graph.py

    @property
    def process(self) -> Scope:
        scope = self
        while scope.owner is not None:
            scope = scope.owner.scope
        return scope

    @property
    def depth(self) -> int:
        return 0 if self.owner is None else self.owner.scope.depth + 1

    @property
    def executable(self) -> bool:
        return self.process.xml in self.diagram.executable

    @property
    def label(self) -> str:
        return f"{WORDS.get(self.type, self.type)}“{self.name or self.id}”"

    def of(self, *types: str) -> list[Node]:
        return [node for node in self.nodes if node.type in types]


@dataclass(eq=False)
class Diagram:
    """One .bpmn file."""

    file: str
    root: etree._Element
    elements: dict[str, list[etree._Element]] = field(default_factory=dict)
    scopes: list[Scope] = field(default_factory=list)
    executable: list[etree._Element] = field(default_factory=list)
    _nodes: dict[str, Node] = field(default_factory=dict)

    @property
    def processes(self) -> list[Scope]:
        return [scope for scope in self.scopes if scope.owner is None]

    @property
    def nodes(self) -> Iterator[Node]:
        return (node for scope in self.scopes for node in scope.nodes)

    @property
    def flows(self) -> Iterator[Flow]:
        return (flow for scope in self.scopes for flow in scope.flows)

    def find(self, reference: str) -> etree._Element | None:
        """The element a reference names (its prefix, if any, is ignored)."""
        found = self.elements.get(reference.strip().rpartition(":")[2])
        return found[0] if found else None

    def node(self, reference: str) -> Node | None:
        """The flow node a reference names."""
        if not self._nodes:
            for node in self.nodes:
                self._nodes.setdefault(node.id, node)
        return self._nodes.get(reference.strip().rpartition(":")[2] or " ")

    def all(self, tag: str) -> list[etree._Element]:
        return list(self.root.iter(q(tag)))


@dataclass(eq=False)
class Model:
    """Everything one deployment consists of, and what the surroundings offer it."""

    diagrams: list[Diagram]
    files: Mapping[str, str]
    forms: dict[str, Any]
    decisions: frozenset[str]
    roles: frozenset[str] | None
    services: Mapping[str, ServiceInfo] | None

    @property
    def scopes(self) -> Iterator[Scope]:
        return (scope for diagram in self.diagrams for scope in diagram.scopes)

    @property
    def nodes(self) -> Iterator[Node]:
        return (node for diagram in self.diagrams for node in diagram.nodes)

    @property
    def flows(self) -> Iterator[Flow]:
        return (flow for diagram in self.diagrams for flow in diagram.flows)

    @property
    def run_nodes(self) -> Iterator[Node]:
        """Nodes of executable processes."""
        return (node for node in self.nodes if node.executable)

    @property
    def processes(self) -> list[Scope]:
        return [process for diagram in self.diagrams for process in diagram.processes]


def properties_of(xml: etree._Element) -> dict[str, str]:
    """The diagram properties of an element (``form``, ``service``, ``set:…``), whatever the vendor's prefix.

    This must see exactly what the parser of the kernel sees, or a property could hide from the rules.
    """
    path = f"{q('extensionElements')}/{{*}}properties/{{*}}property"
    return {p.get("name", ""): p.get("value", "") for p in xml.iterfind(path) if p.get("name")}


def read_diagram(file: str, root: etree._Element) -> Diagram:
    """Build the picture of one parsed file."""
    diagram = Diagram(file, root, executable=executable_processes(root))
    for element in root.iter(q("*")):
        identity = element.get("id")
        if identity:
            diagram.elements.setdefault(identity, []).append(element)
    for xml in root.iterfind(q("process")):
        _read_scope(diagram, xml, None)
    for xml in global_tasks(root):
        _read_global_task(diagram, xml)
    return diagram


def _read_global_task(diagram: Diagram, xml: etree._Element) -> None:
    """A global task is called like a process of one step."""
    scope = Scope(xml.get("id", ""), xml.get("name", ""), local(xml), xml, diagram, None)
    kind = GLOBAL_TASKS[local(xml)]
    scope.nodes.append(Node(scope.id, scope.name, kind, xml, scope, properties_of(xml), []))
    diagram.scopes.append(scope)
    diagram.executable.append(xml)


def _read_scope(diagram: Diagram, xml: etree._Element, owner: Node | None) -> Scope:
    scope = Scope(xml.get("id", ""), xml.get("name", ""), local(xml), xml, diagram, owner)
    scope.properties = properties_of(xml)
    diagram.scopes.append(scope)
    by_id: dict[str, Node] = {}
    for child in xml:
        kind = local(child)
        if kind in FLOW_NODES:
            events = [Event(local(e), e) for e in _definitions(diagram, child)]
            node = Node(child.get("id", ""), child.get("name", ""), kind, child, scope, properties_of(child), events)
            scope.nodes.append(node)
            by_id.setdefault(node.id, node)
            if kind in SUB_PROCESSES:
                node.inner = _read_scope(diagram, child, node)
        elif kind == "sequenceFlow":
            condition = child.find(q("conditionExpression"))
            scope.flows.append(
                Flow(
                    child.get("id", ""),
                    child.get("name", ""),
                    child,
                    scope,
                    child.get("sourceRef", "").strip(),
                    child.get("targetRef", "").strip(),
                    None if condition is None else text_of(condition),
                )
            )
    for flow in scope.flows:
        flow.source, flow.target = by_id.get(flow.source_ref), by_id.get(flow.target_ref)
        if flow.source is not None:
            flow.source.outgoing.append(flow)
        if flow.target is not None:
            flow.target.incoming.append(flow)
    for source, target in links(xml):
        link = _link(scope, by_id[source.get("id", "")], by_id[target.get("id", "")])
        scope.links.append(link)
    for node in scope.nodes:
        if node.type == "boundaryEvent":
            node.host = by_id.get(node.get("attachedToRef").rpartition(":")[2])
            if node.host is not None:
                node.host.boundary.append(node)
    return scope


def _definitions(diagram: Diagram, event: etree._Element) -> Iterator[etree._Element]:
    """The event definitions of an event, also those it refers to."""
    for child in event:
        if local(child).endswith("EventDefinition"):
            yield child
        elif local(child) == "eventDefinitionRef":
            found = referenced(diagram.root, text_of(child))
            if found is not None:
                yield found


def _link(scope: Scope, source: Node, target: Node) -> Flow:
    link = Flow("", "", source.xml, scope, source.id, target.id, None, source, target)
    source.link_to.append(link)
    target.link_from.append(link)
    return link


def read_json(text: str) -> Any:
    """The parsed JSON or ``None``."""
    try:
        return orjson.loads(text)
    except ValueError:  # also for a stranger who nests without end
        return None
