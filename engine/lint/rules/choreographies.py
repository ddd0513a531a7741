"""Choreography activities stand in choreographies only; references to one agree with it (spec §11, §9.6)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from engine.lint.finding import Problem
from engine.lint.model import Diagram, Model, local, q, text_of
from engine.lint.say import at

_ACTIVITIES = ("choreographyTask", "subChoreography", "callChoreography")
_LEVELS = frozenset({"process", "subProcess", "transaction", "adHocSubProcess"})
_NOT_GLOBAL = (
    "conversation", "subConversation", "callConversation", "participantAssociation", "messageFlowAssociation",
    "conversationAssociation", "association", "group", "textAnnotation",
)  # fmt: skip


def check(model: Model) -> Iterator[Problem]:
    for diagram in model.diagrams:
        for tag in _ACTIVITIES:
            for xml in diagram.all(tag):
                if local(xml.getparent()) in _LEVELS:
                    yield at(diagram, xml, f"编排活动 {tag} 画在流程里。", "编排活动只能放在编排图（choreography）中。")
        for xml in diagram.all("globalConversation"):
            for tag in _NOT_GLOBAL:
                if xml.find(q(tag)) is not None:
                    yield at(diagram, xml, f"全局会话里有 {tag}。", "全局会话只能有参与者和消息流，请删除。")
        for xml in diagram.all("choreographyRef"):
            yield from _reference(diagram, xml)


def _reference(diagram: Diagram, xml: etree._Element) -> Iterator[Problem]:
    owner, found = xml.getparent(), diagram.find(text_of(xml) or " ")
    if local(owner) != "collaboration":
        yield at(diagram, xml, f"{local(owner)} 不能引用编排图。", "请删除 choreographyRef，只有协作图可以引用编排图。")
    elif found is not None and _closed(owner) != _closed(found):
        yield at(diagram, xml, "协作图与它引用的编排图对 isClosed 说法不一。", "请统一 isClosed。")


def _closed(xml: etree._Element) -> bool:
    return (xml.get("isClosed") or "").strip() in {"true", "1"}
