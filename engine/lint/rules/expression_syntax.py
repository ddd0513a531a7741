"""Every condition and other expression can be parsed (the FEEL subset of the expression reference).

One that names another language is the concern of unsupported-expression-language.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine import expressions
from engine.errors import ExpressionError
from engine.lint.finding import Problem
from engine.lint.languages import foreign_texts, is_run
from engine.lint.model import Model, text_of
from engine.lint.say import about, at
from engine.lint.texts import texts

_REMEDY = "比较用 =、!=、<、>，文字加双引号。"


def check(model: Model) -> Iterator[Problem]:
    foreign = {diagram.file: [xml for xml, _ in foreign_texts(diagram)] for diagram in model.diagrams}
    in_another_language = {file: {text_of(xml) for xml in found} for file, found in foreign.items()}
    for text in texts(model):
        if text.script or text.word == "定时" or len(text.text) > expressions.MAX_TEXT:
            continue  # script-tasks, timer-definition and expression-length speak
        if text.text in in_another_language[text.where.scope.diagram.file]:
            continue
        if not text.text:
            yield about(text.where, f"的{text.word}是空的。", "请填写表达式，或删除该项。")
            continue
        try:
            expressions.parse(text.text)
        except ExpressionError as error:
            yield about(
                text.where,
                f"的{text.word}“{text.text[:60]}”无法理解：{error.message.rstrip('。')}。",
                _REMEDY,
            )
    for diagram in model.diagrams:
        if not any(process.executable for process in diagram.processes):
            continue
        for xml in (*diagram.all("messagePath"), *diagram.all("dataPath"), *diagram.all("formalExpression")):
            if xml in foreign[diagram.file] or not is_run(diagram, xml):
                continue
            try:
                expressions.parse(text_of(xml))
            except ExpressionError as error:
                reason = error.message.rstrip("。")
                yield at(diagram, xml, f"关联用的表达式“{text_of(xml)[:60]}”无法理解：{reason}。", _REMEDY)
