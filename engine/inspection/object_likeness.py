"""How alike two registry rows are: names and addresses without what does not tell objects apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from engine.inspection import tables
from engine.inspection.object_terms import HEAD, fold
from engine.settings import Settings

_BRACKETS = re.compile(r"[(\[【〔<《].*?[)\]】〕>》]")
_FILL = re.compile(r"[-—_、,，.。;；:：·'\"“”‘’#*()\[\]【】〔〕<>《》]|门牌|路段|附近|沿街|对面|院内|内$")
_STREET = re.compile(r"^.{2,8}?(?:街道办事处|街道|镇|乡)")


@dataclass(frozen=True)
class Words:
    """What is cut off before comparing: places at the beginning, forms at the end; longest first."""

    places: tuple[str, ...]
    forms: tuple[str, ...]

    @classmethod
    def of(cls, settings: Settings, on: date) -> Words:
        """The table ``name-word`` and the names of the sub-districts."""
        rows = tables.rows(settings, "name-word", on)
        streets = [option["label"] for option in tables.options(settings, "region", on)]
        return cls(
            _longest([*(fold(row["code"]) for row in rows if row["kind"] == "place"), *map(fold, streets)]),
            _longest(fold(row["code"]) for row in rows if row["kind"] == "form"),
        )

    def name(self, text: str) -> str:
        """``济南市天桥区鑫源商贸有限公司（演示）`` → ``鑫源商贸``; never less than two characters."""
        return self._bare(_BRACKETS.sub("", fold(text)), self.places, self.forms)

    def address(self, text: str) -> str:
        """``济南市天桥区北园街道 Ａ路12号`` → ``A路12号``."""
        bare = _FILL.sub("", self._bare(fold(text), self.places, ()))
        return _STREET.sub("", bare) if any(c.isdigit() for c in bare) else bare

    @staticmethod
    def _bare(text: str, places: Sequence[str], forms: Sequence[str]) -> str:
        while cut := next((p for p in places if text.startswith(p) and len(text) - len(p) >= 2), ""):
            text = text[len(cut) :]
        while cut := next((f for f in forms if text.endswith(f) and len(text) - len(f) >= 2), ""):
            text = text[: -len(cut)]
        return text


def _longest(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(words), key=lambda word: (-len(word), word)))


def organisation(uscc: str) -> str:
    """The organisation code inside a credit code: what stays when the registering body changes."""
    return uscc[HEAD:17]


def alike(first: str, second: str) -> float:
    """Share of neighbouring characters two texts have in common (Dice), 0 to 1."""
    if first == second:
        return 1.0 if first else 0.0
    ours, theirs = _grams(first), _grams(second)
    return 2 * len(ours & theirs) / (len(ours) + len(theirs)) if ours and theirs else 0.0


def _grams(text: str) -> set[str]:
    return {text[i : i + 2] for i in range(len(text) - 1)} or ({text} if text else set())


@dataclass(frozen=True)
class Candidate:
    """What is compared of one object; ``name`` and ``address`` are bare."""

    uscc: str
    name: str
    address: str
    person: str
    doubt: str

    def blocks(self) -> list[tuple[str, ...]]:
        """Two objects that share none of these are never compared."""
        found: list[tuple[str, ...]] = [("code", organisation(self.uscc))]
        if self.name:
            found.append(("name", self.name))
        if len(self.address) >= 5 and any(c.isdigit() for c in self.address):
            found.append(("address", self.address))
        return found


def judge(first: Candidate, second: Candidate) -> tuple[int, list[str]]:
    """A score of 0–100 and the reasons in words; 0 when nothing speaks for one and the same object."""
    name, place = alike(first.name, second.name), alike(first.address, second.address)
    person = bool(first.person) and first.person == second.person
    reasons: list[str] = []
    score = 0
    if organisation(first.uscc) == organisation(second.uscc):
        score = 90
        reasons.append("组织机构代码相同，统一社会信用代码不同")
    if name == 1.0 and (place >= 0.6 or person):
        score = max(score, 95 if place == 1.0 else 85 if place >= 0.6 else 75)
        reasons.append("名称相同（不计地名、括号和组织形式）")
    elif name >= 0.6 and place == 1.0:
        score = max(score, 80 if person else 65)
        reasons.append(f"名称相近（{name:.0%}）")
    if not score:
        return 0, []
    if place == 1.0:
        reasons.append("地址相同")
    elif place >= 0.6:
        reasons.append(f"地址相近（{place:.0%}）")
    if person:
        reasons.append("法定代表人（负责人）相同")
    doubts = [f"{c.uscc} 待核：{c.doubt}" for c in (first, second) if c.doubt]
    return min(score + 3 * bool(doubts), 100), reasons + doubts
