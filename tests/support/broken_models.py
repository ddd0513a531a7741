"""Single faults put into lawful diagrams: each breaks one constraint of the standard."""

from __future__ import annotations

from collections.abc import Callable

from lxml import etree

from engine.bpmn.xml import BPMN, FLOW_NODES

_PLAYED = 6
Pick = Callable[[list[etree._Element]], etree._Element]
Fault = Callable[[etree._Element, Pick], bool]


def q(tag: str) -> str:
    return f"{{{BPMN}}}{tag}"


def _nodes(root: etree._Element, *tags: str) -> list[etree._Element]:
    return [x for x in root.iter(*(q(t) for t in tags or FLOW_NODES))]


def _set(found: list[etree._Element], pick: Pick, attribute: str, value: str | None) -> bool:
    """Change one attribute of a picked element; false when there is none to pick."""
    if not found:
        return False
    chosen = pick(found)
    if value is None:
        del chosen.attrib[attribute]
    else:
        chosen.set(attribute, value)
    return True


def flow_to_nowhere(root: etree._Element, pick: Pick) -> bool:
    return _set(_nodes(root, "sequenceFlow"), pick, "targetRef", "nowhere")


def flow_from_nowhere(root: etree._Element, pick: Pick) -> bool:
    return _set(_nodes(root, "sequenceFlow"), pick, "sourceRef", "nowhere")


def flow_without_target(root: etree._Element, pick: Pick) -> bool:
    return _set(_nodes(root, "sequenceFlow"), pick, "targetRef", None)


def node_without_id(root: etree._Element, pick: Pick) -> bool:
    return _set(_nodes(root), pick, "id", None)


def same_id_twice(root: etree._Element, pick: Pick) -> bool:
    return _set(_nodes(root)[1:], pick, "id", _nodes(root)[0].get("id", ""))


def flow_into_a_start(root: etree._Element, pick: Pick) -> bool:
    start = pick(_nodes(root, "startEvent"))
    flows = [f for f in start.getparent().iterchildren(q("sequenceFlow")) if f.get("sourceRef") != start.get("id")]
    return _set(flows, pick, "targetRef", start.get("id"))


def flow_out_of_an_end(root: etree._Element, pick: Pick) -> bool:
    end = pick(_nodes(root, "endEvent"))
    flows = [f for f in end.getparent().iterchildren(q("sequenceFlow")) if f.get("targetRef") != end.get("id")]
    return _set(flows, pick, "sourceRef", end.get("id"))


def flow_across_a_border(root: etree._Element, pick: Pick) -> bool:
    inside = [n for n in _nodes(root) if n.getparent().tag != q("process")]
    outside = [f for f in _nodes(root, "sequenceFlow") if f.getparent().tag == q("process")]
    return bool(inside and outside) and _set(outside, pick, "targetRef", pick(inside).get("id"))


def level_without_end(root: etree._Element, pick: Pick) -> bool:
    level = pick(_nodes(root, "startEvent")).getparent()
    for end in level.findall(q("endEvent")):
        level.remove(end)
    return True


def level_without_start(root: etree._Element, pick: Pick) -> bool:
    start = pick(_nodes(root, "startEvent"))
    start.getparent().remove(start)
    return True


def step_that_leads_nowhere(root: etree._Element, pick: Pick) -> bool:
    flows = _nodes(root, "sequenceFlow")
    sources = [f.get("sourceRef") for f in flows]
    only = [f for f in flows if sources.count(f.get("sourceRef")) == 1]
    chosen = pick(only)
    chosen.getparent().remove(chosen)
    return True


def condition_at_the_start(root: etree._Element, pick: Pick) -> bool:
    starts = {s.get("id") for s in _nodes(root, "startEvent")}
    chosen = pick([f for f in _nodes(root, "sequenceFlow") if f.get("sourceRef") in starts])
    etree.SubElement(chosen, q("conditionExpression")).text = "a = 1"
    return True


def default_flow_of_another(root: etree._Element, pick: Pick) -> bool:
    gateways = _nodes(root, "exclusiveGateway", "inclusiveGateway")
    if not gateways:
        return False
    gateway = pick(gateways)
    others = [f for f in _nodes(root, "sequenceFlow") if f.get("sourceRef") != gateway.get("id")]
    return _set([gateway], pick, "default", pick(others).get("id"))


def timer_with_two_times(root: etree._Element, pick: Pick) -> bool:
    timers = _nodes(root, "timerEventDefinition")
    if not timers:
        return False
    etree.SubElement(pick(timers), q("timeDate")).text = "2026-12-31T18:00:00+08:00"
    return True


def boundary_on_nothing(root: etree._Element, pick: Pick) -> bool:
    return _set(_nodes(root, "boundaryEvent"), pick, "attachedToRef", "nowhere")


def boundary_on_a_start(root: etree._Element, pick: Pick) -> bool:
    return _set(_nodes(root, "boundaryEvent"), pick, "attachedToRef", _nodes(root, "startEvent")[0].get("id"))


def message_that_is_not_there(root: etree._Element, pick: Pick) -> bool:
    return _set(_nodes(root, "messageEventDefinition"), pick, "messageRef", "nowhere")


def catch_of_an_error(root: etree._Element, pick: Pick) -> bool:
    catches = [c for c in _nodes(root, "intermediateCatchEvent") if len(c)]
    if not catches:
        return False
    chosen = pick(catches)
    for child in list(chosen):
        chosen.remove(child)
    etree.SubElement(chosen, q("errorEventDefinition"))
    return True


def wrong_direction(root: etree._Element, pick: Pick) -> bool:
    flows = _nodes(root, "sequenceFlow")
    sources = [f.get("sourceRef") for f in flows]
    splits = [g for g in _nodes(root, "exclusiveGateway", "parallelGateway") if sources.count(g.get("id")) > 1]
    return _set(splits, pick, "gatewayDirection", "Converging")


def no_tokens(root: etree._Element, pick: Pick) -> bool:
    return _set(_nodes(root, "userTask", "scriptTask", "serviceTask"), pick, "startQuantity", "0")


def join_that_waits_for_ever(root: etree._Element, pick: Pick) -> bool:
    """Turns the join of an exclusive block into a parallel one, where little else runs at the same time.

    A level in which very much does is too large to be played, so nothing is concluded about it.
    """
    joins = [g for g in _nodes(root, "exclusiveGateway") if (g.get("id") or "").endswith("_join")]
    if not joins or len(_nodes(root, "parallelGateway", "inclusiveGateway", "boundaryEvent")) > _PLAYED:
        return False
    pick(joins).tag = q("parallelGateway")
    return True


FAULTS: list[Fault] = [
    flow_to_nowhere,
    flow_from_nowhere,
    flow_without_target,
    node_without_id,
    same_id_twice,
    flow_into_a_start,
    flow_out_of_an_end,
    flow_across_a_border,
    level_without_end,
    level_without_start,
    step_that_leads_nowhere,
    condition_at_the_start,
    default_flow_of_another,
    timer_with_two_times,
    boundary_on_nothing,
    boundary_on_a_start,
    message_that_is_not_there,
    catch_of_an_error,
    wrong_direction,
    no_tokens,
    join_that_waits_for_ever,
]
