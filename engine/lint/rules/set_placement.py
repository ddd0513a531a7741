"""``set:`` properties stand where they are carried out: tasks that produce something and events that are caught."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model, Node
from engine.lint.say import about
from engine.lint.words import CATCHING

_TASKS = frozenset({"userTask", "manualTask", "serviceTask", "scriptTask", "businessRuleTask", "receiveTask"})


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        if any(name.startswith("set:") for name in node.properties) and not _carried_out(node):
            yield about(node, "上的 set: 属性不会执行。", "请写在前后的用户任务、服务任务、业务规则任务或捕获事件上。")


def _carried_out(node: Node) -> bool:
    return node.type in _TASKS or node.type in CATCHING
