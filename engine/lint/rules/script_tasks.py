"""A script task assigns names, line by line ``name = expression``; no programming language runs here.

One without a script does nothing (spec §10.3.3); one in another language is the concern of
unsupported-expression-language.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine import expressions
from engine.errors import ExpressionError
from engine.lint.finding import Problem
from engine.lint.languages import foreign_texts
from engine.lint.model import Model, q, text_of
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    foreign = {xml for diagram in model.diagrams for xml, _ in foreign_texts(diagram)}
    for node in model.run_nodes:
        script = node.xml.find(q("script"))
        if node.type != "scriptTask" or script in foreign:
            continue
        try:
            list(expressions.parse_assignments(text_of(script)))
        except ExpressionError as error:
            yield about(node, f"的脚本无法理解：{error.message.rstrip('。')}。", "每行写一条赋值：名称 = 表达式。")
