"""Rules of one table that can hold together, found without running it.

Only what can be proved counts: cells that are constants, lists of constants, comparisons and ranges with
constant ends, over inputs that are different plain names.  Everything else is left to the run, where two
rules of a UNIQUE table that hold together stop the step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from engine.bpmn.decision_table import Rule, Table
from engine.expressions import Expression, UnaryTests, nodes
from engine.expressions.values import compare, equals, number

MAX_PAIRS = 20_000


@dataclass(frozen=True)
class Span:
    """Values between two ends; an end of ``None`` is open without limit."""

    low: Any = None
    high: Any = None
    low_in: bool = True
    high_in: bool = True

    def met(self, other: Span) -> Span | None:
        """The values in both; ``None`` when there are none or they cannot be compared."""
        mine, others = ([end for end in (s.low, s.high) if end is not None] for s in (self, other))
        if any(_order(a, b) is None for a in mine for b in others):
            return None
        low, low_in = self._tighter(self.low, self.low_in, other.low, other.low_in, 1)
        high, high_in = self._tighter(self.high, self.high_in, other.high, other.high_in, -1)
        if low is None or high is None:
            return Span(low, high, low_in, high_in)
        order = _order(low, high)
        if order is None or order > 0 or (order == 0 and not (low_in and high_in)):
            return None
        return Span(low, high, low_in, high_in)

    @staticmethod
    def _tighter(a: Any, a_in: bool, b: Any, b_in: bool, wanted: int) -> tuple[Any, bool]:
        if a is None or b is None:
            return (b, b_in) if a is None else (a, a_in)
        order = _order(a, b)
        if order == 0:
            return a, a_in and b_in
        return (a, a_in) if order == wanted else (b, b_in)

    @property
    def certain(self) -> bool:
        """Whether a whole number or day lies inside, not only a fraction between two of them."""
        if self.low is None or self.high is None:
            return True
        if (self.low_in and _whole(self.low)) or (self.high_in and _whole(self.high)) or self.low == self.high:
            return True
        low, high = number(self.low), number(self.high)
        if low is not None and high is not None:
            return int(low // 1) + 1 < high
        if type(self.low) is date and type(self.high) is date:
            return bool(self.low + timedelta(days=1) < self.high)
        return False


def _order(a: Any, b: Any) -> int | None:
    """As :func:`compare`; values without an order, such as true and false, may still be equal."""
    return 0 if equals(a, b) is True else compare(a, b)


def _whole(value: Any) -> bool:
    exact = number(value)
    return exact is None or exact == int(exact)


@dataclass(frozen=True)
class Overlap:
    """Two rules (numbered from 1) that hold together; ``certain`` unless only for fractions."""

    first: int
    second: int
    certain: bool


def overlaps(table: Table) -> Iterator[Overlap]:
    """Pairs of rules that can hold together although the hit policy forbids it (UNIQUE; ANY with other results)."""
    if table.policy not in ("U", "A") or not _independent(table):
        return
    allowed = [_spans(column.allowed) if column.allowed is not None else [Span()] for column in table.inputs]
    if any(spans is None for spans in allowed):
        return
    cells = [[_spans(test) for test in rule.tests] for rule in table.rules]
    pairs = 0
    for second, right in enumerate(cells):
        for first in range(second):
            pairs += 1
            if pairs > MAX_PAIRS:
                return
            if table.policy == "A" and not _differ(table.rules[first], table.rules[second]):
                continue
            met = [_common(a, b, c) for a, b, c in zip(cells[first], right, allowed, strict=True)]
            if all(met):
                certain = all(any(span.certain for span in spans) for spans in met)
                yield Overlap(first + 1, second + 1, certain)


def _independent(table: Table) -> bool:
    names = [column.expression.tree for column in table.inputs]
    return all(isinstance(tree, (nodes.Name, nodes.Path)) for tree in names) and len(set(names)) == len(names)


def _common(a: list[Span] | None, b: list[Span] | None, c: list[Span] | None) -> list[Span]:
    """The values all three allow; none when one of them is not known."""
    found = []
    for one in a or []:
        for two in b or []:
            inner = one.met(two)
            found += [met for three in c or [] if inner is not None and (met := inner.met(three)) is not None]
    return found


def _spans(cell: UnaryTests) -> list[Span] | None:
    """The values a cell accepts; ``None`` when that depends on more than the input."""
    if not cell.tests:
        return [Span()]
    if cell.negated:
        return None
    found = [_span(test) for test in cell.tests]
    return None if None in found else [span for span in found if span is not None]


def _span(test: nodes.Node) -> Span | None:
    if isinstance(test, nodes.OneSided):
        bound = _constant(test.bound)
        if bound is None or test.sign in ("=", "!="):
            return None if bound is None or test.sign == "!=" else Span(bound, bound)
        included = test.sign.endswith("=")
        return Span(None, bound, True, included) if test.sign[0] == "<" else Span(bound, None, included, True)
    if isinstance(test, nodes.RangeOf):
        low, high = _constant(test.start), _constant(test.end)
        return Span(low, high, test.start_included, test.end_included) if low is not None and high is not None else None
    value = _constant(test)
    return Span(value, value) if value is not None else None


def constants(cell: UnaryTests) -> Iterator[tuple[Any, bool]]:
    """The constants a cell compares its input with, and whether the input is to equal them."""
    for test in cell.tests:
        if isinstance(test, nodes.OneSided):
            found = [_constant(test.bound)]
        elif isinstance(test, nodes.RangeOf):
            found = [_constant(test.start), _constant(test.end)]
        else:
            found = [_constant(test)]
        yield from ((one, isinstance(test, nodes.Literal)) for one in found if one is not None)


def _constant(node: nodes.Node) -> Any:
    if isinstance(node, nodes.Literal) and node.value is not None:
        return node.value
    if isinstance(node, nodes.Negate) and isinstance(node.part, nodes.Literal):
        exact = number(node.part.value)
        return None if exact is None else -exact
    return None


def _differ(left: Rule, right: Rule) -> bool:
    """Whether two rules surely give other results."""
    return any(_unlike(a, b) for a, b in zip(left.results, right.results, strict=True))


def _unlike(a: Expression | None, b: Expression | None) -> bool:
    if a is None or b is None:
        return (a is None) is not (b is None)
    x, y = _constant(a.tree), _constant(b.tree)
    return x is not None and y is not None and equals(x, y) is not True
