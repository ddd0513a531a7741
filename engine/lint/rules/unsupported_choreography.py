"""Choreographies and conversations are descriptions, nothing executes them (spec §10.2: none inside a process)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model, local, q
from engine.lint.say import at

_TAGS = (
    "choreography",
    "globalChoreographyTask",
    "globalConversation",
    "choreographyTask",
    "subChoreography",
    "callChoreography",
    "conversation",
    "subConversation",
    "callConversation",
    "conversationLink",
)


def check(model: Model) -> Iterator[Problem]:
    for diagram in model.diagrams:
        for xml in diagram.root.iter(*(q(tag) for tag in _TAGS)):
            yield at(diagram, xml, f"含有编排或会话元素 {local(xml)}，系统不能执行。", "请改为流程和消息流。")
