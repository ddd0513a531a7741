"""From text to tokens, with remedies for what people type by mistake (full-width signs, ``//``)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from engine.errors import ExpressionError

MAX_TEXT = 4_000

#: Words that can never be a plain variable name.
KEYWORDS = frozenset(
    {
        "and", "or", "not", "if", "then", "else", "for", "in", "return", "some", "every", "satisfies", "between",
        "true", "false", "null", "True", "False", "None",
    }
)  # fmt: skip

#: Function names of FEEL that contain spaces; they are one token when ``(`` follows.
SPACED_FUNCTIONS = (
    "date and time", "years and months duration", "string length", "upper case", "lower case", "starts with",
    "ends with", "substring before", "substring after", "string join", "list contains", "distinct values",
    "insert before", "index of", "is defined", "get value", "get entries", "day of week", "day of year",
    "month of year", "week of year", "round up", "round down", "round half up", "round half down",
    "context put", "context merge", "list replace", "met by", "overlaps before", "overlaps after", "finished by",
    "started by",
)  # fmt: skip

_NUMBER = r"(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?"
#: Letters of every script; beyond the basic plane (rare Chinese characters, pictograms) everything is one.
_START, _PART = r"(?:[^\W\d]|[\U00010000-\U000EFFFF])", r"(?:\w|[\U00010000-\U000EFFFF])"
_BASE = re.compile(
    rf"""
    (?P<space>\s+|/\*.*?\*/)
  | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
  | (?P<sign>\.\.|\*\*|==|!=|<=|>=|//|&&|\|\||->|[-+*/%=<>()\[\]{{}},.:@?!])
  | (?P<number>{_NUMBER})
  | (?P<name>{_START}{_PART}*)
    """,
    re.VERBOSE | re.DOTALL,
)
_FRACTION = re.compile(rf"{_NUMBER}")
_FULL_WIDTH = {
    "（": "(", "）": ")", "【": "[", "】": "]", "｛": "{", "｝": "}", "，": ",", "。": ".", "：": ":", "；": ";",
    "＝": "=", "＜": "<", "＞": ">", "＋": "+", "－": "-", "＊": "*", "／": "/", "“": '"', "”": '"', "‘": "'", "’": "'",
    "？": "?", "！": "!", "≤": "<=", "≥": ">=", "≠": "!=", "×": "*", "÷": "/",
}  # fmt: skip
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "\\": "\\", "b": "\b", "f": "\f"}


class Token(NamedTuple):
    """``kind`` is name, number, string, keyword, sign or end; ``value`` its text (a string token's content)."""

    kind: str
    value: str
    position: int


def failure(message: str, text: str, position: int | None = None) -> ExpressionError:
    """An ExpressionError whose message says where in the text the trouble is."""
    shown = text if len(text) <= 80 else text[:80] + "…"
    where = f"第 {position + 1} 个字符处：" if position is not None else ""
    return ExpressionError(f"表达式“{shown}”{where}{message}", position=position, expression=text[:MAX_TEXT])


@lru_cache(maxsize=256)
def _spaced(names: frozenset[str]) -> re.Pattern[str]:
    """Matches a known name that is more than one word; names are variables of a decision table."""
    functions = [r"\s+".join(map(re.escape, name.split())) + r"(?=\s*\()" for name in SPACED_FUNCTIONS]
    variables = [r"\s*".join(map(re.escape, re.split(r"\s+", name.strip()))) for name in names]
    variables = [v.replace(r"\s*", r"\s+") + (r"(?!\w)" if (v[-1:].isalnum()) else "") for v in variables if v]
    return re.compile("|".join(sorted(variables, key=len, reverse=True) + functions) or r"(?!)")


#: Names an expression gives itself: keys of contexts, parameters, loop variables.
_OWN_KEYS = re.compile(rf"[{{,(]\s*({_START}(?:{_PART}|[ \t\n+\-*/.'’]){{0,120}}?)\s{{0,20}}:")
_QUOTED_KEYS = re.compile(rf'[{{,]\s*"({_START}(?:{_PART}|[ +\-*/.]){{0,120}})"\s{{0,20}}:')
_OWN_VARIABLES = re.compile(rf"(?:\b(?:for|some|every)|,)\s+({_START}(?:{_PART}|\s){{0,120}}?)\s{{1,20}}in\b")
_PARAMETERS = re.compile(r"\bfunction\s*\(([^()]*)\)")


def _own_names(text: str) -> frozenset[str]:
    """Names of several words that the expression itself introduces."""
    found = _OWN_KEYS.findall(text) + _QUOTED_KEYS.findall(text) + _OWN_VARIABLES.findall(text)
    for parameters in _PARAMETERS.findall(text):
        found += [parameter.partition(":")[0].strip() for parameter in parameters.split(",")]
    several = (" ".join(name.split()) for name in found if not name.isidentifier())
    return frozenset(name for name in several if name and not KEYWORDS & set(name.split()))


def tokenize(text: str, names: frozenset[str] = frozenset(), standard: bool = False) -> list[Token]:
    """Split ``text``; ``names`` are variables with spaces or signs in them.

    In decision files (``standard``) names may have several words and ``//`` starts a comment anywhere;
    in diagrams ``//`` does so only at the start of a line, because Python divides with it.
    Raises :class:`ExpressionError` on a character that has no place in the language.
    """
    if len(text) > MAX_TEXT:
        raise failure(f"表达式有 {len(text)} 个字符，最多 {MAX_TEXT} 个，请拆成几步", text)
    if standard:
        names |= _own_names(text)
    spaced = _spaced(names)
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        if text.startswith("//", at) and (standard or not text[text.rfind("\n", 0, at) + 1 : at].strip()):
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
            continue
        match = _BASE.match(text, at)
        long = spaced.match(text, at) if names or text[at].isalpha() else None
        if long and (match is None or long.end() >= match.end()):
            tokens.append(Token("name", " ".join(long[0].split()), at))
            at = long.end()
            continue
        if match is None:
            raise _unknown(text, at)
        kind, value = match.lastgroup or "", match[0]
        if value == "." and (fraction := _FRACTION.match(text, at)) and not _ends_operand(tokens):
            kind, value = "number", fraction[0]
        if kind == "sign" and value in _REMEDIES and (standard or value not in _OTHER_SPELLINGS):
            raise failure(_REMEDIES[value], text, at)
        value, written = _OTHER_SPELLINGS.get(value, value), value
        if kind == "name" and value.startswith("__"):
            raise failure(f"名称“{value}”不得以双下划线开头", text, at)
        if kind != "space":
            if kind == "string":
                tokens.append(Token("string", _unescape(value[1:-1], text, at), at))
            else:
                tokens.append(Token("keyword" if value in KEYWORDS else kind, value, at))
        at += len(written)
    tokens.append(Token("end", "", len(text)))
    return tokens


_REMEDIES = {
    "//": "不支持“//”，整除请写 floor(a / b)",
    "&&": "“&&”请写成 and",
    "||": "“||”请写成 or",
    "!": "“!”请写成 not(…)，不等于写 !=",
}
#: What other modellers write for a word of the language.
_OTHER_SPELLINGS = {"&&": "and", "||": "or", "!": "!"}


def _ends_operand(tokens: list[Token]) -> bool:
    return bool(tokens) and (tokens[-1].kind in ("name", "string", "number") or tokens[-1].value in (")", "]", "}"))


def _unknown(text: str, at: int) -> ExpressionError:
    sign = text[at]
    if sign in _FULL_WIDTH:
        return failure(f"“{sign}”是全角符号，请改用半角“{_FULL_WIDTH[sign]}”", text, at)
    if sign in "\"'":
        return failure("引号没有成对，请补上另一半引号", text, at)
    if sign in ";\\":
        return failure(f"不支持“{sign}”，一个表达式只写一个值", text, at)
    return failure(f"不认识的字符“{sign}”", text, at)


def _unescape(body: str, text: str, at: int) -> str:
    if "\\" not in body:
        return body

    def replaced(match: re.Match[str]) -> str:
        if match[1] or match[2]:
            code = int(match[1] or match[2], 16)
            if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
                raise failure("字符编码超出范围", text, at)
            return chr(code)
        # FEEL leaves an unknown escape such as \d as it is, which keeps patterns readable.
        return _ESCAPES.get(match[3], match[0])

    body = re.sub(r"\\u[dD]([89abAB])([0-9a-fA-F]{2})\\u[dD]([c-fC-F])([0-9a-fA-F]{2})", _pair, body)
    return re.sub(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{6})|(.))", replaced, body, flags=re.DOTALL)


def _pair(match: re.Match[str]) -> str:
    high, low = int("d" + match[1] + match[2], 16), int("d" + match[3] + match[4], 16)
    return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
