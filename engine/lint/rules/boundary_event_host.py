"""A boundary event sits on an activity of its own level (spec §10.5.4)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about
from engine.lint.words import ACTIVITIES


def check(model: Model) -> Iterator[Problem]:
    for node in model.nodes:
        if node.type != "boundaryEvent" or not node.get("attachedToRef"):
            continue
        if node.host is None:
            other = node.scope.diagram.node(node.get("attachedToRef"))
            if other is not None:
                yield about(node, f"附着在另一层的{other.label}上。", "请放到与活动相同的流程或子流程中。")
        elif node.host.type not in ACTIVITIES:
            yield about(node, f"附着在{node.host.label}上。", "边界事件只能附着在任务、子流程或调用活动上。")
        elif node.host.is_event_sub_process:
            yield about(node, f"附着在事件子流程“{node.host.name or node.host.id}”上。", "请附着在普通活动上。")
