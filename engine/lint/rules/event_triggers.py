"""Which event may carry which event definition (spec §10.5.1, tables 10.84 to 10.93)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model, Node
from engine.lint.say import about
from engine.lint.words import WORDS

_START = {"message", "timer", "conditional", "signal"}
_ALLOWED = {
    "intermediateCatchEvent": {"message", "timer", "conditional", "signal", "link"},
    "intermediateThrowEvent": {"message", "escalation", "compensate", "link", "signal"},
    "endEvent": {"message", "escalation", "error", "cancel", "compensate", "signal", "terminate"},
    "implicitThrowEvent": {"message", "escalation", "compensate", "signal", "error", "cancel", "terminate"},
}
_INTERRUPTING = {"message", "timer", "escalation", "error", "cancel", "compensate", "conditional", "signal"}
_NON_INTERRUPTING = {"message", "timer", "escalation", "conditional", "signal"}


def check(model: Model) -> Iterator[Problem]:
    for node in model.nodes:
        allowed = _allowed(node)
        if allowed is None:
            continue
        for event in node.events:
            kind = event.type.removesuffix("EventDefinition")
            if kind not in allowed:
                names = "、".join(WORDS[f"{k}EventDefinition"] for k in sorted(allowed)) or "（无，只能是空事件）"
                yield about(node, f"不允许使用“{event.word}”触发。", f"此处允许的类型：{names}。")
        if node.type in {"intermediateCatchEvent", "boundaryEvent"} and not node.events:
            yield about(node, "没有说明等待什么。", "请选择类型，例如消息或定时。")
        if node.has("cancelEventDefinition"):
            yield from _cancel(node)


def _allowed(node: Node) -> set[str] | None:
    if node.type == "startEvent":
        owner = node.scope.owner
        if owner is None:
            return _START
        if owner.is_event_sub_process:
            return (
                (_START | {"error", "escalation", "compensate"})
                if node.flag("isInterrupting", True)
                else (_START | {"escalation"})
            )
        return set()
    if node.type == "boundaryEvent":
        return _INTERRUPTING if node.interrupting else _NON_INTERRUPTING
    return _ALLOWED.get(node.type)


def _cancel(node: Node) -> Iterator[Problem]:
    if node.type == "boundaryEvent" and node.host is not None and node.host.type != "transaction":
        yield about(node, "是取消事件，却不在事务子流程上。", "取消边界事件只能附着在事务子流程上。")
    owner = node.scope.owner
    if node.type == "endEvent" and (owner is None or owner.type != "transaction"):
        yield about(node, "是取消结束事件，却不在事务子流程内。", "请改用普通结束或错误结束事件。")
