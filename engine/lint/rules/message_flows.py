"""A message flow goes from a sender of one pool to a receiver of another (spec §9.4)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from engine.lint.finding import Problem
from engine.lint.model import Diagram, Model, local
from engine.lint.say import at
from engine.lint.words import GATEWAYS, WORDS


def check(model: Model) -> Iterator[Problem]:
    for diagram in model.diagrams:
        pools = {p.get("id"): p.get("processRef", "").rpartition(":")[2] for p in diagram.all("participant")}
        for flow in diagram.all("messageFlow"):
            name = f"消息流“{flow.get('name') or flow.get('id') or ''}”"
            source, target = diagram.find(flow.get("sourceRef", "")), diagram.find(flow.get("targetRef", ""))
            for end, word in ((source, "起点"), (target, "终点")):
                if end is not None and local(end) in GATEWAYS:
                    yield at(diagram, flow, f"{name}的{word}是网关。", "消息流只能连接池、活动或事件。")
            if source is None or target is None:
                continue
            first, second = _pool(diagram, source, pools), _pool(diagram, target, pools)
            if source is target or (first and first == second):
                yield at(diagram, flow, f"{name}的两端在同一个池内。", "池内用顺序流，消息流只用于不同的池之间。")
            if not _sends(source):
                yield at(
                    diagram,
                    flow,
                    f"{name}从{_word(source)}出发，它不发送消息。",
                    "请从任务、消息抛出或消息结束事件、池出发。",
                )
            if not _receives(target):
                yield at(
                    diagram, flow, f"{name}指向{_word(target)}，它不接收消息。", "请指向任务、消息开始或捕获事件、池。"
                )


def _word(element: etree._Element) -> str:
    return f"{WORDS.get(local(element), local(element))}“{element.get('name') or element.get('id')}”"


def _pool(diagram: Diagram, element: etree._Element, pools: dict[str | None, str]) -> str:
    """What tells pools apart: the process an element belongs to, or the pool itself when it is empty."""
    if local(element) == "participant":
        return pools.get(element.get("id")) or f"pool {element.get('id')}"
    process = next((a for a in element.iterancestors() if local(a) == "process"), None)
    return "" if process is None else process.get("id", "")


def _message(element: etree._Element) -> bool:
    return any(local(child) in {"messageEventDefinition", "eventDefinitionRef"} for child in element)


def _sends(element: etree._Element) -> bool:
    kind = local(element)
    if kind in {"endEvent", "intermediateThrowEvent"}:
        return _message(element)
    return kind not in {"startEvent", "intermediateCatchEvent", "boundaryEvent", "receiveTask"}


def _receives(element: etree._Element) -> bool:
    kind = local(element)
    if kind in {"startEvent", "intermediateCatchEvent", "boundaryEvent"}:
        return _message(element)
    return kind not in {"endEvent", "intermediateThrowEvent", "sendTask"}
