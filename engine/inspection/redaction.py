"""Personal numbers and words in free text: where they are and how they are masked.

What is looked for stands in ``processes/tables/redaction-pattern.json``: some finds may never be
released, the others are shown to the officer one by one (domain.md §3, PIPL28).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from engine.errors import ServiceTaskFailed
from engine.inspection import tables
from engine.inspection import uscc as credit_codes
from engine.settings import Settings

MASK = "［已隐去］"
NEVER = "不得公开"
_NAME = "个人姓名"
#: One character for one, so that places in the read text are places in the written one.
_PLAIN = str.maketrans(
    {**{chr(0xFF10 + n): str(n) for n in range(10)},
     **{chr(0xFF21 + n): chr(0x41 + n) for n in range(26)}, **{chr(0xFF41 + n): chr(0x61 + n) for n in range(26)},
     **dict.fromkeys("\u3000\u00a0\u200b\u200c\u200d\u2060\ufeff\t", " "), **dict.fromkeys("－—–‐‑‒―", "-"),
     "＠": "@", "．": ".", "＋": "+"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hit:
    """Something protected, or perhaps protected, in a text; ``never`` says that nobody may release it."""

    start: int
    end: int
    text: str
    kind: str
    never: bool


def find(settings: Settings, text: str, on: date, names: Iterable[str] = ()) -> list[Hit]:
    """Everything the table of ``on`` finds, and the personal ``names``, in order and without overlaps.

    What may never be released wins over what an officer may confirm.  Raises
    :class:`ServiceTaskFailed` when a pattern of the table cannot be read.
    """
    read = text.translate(_PLAIN)
    found: list[Hit] = []
    for row in tables.rows(settings, "redaction-pattern", on):
        for match in _compiled(row["pattern"]).finditer(read):
            hit = Hit(
                match.start(), match.end(), text[match.start() : match.end()], row["name"], row["release"] == NEVER
            )
            found.append(hit)
    for name in names:
        found += [Hit(m.start(), m.end(), name, _NAME, False) for m in re.finditer(re.escape(name), text)]
    kept: list[Hit] = []
    for hit in sorted(found, key=lambda h: (not h.never, h.start - h.end)):
        if hit.end > hit.start and not any(hit.start < other.end and other.start < hit.end for other in kept):
            kept.append(hit)
    return sorted(kept, key=lambda h: h.start)


def places(text: str, words: Iterable[str]) -> list[tuple[int, int]]:
    """Where each of ``words`` stands in ``text``."""
    return [(m.start(), m.end()) for word in words if word for m in re.finditer(re.escape(word), text)]


def named(text: str, words: Iterable[str]) -> list[tuple[int, int]]:
    """Where each of ``words`` stands in ``text``, with whatever blanks, hyphens, widths and capitals."""
    read = text.translate(_PLAIN)
    return [(m.start(), m.end()) for word in words for m in re.finditer(_loosely(word), read, re.IGNORECASE)]


def without(value: Any, words: Collection[str]) -> Any:
    """``value``, also a table, with every one of ``words`` masked."""
    if isinstance(value, str):
        return mask(value, named(value, words))
    if isinstance(value, Mapping):
        return {key: without(one, words) for key, one in value.items()}
    return [without(one, words) for one in value] if isinstance(value, list) else value


def cut(text: str, spans: Collection[tuple[int, int]]) -> list[tuple[str, bool]]:
    """The text in pieces (words, masked?); spans may overlap and are joined."""
    pieces: list[tuple[str, bool]] = []
    at = 0
    for start, end in _joined(spans):
        if start > at:
            pieces.append((text[at:start], False))
        pieces.append((text[start:end], True))
        at = end
    return [*pieces, (text[at:], False)] if at < len(text) else pieces


def mask(text: str, spans: Collection[tuple[int, int]]) -> str:
    """The text with every span replaced by :data:`MASK`."""
    return "".join(MASK if masked else words for words, masked in cut(text, spans))


def never_shown(settings: Settings, text: str, on: date) -> str:
    """The text without what may never be released: the last barrier of every public page."""
    return mask(text, [(h.start, h.end) for h in find(settings, text, on) if h.never])


def barred(settings: Settings, text: str, on: date) -> list[Hit]:
    """What may never be released of words that are else shown as they stand.

    A valid social credit code is none of it, though some are nothing but digits; an identity number typed in its
    place is.
    """
    return [] if credit_codes.plausible(text) else [hit for hit in find(settings, text, on) if hit.never]


def _loosely(word: str) -> str:
    return "[- ]*".join(re.escape(character) for character in word.translate(_PLAIN) if character not in "- ")


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


@lru_cache(maxsize=128)
def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ServiceTaskFailed(f"隐去规则表中的表达式“{pattern}”无法识别（{error}），请系统管理员改正。") from None
