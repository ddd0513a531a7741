"""Every condition and other expression can be parsed (the FEEL subset of the expression reference)."""

from __future__ import annotations

from collections.abc import Iterator

from engine import expressions
from engine.errors import ExpressionError
from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about
from engine.lint.texts import texts


def check(model: Model) -> Iterator[Problem]:
    for text in texts(model):
        if text.script or text.word == "定时" or len(text.text) > expressions.MAX_TEXT:
            continue  # script-tasks, timer-definition and expression-length speak
        if not text.text:
            yield about(text.where, f"的{text.word}是空的。", "请填写表达式，或删除该项。")
            continue
        try:
            expressions.parse(text.text)
        except ExpressionError as error:
            yield about(
                text.where,
                f"的{text.word}“{text.text[:60]}”无法理解：{error.message.rstrip('。')}。",
                "比较用 =、!=、<、>，文字加双引号。",
            )
