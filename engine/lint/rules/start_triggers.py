"""What starts a process by itself is unmistakable (spec §10.5.2, §10.6.6, §13.3.3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model, Node, Scope
from engine.lint.say import about

_NAMED = {"messageEventDefinition": "messageRef", "signalEventDefinition": "signalRef"}


def check(model: Model) -> Iterator[Problem]:
    for scope in model.scopes:
        if not scope.executable:
            continue
        yield from _instantiating(scope)
        if scope.owner is None:
            yield from _ambiguous(scope)
            yield from _conditions(scope)


def _instantiating(scope: Scope) -> Iterator[Problem]:
    for node in scope.of("receiveTask", "eventBasedGateway"):
        if node.flag("instantiate") and node.type == "eventBasedGateway" and scope.owner is not None:
            yield about(node, "用来启动流程（instantiate），却在子流程里。", "请移到流程的最外层，或取消 instantiate。")
        if node.flag("instantiate") and node.loop is not None:
            yield about(node, "用来启动流程（instantiate），却要循环执行。", "请取消循环或多实例。")


def _ambiguous(scope: Scope) -> Iterator[Problem]:
    """The same message or signal at two starts of one process: nobody could tell which of them begins."""
    points = [(node, kind, name) for node in _starts(scope) for kind, name in _names(node)]
    counted = Counter((kind, name) for _, kind, name in points)
    for node, kind, name in points:
        if kind == "messageEventDefinition" and counted[kind, name] > 1:
            yield about(node, "与另一个开始等待同一个消息，无法确定从哪里开始。", "请使用不同的消息。")


def _starts(scope: Scope) -> Iterator[Node]:
    for node in scope.nodes:
        if node.type == "startEvent" or (node.type == "receiveTask" and node.flag("instantiate")):
            yield node
        elif node.type == "eventBasedGateway" and node.flag("instantiate"):
            yield from (flow.target for flow in node.outgoing if flow.target is not None)


def _names(node: Node) -> Iterator[tuple[str, str]]:
    if node.type == "receiveTask":
        yield "messageEventDefinition", node.get("messageRef")
    for event in node.events:
        if event.type in _NAMED:
            yield event.type, (event.xml.get(_NAMED[event.type]) or "").strip()


def _conditions(scope: Scope) -> Iterator[Problem]:
    for node in scope.of("startEvent"):
        if node.has("conditionalEventDefinition"):
            yield about(
                node,
                "等待条件成立；流程启动之前没有数据，系统不会自动启动它。",
                "由人员、命令或服务任务带变量启动之后，条件成立时往下走；要自动启动请改用消息、信号或定时开始。",
                "warning",
            )
