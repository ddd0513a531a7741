"""Diagrams in the plain form the workflow library understands, with the same meaning.

* An event that refers to an event definition of the file gets a copy of it (spec §10.5.5).
* A message left to the operation that carries it is named where it is sent or received (spec §10.3.3).
* Sequence flows stand in the order in which their source lists them (its ``outgoing`` is an ordered
  collection, spec §8.3.8): conditions are tried in that order, and branches begin in it (spec §13.4).
* A link joins the event that throws it to the one that catches it: a sequence flow (spec §10.5.1).
* A receive task or event-based gateway that starts the process gets a start event before it; that
  start is no element of the diagram and appears in no trace (spec §13.3.3, §13.4.4).
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

from lxml import etree

from engine.bpmn.xml import BPMN

_BPMN = f"{{{BPMN}}}"
_TRUE = {"true", "1"}
_CARRIERS = ("sendTask", "receiveTask", "messageEventDefinition")
_SCOPES = ("process", "subProcess", "transaction", "adHocSubProcess")
#: The id of a start event that stands before an instantiating element is that element's id with this at its end.
BEFORE = "..start"


def normalise(root: etree._Element) -> None:
    """Rewrite a parsed file in place."""
    for definition in list(root.iter(f"{_BPMN}eventDefinitionRef")):
        _inline(root, definition)
    for tag in _CARRIERS:
        for carrier in root.iter(_BPMN + tag):
            carrier.set("messageRef", message_reference(root, carrier))
    for scope in [scope for tag in _SCOPES for scope in root.iter(_BPMN + tag)]:
        _order_flows(scope)
        for source, target in links(scope):
            _flow(scope, source.get("id", ""), target.get("id", ""))
        for tag in ("receiveTask", "eventBasedGateway"):
            for node in scope.findall(_BPMN + tag):
                if node.get("instantiate", "").strip() in _TRUE:
                    _start_before(scope, node)


def referenced(root: etree._Element, reference: str) -> etree._Element | None:
    """The event definition that stands at the top of the file under this id."""
    wanted = reference.strip().rpartition(":")[2]
    return next((e for e in root if e.get("id") == wanted and str(e.tag).endswith("EventDefinition")), None)


def any_definition(root: etree._Element, reference: str) -> etree._Element | None:
    """The event definition of this id, also one that is written inside an event."""
    wanted = reference.strip().rpartition(":")[2]
    return next(
        (e for e in root.iter(f"{_BPMN}*") if e.get("id") == wanted and e.tag.endswith("EventDefinition")), None
    )


def message_reference(root: etree._Element, carrier: etree._Element) -> str:
    """The message a task or event definition names, or the one its operation takes in; empty when it says neither."""
    named = carrier.get("messageRef", "").strip()
    operation = carrier.get("operationRef") or carrier.findtext(f"{_BPMN}operationRef") or ""
    if named or not operation:
        return named
    wanted = operation.strip().rpartition(":")[2]
    found = next((e for e in root.iter(f"{_BPMN}operation") if e.get("id") == wanted), None)
    return "" if found is None else (found.findtext(f"{_BPMN}inMessageRef") or "").strip()


def links(scope: etree._Element) -> Iterator[tuple[etree._Element, etree._Element]]:
    """Pairs of a throwing and a catching link event of one level that belong together."""
    catches = list(_links(scope, "intermediateCatchEvent"))
    for event, throw in _links(scope, "intermediateThrowEvent"):
        target = next((other for other, catch in catches if meet(throw, catch)), None)
        if target is not None:
            yield event, target


def meet(throw: etree._Element, catch: etree._Element) -> bool:
    """Do two link definitions name each other or, where neither refers to any, bear the same name?"""
    targets, sources = _named(throw, "target"), _named(catch, "source")
    if targets or sources:
        return catch.get("id") in targets and throw.get("id") in sources
    name = throw.get("name", "").strip()
    return bool(name) and name == catch.get("name", "").strip()


def _named(link: etree._Element, tag: str) -> list[str]:
    return [(e.text or "").strip().rpartition(":")[2] for e in link.iterfind(_BPMN + tag)]


def _links(scope: etree._Element, tag: str) -> Iterator[tuple[etree._Element, etree._Element]]:
    """Link events of one level with their definitions."""
    for event in scope.iterfind(_BPMN + tag):
        found = event.find(f"{_BPMN}linkEventDefinition")
        if found is not None:
            yield event, found


def _inline(root: etree._Element, reference: etree._Element) -> None:
    found = referenced(root, reference.text or "")
    event = reference.getparent()
    if found is None or event is None:
        return  # the linter says so
    copy = deepcopy(found)
    copy.attrib.pop("id", None)
    event.replace(reference, copy)


def _order_flows(scope: etree._Element) -> None:
    """Put the flows of each source that lists all of them in the order of its list, at the places they have."""
    leaving: dict[str, dict[str, etree._Element]] = {}
    for flow in scope.iterfind(f"{_BPMN}sequenceFlow"):
        leaving.setdefault(flow.get("sourceRef", ""), {})[flow.get("id", "")] = flow
    parts = list(scope)
    for node in scope:
        flows = leaving.get(node.get("id", ""), {})
        listed = [(e.text or "").strip().rpartition(":")[2] for e in node.iterfind(f"{_BPMN}outgoing")]
        if len(flows) > 1 and sorted(listed) == sorted(flows):
            for place, name in zip([parts.index(flow) for flow in flows.values()], listed, strict=True):
                parts[place] = flows[name]
    scope[:] = parts


def _start_before(scope: etree._Element, node: etree._Element) -> None:
    identity = node.get("id", "")
    etree.SubElement(scope, f"{_BPMN}startEvent", {"id": identity + BEFORE})
    _flow(scope, identity + BEFORE, identity)


def _flow(scope: etree._Element, source: str, target: str) -> None:
    ends = {"id": f"{source}..{target}", "sourceRef": source, "targetRef": target}
    etree.SubElement(scope, f"{_BPMN}sequenceFlow", ends)
