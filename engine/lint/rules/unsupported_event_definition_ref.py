"""A referenced event definition is ignored by the engine (engine facts, §1): refused."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model, q
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        if node.xml.find(q("eventDefinitionRef")) is not None:
            yield about(
                node,
                "引用了别处的事件定义（eventDefinitionRef），系统暂不支持。",
                "请把消息、定时等定义直接写在该事件里。",
            )
