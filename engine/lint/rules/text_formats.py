"""Documentation and annotations name their format as a media type (spec tables 8.5 and 8.22)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model, local
from engine.lint.say import at

_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(\s*;.*)?")


def check(model: Model) -> Iterator[Problem]:
    for diagram in model.diagrams:
        for xml in (*diagram.all("documentation"), *diagram.all("textAnnotation")):
            text = (xml.get("textFormat") or "text/plain").strip()
            if not _MEDIA_TYPE.fullmatch(text):
                word = "说明" if local(xml) == "documentation" else "文字注释"
                yield at(
                    diagram, xml, f"{word}的格式“{text[:40]}”不是 MIME 类型。", "请删除 textFormat，或改为 text/plain。"
                )
