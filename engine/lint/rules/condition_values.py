"""A condition says yes or no, a number of instances is a number: what is plainly something else is a slip."""

from __future__ import annotations

from collections.abc import Iterator

from engine import expressions
from engine.errors import ExpressionError
from engine.expressions import nodes
from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about
from engine.lint.texts import texts

_NEVER_TRUE = (nodes.Arithmetic, nodes.Negate, nodes.ListOf, nodes.ContextOf, nodes.RangeOf)


def check(model: Model) -> Iterator[Problem]:
    for text in texts(model):
        if not text.asks or not text.text or len(text.text) > expressions.MAX_TEXT:
            continue
        try:
            tree = expressions.parse(text.text).tree
        except ExpressionError:
            continue  # the rule expression-syntax says so
        plain = isinstance(tree, nodes.Literal) and not isinstance(tree.value, bool)
        if plain or isinstance(tree, _NEVER_TRUE):
            yield about(
                text.where,
                f"的{text.word}“{text.text[:60]}”不是判断，永远不会成立。",
                "请写成比较，例如 金额 > 100；总是成立写 true。",
            )
