"""Expressions call only functions that exist: those of the language, of the kernel and of its guest.

Without the guest's services its functions are not known either, and nothing is checked.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine import expressions
from engine.errors import ExpressionError
from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about
from engine.lint.texts import texts

#: What the kernel hands to every evaluation besides the built-in functions.
SUPPLIED = frozenset({"working_days_after", "end_of_day", "deadline", "deadline_suspended", "due_after"})


def check(model: Model) -> Iterator[Problem]:
    if model.services is None:
        return
    supplied = SUPPLIED | set(getattr(model.services, "functions", ()))
    for text in texts(model):
        if not text.text or len(text.text) > expressions.MAX_TEXT:
            continue
        try:
            found = (
                [a.expression for a in expressions.parse_assignments(text.text)]
                if text.script
                else [expressions.parse(text.text)]
            )
        except ExpressionError:
            continue  # expression-syntax, script-tasks or timer-definition speak
        for name in sorted({name for expression in found for name in expression.functions} - supplied):
            yield about(
                text.where,
                f"的{text.word}调用了不存在的函数“{name}”。",
                "请检查拼写，可用的函数见表达式说明。",
            )
