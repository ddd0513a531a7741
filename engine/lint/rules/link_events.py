"""Links of one level belong together by reference or by name: one or more throws, one catch (spec §10.5.1)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from engine.bpmn.normal_form import meet
from engine.lint.finding import Problem
from engine.lint.model import Model, Node, Scope
from engine.lint.say import about

_LINK = "linkEventDefinition"


def check(model: Model) -> Iterator[Problem]:
    for scope in model.scopes:
        throws, catches = _links(scope, "intermediateThrowEvent"), _links(scope, "intermediateCatchEvent")
        for node in (*throws, *catches):
            if len(node.events) > 1:
                yield about(node, "既是链接又有其他触发条件。", "链接事件只能有链接这一项。")
        for node, link in throws.items():
            if node.outgoing:
                yield about(node, "是抛出的链接，却有离开的顺序流。", "请删除连线，流程从对应的捕获链接继续。")
            found = [other for other in catches.values() if meet(link, other)]
            if not found:
                yield about(
                    node, f"的链接{_elsewhere(scope, link)}。", "请在同一层添加同名的捕获链接事件，或让两者互相引用。"
                )
            elif len(found) > 1:
                yield about(node, f"的链接有 {len(found)} 个对应的捕获链接。", "同名的捕获链接只能有一个。")
        for node, link in catches.items():
            if node.incoming:
                yield about(node, "是捕获的链接，却有进入的顺序流。", "请删除连线，流程从对应的抛出链接跳到这里。")
            if not any(meet(other, link) for other in throws.values()):
                yield about(node, "的链接没有人抛出。", "请添加同名的抛出链接事件，让两者互相引用，或删除它。")


def _links(scope: Scope, kind: str) -> dict[Node, etree._Element]:
    """Link events of a level with their definitions."""
    return {node: event.xml for node in scope.of(kind) for event in node.events if event.type == _LINK}


def _elsewhere(scope: Scope, link: etree._Element) -> str:
    others = (
        other for s in scope.diagram.scopes if s is not scope for other in _links(s, "intermediateCatchEvent").values()
    )
    return "在另一层捕获，链接不能跨层" if any(meet(link, other) for other in others) else "没有对应的捕获链接"
