"""What people see has a name: tasks, sub-processes, events, and the branches of a decision (warning)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about
from engine.lint.words import ACTIVITIES, EVENTS


def check(model: Model) -> Iterator[Problem]:
    for node in model.nodes:
        if not node.name.strip() and node.type in ACTIVITIES | EVENTS:
            yield about(node, "没有名称。", "请填写办理人看得懂的名称。", "warning")
        if node.type in {"exclusiveGateway", "inclusiveGateway"} and len(node.outgoing) > 1:
            for flow in node.outgoing:
                if not flow.name.strip():
                    yield about(flow, f"是{node.label}的分支，没有名称。", "请写明在什么情况下走这条分支。", "warning")
