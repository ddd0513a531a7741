"""Choreographies and conversations are descriptions that nothing executes (warning).

Inside a process they are unlawful, which the rule choreographies says.
"""

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
            message = f"{local(xml)} 是编排或会话元素，系统不执行，只当作图示。"
            yield at(diagram, xml, message, "需要执行的，请画成流程和消息流。", "warning")
