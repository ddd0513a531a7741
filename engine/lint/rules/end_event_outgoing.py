"""An end event is no source of a sequence flow (spec §10.5.3)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model, q
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.nodes:
        if node.type == "endEvent" and (node.outgoing or node.xml.find(q("outgoing")) is not None):
            yield about(node, "有离开的顺序流。", "请删除该连线；流程还要继续时改用中间事件。")
