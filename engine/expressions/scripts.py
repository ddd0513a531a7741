"""Scripts of script tasks: assignments one after the other, and nothing else.

Understood is what modellers of other tools write: several lines or ``;`` between assignments, ``x += 1``,
``xs.append(x)``, Python's ``pass``, comments with ``#``, ``//`` or ``/* */``, brackets over several lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.expressions.tokens import KEYWORDS, MAX_TEXT, failure

#: What may stand before the sign that assigns.
_ASSIGNMENT = re.compile(r"\s*([^\W\d]\w*)\s*(\*\*=|//=|[-+*/%]=|=(?!=))", re.UNICODE)
#: What other modellers write to add to a list: ``log.append("x")``.
_APPEND = re.compile(r"\s*([^\W\d]\w*)\s*\.\s*append\s*\(")
_STEPS = {"+=": "+", "-=": "-", "*=": "*", "/=": "/"}
_QUOTES = "\"'"
_NOTHING = {"", "pass"}


def statements(text: str) -> Iterator[tuple[int, str]]:
    """The statements of a script with the lines they begin on, without comments."""
    parts: list[str] = []
    line = begin = 1
    depth = at = 0
    while at < len(text):
        sign, two = text[at], text[at : at + 2]
        if sign in _QUOTES:
            end = _quoted(text, at)
        elif (sign == "#" and two != "#{") or (two == "//" and text[at + 2 : at + 3] != "=" and not _divides(parts)):
            end = text.find("\n", at) if "\n" in text[at:] else len(text)
            at = end
            continue
        elif two == "/*":
            end = text.find("*/", at) + 2 if "*/" in text[at:] else len(text)
            line += text.count("\n", at, end)
            at = end
            continue
        else:
            end = at + 1
            depth += (sign in "([{") - (sign in ")]}")
        if sign in ";\n\r" and depth <= 0:
            if "".join(parts).strip() not in _NOTHING:
                yield begin, "".join(parts)
            parts = []
            line += sign == "\n"
            begin, at = line, end
            continue
        if not parts:
            begin = line
        line += text.count("\n", at, end)
        parts.append(text[at:end])
        at = end
    if "".join(parts).strip() not in _NOTHING:
        yield begin, "".join(parts)


def _quoted(text: str, at: int) -> int:
    quote, end = text[at], at + 1
    while end < len(text) and text[end] != quote:
        if text[end] == "\n":
            return at + 1  # an open quote is reported with its line
        end += 2 if text[end] == "\\" else 1
    return end + 1


def _divides(parts: list[str]) -> bool:
    """Whether ``//`` stands where Python would divide: after something on the same line."""
    return bool("".join(parts).rpartition("\n")[2].strip())


def assignment(line: int, text: str) -> tuple[str, str]:
    """The name and the expression of one statement; raises :class:`ExpressionError` naming the line."""
    where = f"脚本第 {line} 行"
    shown = text.strip()
    added = _APPEND.match(text)
    if added is not None and added[1] not in KEYWORDS and _closes_last(text, added.end() - 1):
        return added[1], f"append({added[1]}, ({text[added.end() :].rstrip()[:-1]}))"
    match = _ASSIGNMENT.match(text)
    if match is None or match[1] in KEYWORDS or match[1].startswith("__"):
        raise failure(f"{where}应写成“名称 = 表达式”，脚本只能赋值", shown)
    name, sign, rest = match[1], match[2], text[match.end() :].strip()
    if sign in _STEPS:
        return name, f"{name} {_STEPS[sign]} ({rest})"
    if sign != "=":
        raise failure(f"{where}不支持“{sign}”，请写成 {name} = …", shown)
    if _ASSIGNMENT.match(rest):
        raise failure(f"{where}连写了两个等号；比较请加括号：{name} = (a = b)", shown)
    return name, rest


def _closes_last(text: str, opening: int) -> bool:
    """Whether the bracket at ``opening`` is closed by the last sign of the statement."""
    depth, at, end = 0, opening, len(text.rstrip())
    while at < end:
        if text[at] in _QUOTES:
            at = _quoted(text, at)
            continue
        depth += (text[at] in "([{") - (text[at] in ")]}")
        at += 1
        if depth == 0:
            break
    return depth == 0 and at == end


def bounded_script(text: str) -> str:
    """``text``, unless it is too long."""
    if len(text) > MAX_TEXT:
        raise failure(f"脚本有 {len(text)} 个字符，最多 {MAX_TEXT} 个", text)
    return text
