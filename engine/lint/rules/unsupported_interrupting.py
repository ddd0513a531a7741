"""After an interrupting escalation or condition the interrupted branch would go on (engine facts, §1): refused."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        if node.type == "boundaryEvent" and node.interrupting:
            for event in node.events:
                if event.type in {"escalationEventDefinition", "conditionalEventDefinition"}:
                    yield about(
                        node,
                        f"是中断的{event.word}边界事件，系统暂不支持。",
                        "请改为不中断，或改用错误、定时、消息边界事件。",
                    )
