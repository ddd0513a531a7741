"""``set:`` properties stand where they are carried out: tasks that produce something and messages received."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model, Node
from engine.lint.say import about

_TASKS = frozenset({"userTask", "manualTask", "serviceTask", "scriptTask", "businessRuleTask", "receiveTask"})


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        if any(name.startswith("set:") for name in node.properties) and not _carried_out(node):
            yield about(node, "上的 set: 属性不会执行。", "请写在前后的用户任务、服务任务、业务规则任务或消息事件上。")


def _carried_out(node: Node) -> bool:
    waits = node.type in {"intermediateCatchEvent", "boundaryEvent"} and node.has("messageEventDefinition")
    return node.type in _TASKS or waits
