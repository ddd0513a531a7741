"""An expression or a script may name any language; only ours is spoken here (spec §8.4.7, §10.3.3)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.languages import foreign_texts
from engine.lint.model import Model, local, text_of
from engine.lint.say import at


def check(model: Model) -> Iterator[Problem]:
    for diagram in model.diagrams:
        for xml, language in foreign_texts(diagram):
            message = f"{local(xml)}“{text_of(xml)[:60]}”用 {language[:60]} 写成，系统不能执行。"
            yield at(diagram, xml, message, "请改写成本系统的表达式。", "unsupported")
