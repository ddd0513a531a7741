"""Functions on texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.expressions.nodes import Run
from engine.expressions.output import text_of
from engine.expressions.pattern_search import replace, split
from engine.expressions.patterns import compile_pattern
from engine.expressions.registry import bounded, builtin, items_of, scale_of
from engine.expressions.values import (
    MAX_STRING,
    Failure,
    number,
)


@builtin("string", "from")
def _string(run: Run, value: Any) -> Any:
    if value is None:
        return None
    text = text_of(value, run)
    run.charge(len(text) // 100)
    if len(text) > MAX_STRING:
        raise Failure(f"文本超过 {MAX_STRING} 个字")
    return text


@builtin("str", "value")
def _str(run: Run, value: Any) -> Any:
    """Python's, where FEEL writes the same: texts and numbers."""
    if isinstance(value, str) or number(value) is not None:
        return _string(run, value)
    raise Failure("str 只能用于文字和数字，其他的请用 string")


@builtin("string length", "string")
def _string_length(run: Run, text: Any) -> Any:
    return len(text) if isinstance(text, str) else None


@builtin("len", "value")
def _len(run: Run, value: Any) -> Any:
    return len(value) if isinstance(value, (str, list, tuple, Mapping)) else None


@builtin("substring", "string, start position, length", least=2)
def _substring(run: Run, text: Any, start: Any, length: Any = None) -> Any:
    begin, size = scale_of(start), scale_of(length) if length is not None else None
    if not isinstance(text, str) or not begin or abs(begin) > len(text):
        return None
    if length is not None and (size is None or size < 0):
        return None
    first = begin - 1 if begin > 0 else len(text) + begin
    return text[first:] if size is None else text[first : first + size]


def _text_function(name: str, function: Callable[[str], Any]) -> None:
    @builtin(name, "string")
    def call(run: Run, text: Any) -> Any:
        return function(text) if isinstance(text, str) else None


def _text_pair(name: str, function: Callable[[str, str], Any]) -> None:
    @builtin(name, "string, match")
    def call(run: Run, text: Any, match: Any) -> Any:
        return function(text, match) if isinstance(text, str) and isinstance(match, str) else None


_text_function("upper case", str.upper)
_text_function("lower case", str.lower)
_text_function("trim", str.strip)
_text_pair("contains", lambda text, match: match in text)
_text_pair("starts with", str.startswith)
_text_pair("ends with", str.endswith)
_text_pair("substring before", lambda text, match: text.partition(match)[0] if match and match in text else "")
_text_pair(
    "substring after", lambda text, match: (text.partition(match)[2] if match else text) if match in text else ""
)


@builtin("matches", "input, pattern, flags", least=2)
def _matches(run: Run, text: Any, pattern: Any, flags: Any = None) -> Any:
    if not isinstance(text, str) or not isinstance(pattern, str) or not isinstance(flags, str | None):
        return None
    run.charge(len(text) // 2)
    return compile_pattern(pattern, flags or "").search(text)


@builtin("split", "string, delimiter")
def _split(run: Run, text: Any, delimiter: Any) -> Any:
    if not isinstance(text, str) or not isinstance(delimiter, str) or not delimiter:
        return None
    if not set(delimiter) & set("\\[](){}*+?^$.|"):
        return bounded(text.split(delimiter))
    if not run.standard and delimiter in (".", "|"):
        return bounded(text.split(delimiter))
    run.charge(len(text))
    parts = split(compile_pattern(delimiter), text)
    return None if parts is None else bounded(parts)


@builtin("replace", "input, pattern, replacement, flags", least=3)
def _replace(run: Run, text: Any, pattern: Any, replacement: Any, flags: Any = None) -> Any:
    if not all(isinstance(one, str) for one in (text, pattern, replacement)):
        return None
    if flags is not None and not isinstance(flags, str):
        return None
    run.charge(len(text))
    changed = replace(compile_pattern(pattern, flags or ""), text, replacement)
    if changed is not None and len(changed) > MAX_STRING:
        raise Failure(f"文本超过 {MAX_STRING} 个字")
    return changed


@builtin("string join", "list, delimiter", least=1)
def _join(run: Run, values: Any, delimiter: Any = None) -> Any:
    if values is None:
        return None
    texts = [value for value in items_of(values) if value is not None]
    if not all(isinstance(text, str) for text in texts) or not isinstance(delimiter or "", str):
        return None
    run.charge(len(texts))
    if sum(map(len, texts)) + len(texts) * len(delimiter or "") > MAX_STRING:
        raise Failure(f"文本超过 {MAX_STRING} 个字")
    return (delimiter or "").join(texts)
