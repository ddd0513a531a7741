"""Conditions on objects as small trees over tokens, answered by sets of positions.

A condition is ``Is(token)``, ``Between(low, high)`` (any token in a range), ``AllOf``, ``AnyOf`` or
``Not``; :func:`tokens_in` says what must be known to answer one, :func:`answer` gives the set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_

from engine.inspection.object_terms import HEAD, fold, inner_pairs, value


@dataclass(frozen=True)
class Is:
    """The object has this token."""

    token: str


@dataclass(frozen=True)
class Between:
    """The object has a token from ``low`` to before ``high``."""

    low: str
    high: str


@dataclass(frozen=True)
class AllOf:
    """Every part holds; no part at all holds for everybody."""

    parts: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class AnyOf:
    """One of the parts holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Not:
    """The part does not hold."""

    part: Condition


Condition = Is | Between | AllOf | AnyOf | Not
#: The set of positions that have a token, or any token of a range.
Lookup = Callable[[Is | Between], int]


def answer(condition: Condition, everything: int, lookup: Lookup) -> int:
    """The positions of ``everything`` for which the condition holds."""
    if isinstance(condition, AllOf):
        return reduce(and_, (answer(part, everything, lookup) for part in condition.parts), everything)
    if isinstance(condition, AnyOf):
        return reduce(or_, (answer(part, everything, lookup) for part in condition.parts), 0)
    if isinstance(condition, Not):
        return everything & ~answer(condition.part, everything, lookup)
    return everything & lookup(condition)


def tokens_in(condition: Condition) -> tuple[set[str], set[Between]]:
    """Tokens and ranges the condition asks for."""
    if isinstance(condition, Is):
        return {condition.token}, set()
    if isinstance(condition, Between):
        return set(), {condition}
    parts = (condition.part,) if isinstance(condition, Not) else condition.parts
    tokens: set[str] = set()
    ranges: set[Between] = set()
    for part in parts:
        more, further = tokens_in(part)
        tokens |= more
        ranges |= further
    return tokens, ranges


def one_of(name: str, values: Iterable[str]) -> Condition:
    """The object has one of these values of ``name``."""
    return AnyOf(tuple(Is(value(name, text)) for text in values))


def text_in(letter: str, word: str) -> Condition:
    """A text may contain the word: it has all its pairs.  A single character is the first of some pair."""
    folded = fold(word)
    if len(folded) == 1:
        return Between(letter + folded, letter + chr(ord(folded) + 1))
    return AllOf(tuple(Is(token) for token in sorted(inner_pairs(letter, folded))))


def code_has(word: str) -> Condition:
    """A code may begin with the word, or contain it in its last ten characters."""
    folded = fold(word)
    head, tail = folded[:HEAD], folded[HEAD:]
    begins: Condition = Is("h" + head) if len(head) == HEAD else Between("h" + head, "h" + head + "\uffff")
    if len(tail) > 1:
        begins = AllOf((begins, *(Is(token) for token in sorted(inner_pairs("u", tail)))))
    if len(folded) < 2 or len(folded) > 18 - HEAD:
        return begins
    return AnyOf((begins, AllOf(tuple(Is(token) for token in sorted(inner_pairs("u", folded))))))
