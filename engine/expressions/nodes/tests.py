"""Comparisons and tests: ``=``, ``<``, ``in``, ``between``, ranges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.expressions.nodes.core import Node, Run
from engine.expressions.values import Range, comparison, contains, equals


@dataclass(frozen=True)
class Compare(Node):
    """``sign`` is one of = != < <= > >=."""

    sign: str
    left: Node
    right: Node

    def evaluate(self, run: Run) -> Any:
        return comparison(self.sign, self.left.evaluate(run), self.right.evaluate(run), run)


@dataclass(frozen=True)
class RangeOf(Node):
    start: Node
    end: Node
    start_included: bool
    end_included: bool

    def evaluate(self, run: Run) -> Any:
        return Range(self.start.evaluate(run), self.end.evaluate(run), self.start_included, self.end_included)


@dataclass(frozen=True)
class OneSided(Node):
    """A one-sided unary test such as ``< 5``; in brackets it is a range without an end of its own."""

    sign: str
    bound: Node

    def evaluate(self, run: Run) -> Any:
        bound = self.bound.evaluate(run)
        if self.sign[0] == "<":
            return Range(None, bound, False, self.sign == "<=", self.sign)
        return Range(bound, None, self.sign in (">=", "="), False, self.sign)


@dataclass(frozen=True)
class In(Node):
    """``value in (tests)``; every test is a value, a list, a range or a :class:`OneSided`.

    ``searches``: a text on the right is searched for a text on the left.
    """

    value: Node
    tests: tuple[Node, ...]
    searches: bool = False

    def evaluate(self, run: Run) -> Any:
        value = self.value.evaluate(run)
        result: bool | None = False
        for test in self.tests:
            held = passes(test, value, run, self.searches)
            if held is True:
                return True
            if held is None:
                result = None
        return result


def passes(test: Node, value: Any, run: Run, searches: bool = False) -> bool | None:
    """Whether ``value`` passes one test of an ``in``."""
    if isinstance(test, OneSided):
        return comparison(test.sign, value, test.bound.evaluate(run), run)
    expected = test.evaluate(run)
    if searches and isinstance(expected, str) and isinstance(value, str):
        return value in expected
    return matches_value(expected, value, run)


def matches_value(expected: Any, value: Any, run: Run) -> bool | None:
    """Whether ``value`` equals, lies in or is listed in ``expected``."""
    if isinstance(expected, Range):
        return expected.holds(value, run)
    if isinstance(expected, (list, tuple)):
        run.charge(len(expected))
        if contains(expected, value, run) or equals(expected, value, run) is True:
            return True
        return any(isinstance(entry, Range) and entry.holds(value, run) is True for entry in expected)
    return equals(value, expected, run)


@dataclass(frozen=True)
class Between(Node):
    value: Node
    low: Node
    high: Node

    def evaluate(self, run: Run) -> Any:
        value = self.value.evaluate(run)
        low = comparison(">=", value, self.low.evaluate(run), run)
        high = comparison("<=", value, self.high.evaluate(run), run)
        if low is False or high is False:
            return False
        return None if low is None or high is None else True
