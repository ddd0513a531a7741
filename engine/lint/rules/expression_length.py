"""A text to be evaluated has at most 4,000 characters."""

from __future__ import annotations

from collections.abc import Iterator

from engine.expressions import MAX_TEXT
from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about
from engine.lint.texts import texts


def check(model: Model) -> Iterator[Problem]:
    for text in texts(model):
        if len(text.text) > MAX_TEXT:
            yield about(
                text.where,
                f"的{text.word}有 {len(text.text):,} 个字符，超过上限 {MAX_TEXT:,}。",
                "请改用决策表或服务任务。",
            )
