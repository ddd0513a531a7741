"""Texts and scripts name their format as a media type (spec tables 8.5, 8.22 and 10.16).

For scripts the plain name of a language is common use and accepted; a word of capitals that names no language
known here is a placeholder that nobody filled in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import at

_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(\s*;.*)?")
#: Languages that modelling tools offer by their plain names.
_LANGUAGES = frozenset({
    "feel", "juel", "groovy", "javascript", "js", "ecmascript", "typescript", "python", "jython", "ruby",
    "jruby", "java", "beanshell", "kotlin", "scala", "clojure", "mvel", "drools", "csharp", "powershell",
    "shell", "perl", "php", "lua", "sql", "xpath", "xquery", "freemarker", "spel",
})  # fmt: skip
_TEXTS = (("documentation", "说明"), ("textAnnotation", "文字注释"))


def check(model: Model) -> Iterator[Problem]:
    for diagram in model.diagrams:
        for tag, word in _TEXTS:
            for xml in diagram.all(tag):
                text = (xml.get("textFormat") or "text/plain").strip()
                if not _MEDIA_TYPE.fullmatch(text):
                    message = f"{word}的格式“{text[:40]}”不是 MIME 类型。"
                    yield at(diagram, xml, message, "请删除 textFormat，或改为 text/plain。")
        for xml in diagram.all("scriptTask"):
            text = (xml.get("scriptFormat") or "feel").strip()
            named = text.lower() in _LANGUAGES or (re.fullmatch(r"[\w.+#-]+", text) and not text.isupper())
            if not named and not _MEDIA_TYPE.fullmatch(text):
                message = (
                    f"脚本任务“{xml.get('name') or xml.get('id') or ''}”的格式“{text[:40]}”不是 MIME 类型，"
                    "也不是脚本语言的名称。"
                )
                yield at(diagram, xml, message, "请删除 scriptFormat，或改为 text/feel。")
