"""A link is thrown and caught by its name on one level: one or more throws, one catch (spec §10.5.1)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model, Node, Scope
from engine.lint.say import about

_LINK = "linkEventDefinition"


def check(model: Model) -> Iterator[Problem]:
    for scope in model.scopes:
        throws = [n for n in scope.of("intermediateThrowEvent") if n.has(_LINK)]
        catches = [n for n in scope.of("intermediateCatchEvent") if n.has(_LINK)]
        names = [_name(n) for n in catches]
        for node in [*throws, *catches]:
            if len(node.events) > 1:
                yield about(node, "既是链接又有其他触发条件。", "链接事件只能有链接这一项。")
            if not _name(node):
                yield about(node, "是没有名称的链接。", "请填写链接的名称（linkEventDefinition 的 name）。")
        for node in throws:
            if node.outgoing:
                yield about(node, "是抛出的链接，却有离开的顺序流。", "请删除连线，流程从同名的捕获链接继续。")
            if _name(node) and _name(node) not in names:
                yield about(
                    node,
                    f"的链接“{_name(node)}”{_elsewhere(scope, _name(node))}。",
                    "请在同一层添加同名的捕获链接事件。",
                )
        for node in catches:
            if node.incoming:
                yield about(node, "是捕获的链接，却有进入的顺序流。", "请删除连线，流程从同名的抛出链接跳到这里。")
            if names.count(_name(node)) > 1:
                yield about(node, f"的链接名称“{_name(node)}”在同一层用于多个捕获链接。", "同名的捕获链接只能有一个。")
            if _name(node) and not node.link_from:
                yield about(node, f"的链接“{_name(node)}”没有人抛出。", "请添加同名的抛出链接事件，或删除它。")


def _name(node: Node) -> str:
    return next((e.xml.get("name", "").strip() for e in node.events if e.type == _LINK), "")


def _elsewhere(scope: Scope, name: str) -> str:
    others = (n for s in scope.diagram.scopes if s is not scope for n in s.of("intermediateCatchEvent"))
    return "在另一层捕获，链接不能跨层" if any(_name(n) == name for n in others) else "没有对应的捕获链接"
