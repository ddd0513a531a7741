"""A receive task that starts the process is its first step (spec §10.3.3)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.nodes:
        if node.type == "receiveTask" and node.flag("instantiate"):
            if node.incoming:
                yield about(
                    node, "用来启动流程（instantiate），却有进入的顺序流。", "请删除进入的连线，或取消 instantiate。"
                )
            if node.scope.owner is not None:
                yield about(node, "用来启动流程（instantiate），却在子流程里。", "请取消 instantiate。")
