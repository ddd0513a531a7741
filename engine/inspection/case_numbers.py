"""Numbers of cases as people read them: the words of the programs in them stand in the words of the office."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from engine.inspection.follow_ups import kinds
from engine.settings import Settings

_WORDS = {"plan": "年度计划", "joint": "联合"}
_REPEATED = re.compile(r"([a-z]+)-(\d+)")


def key_words(settings: Settings, on: date) -> dict[str, str]:
    """Parts of business keys that are words of the programs, and what the office calls them."""
    return _WORDS | {kind.suffix: kind.label for kind in kinds(settings, on).values()}


def in_words(key: str, words: Mapping[str, str]) -> str:
    """``…/0001/SCJG/penalty/service-2`` → ``…/0001/SCJG/行政处罚/送达2``."""
    parts = []
    for part in key.split("/"):
        repeated = _REPEATED.fullmatch(part)
        word = words.get(repeated[1]) if repeated else words.get(part)
        parts.append((word + repeated[2] if repeated else word) if word else part)
    return "/".join(parts)
