"""No Python beyond what the expression language shares with it: imports, lambdas, dunder names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from engine.expressions.scripts import statements
from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about
from engine.lint.texts import texts

_FORBIDDEN = re.compile(
    r"__|\b(?:import|lambda|exec|eval|globals|locals|getattr|setattr|compile)\b(?=\s*\(|\s+\w|\s*:|$)"
)


def check(model: Model) -> Iterator[Problem]:
    for text in texts(model):
        # What a comment says is not run.
        written = "\n".join(part for _, part in statements(text.text)) if text.script else text.text
        found = _FORBIDDEN.search(replace(text, text=written).without_strings)
        if found:
            yield about(
                text.where,
                f"的{text.word}含有“{found.group(0)}”，这是程序代码而不是表达式。",
                "请改用表达式语言；复杂的计算由服务任务完成。",
            )
