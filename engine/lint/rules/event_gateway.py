"""What follows an event-based gateway waits for an event, and only for it (spec §10.6.6)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model, Node
from engine.lint.say import about

_TRIGGERS = ("messageEventDefinition", "timerEventDefinition", "conditionalEventDefinition", "signalEventDefinition")


def check(model: Model) -> Iterator[Problem]:
    for node in model.nodes:
        if node.type != "eventBasedGateway":
            continue
        if len(node.outgoing) < 2:
            yield about(node, "少于两条离开的顺序流。", "事件网关至少要等待两个事件。")
        targets = [flow.target for flow in node.outgoing if flow.target is not None]
        for target in targets:
            yield from _target(target)
        kinds = {t.type for t in targets}
        if "receiveTask" in kinds and any(t.has("messageEventDefinition") for t in targets):
            yield about(node, "之后同时使用了接收任务和消息事件。", "请统一使用其中一种。")
        if node.flag("instantiate") and node.incoming:
            yield about(
                node, "用来启动流程（instantiate），却有进入的顺序流。", "请删除进入的连线，或取消 instantiate。"
            )
        if node.get("eventGatewayType") == "Parallel" and not node.flag("instantiate"):
            yield about(node, "是并行事件网关，却不用来启动流程。", "并行类型只能与 instantiate 一起使用。")


def _target(target: Node) -> Iterator[Problem]:
    waits = target.type == "receiveTask" or (
        target.type == "intermediateCatchEvent" and all(event.type in _TRIGGERS for event in target.events)
    )
    if not waits:
        yield about(target, "紧跟在事件网关之后，但它不等待消息、定时、条件或信号。", "请改为中间捕获事件或接收任务。")
    if len(target.incoming) > 1:
        yield about(target, "紧跟在事件网关之后，却还有其他进入的顺序流。", "请删除其他连线，在它之后再汇合。")
    if target.loop is not None:
        yield about(target, "紧跟在事件网关之后，不能循环执行。", "请取消循环或多实例。")
    if target.type == "receiveTask" and target.boundary:
        yield about(target, "紧跟在事件网关之后，不能再附着边界事件。", "请把超时等事件作为网关的另一条分支。")
