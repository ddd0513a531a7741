"""An instance is started by a person, a command or a timer; other start triggers are refused for now."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        if node.type == "startEvent" and node.scope.owner is None:
            for event in node.events:
                if event.type in {"messageEventDefinition", "conditionalEventDefinition"}:
                    yield about(
                        node,
                        f"由{event.word}启动流程，系统暂不支持。",
                        "请改为空开始事件，由办理人、服务任务或定时启动流程。",
                    )
        elif node.type in {"receiveTask", "eventBasedGateway"} and node.flag("instantiate"):
            if node.incoming:
                yield about(
                    node, "用来启动流程（instantiate），却有进入的顺序流。", "请删除进入的连线，或取消 instantiate。"
                )
            yield about(node, "用来启动流程（instantiate），系统暂不支持。", "请改为空开始事件。")
