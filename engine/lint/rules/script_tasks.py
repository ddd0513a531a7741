"""A script task assigns names, line by line ``name = expression``; no programming language runs here."""

from __future__ import annotations

from collections.abc import Iterator

from engine import expressions
from engine.errors import ExpressionError
from engine.lint.finding import Problem
from engine.lint.model import Model, q, text_of
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        if node.type != "scriptTask":
            continue
        scripts = node.xml.findall(q("script"))
        if not scripts or not text_of(scripts[0]):
            yield about(node, "没有脚本。", "请填写赋值语句，或改为其他任务。")
        else:
            try:
                list(expressions.parse_assignments(text_of(scripts[0])))
            except ExpressionError as error:
                yield about(node, f"的脚本无法理解：{error.message.rstrip('。')}。", "每行写一条赋值：名称 = 表达式。")
