"""The values of the expression language: numbers, texts, dates, durations, ranges.

Semantics follow FEEL (DMN 1.3, chapter 10): three-valued logic, decimal numbers with
34 significant digits, ``None`` for everything undefined.  One deliberate extension for
diagrams and forms: process data is JSON and knows no dates, so a text is read as a date,
time, date-time or duration whenever the other operand is one; plain FEEL would answer null
for ever.  Decision files declare their types and are read as the standard says.
"""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from engine.expressions.temporal import MonthDuration, at_home, read_date, read_datetime, read_duration, read_time

MAX_STRING = 100_000
MAX_LIST = 10_000
MAX_DATA_DEPTH = 64
MAX_VALUES = 500_000

# Overflow is a trap, so 9**9**9 ends in null at once instead of allocating gigabytes.
CONTEXT = decimal.Context(
    prec=34,
    Emax=6144,
    Emin=-6143,
    rounding=decimal.ROUND_HALF_EVEN,
    traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow],
)
_BIG = 10**34


class Failure(Exception):
    """Evaluation must stop (a cap was hit or a function is unknown); becomes an ExpressionError."""

    def __init__(self, message: str, position: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


class Undeclared(str):
    """A text of data whose type nobody declared: beside a date it is read as one, also in decision files."""

    __slots__ = ()


def undeclared(value: Any, depth: int = 0) -> Any:
    """``value`` with every text that could be a date marked as undeclared."""
    if isinstance(value, str):
        return Undeclared(value) if value[:1] in _DATE_STARTS and 2 < len(value) < 60 else value
    if depth > MAX_DATA_DEPTH:
        return value
    if isinstance(value, list):
        return [undeclared(entry, depth + 1) for entry in value]
    if isinstance(value, dict):
        return {key: undeclared(entry, depth + 1) for key, entry in value.items()}
    return value


_DATE_STARTS = frozenset("0123456789-P")


@dataclass(frozen=True, slots=True)
class Range:
    """An interval such as ``[1..9]`` or ``(1..9]``; ``(< 9)`` has a ``sign`` and no start."""

    start: Any
    end: Any
    start_included: bool = True
    end_included: bool = True
    sign: str = ""

    def holds(self, value: Any, budget: Budget | None = None) -> bool | None:
        """Whether ``value`` lies inside; ``None`` when an end is null or not comparable with it."""
        if self.sign:
            return comparison(self.sign, value, self.end if self.start is None else self.start, budget)
        above, below = compare(value, self.start, budget), compare(value, self.end, budget)
        if above is not None and (above < 0 or (above == 0 and not self.start_included)):
            return False
        if below is not None and (below > 0 or (below == 0 and not self.end_included)):
            return False
        return None if above is None or below is None else True


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function as a value: written in an expression, a knowledge model or a decision service.

    ``call`` gets the run and the values, already coerced to ``types``.  Built-in functions may be called
    with ``least`` values, or with any number when that is -1.
    """

    parameters: tuple[str, ...]
    call: Callable[[Any, list[Any]], Any]
    types: tuple[Any, ...] = ()
    result: Any = None
    least: int | None = None

    def takes(self, count: int) -> bool:
        """Whether it can be called with so many values."""
        if self.least is None:
            return count == len(self.parameters)
        return count > 0 if self.least < 0 else self.least <= count <= len(self.parameters)


def number(value: Any) -> int | Decimal | None:
    """``value`` as an exact number, or ``None`` when it is not one (booleans are not)."""
    kind = type(value)
    if kind is int:
        return value if -_BIG < value < _BIG else CONTEXT.create_decimal(value)
    if kind is Decimal:
        return value if value.is_finite() else None
    if kind is float:
        return tidy(Decimal(repr(value))) if math.isfinite(value) else None
    return None


def tidy(value: int | Decimal) -> int | Decimal:
    """The same number as an ``int`` when it is a whole number of at most 34 digits."""
    if isinstance(value, int):
        return value if -_BIG < value < _BIG else CONTEXT.create_decimal(value)
    if -_BIG < value < _BIG and value == value.to_integral_value():
        return int(value)
    return CONTEXT.plus(value)


def kind_of(value: Any) -> str:
    """The FEEL kind of a value; only values of one kind are comparable."""
    kind = type(value)
    name = _KINDS.get(kind)
    if name is not None:
        return name
    for base, name in _BASES:
        if isinstance(value, base):
            return name
    return kind.__name__


_KINDS: dict[type, str] = {
    type(None): "null",
    bool: "boolean",
    int: "number",
    float: "number",
    Decimal: "number",
    str: "string",
    list: "list",
    tuple: "list",
    dict: "context",
    date: "date",
    datetime: "date and time",
    time: "time",
    timedelta: "days and time duration",
    MonthDuration: "years and months duration",
    Range: "range",
    Function: "function",
}
_BASES: tuple[tuple[type, str], ...] = (
    (Mapping, "context"), (str, "string"), (datetime, "date and time"), (date, "date"), (list, "list"), (tuple, "list"),
)  # fmt: skip
TEMPORAL = frozenset({"date", "time", "date and time", "days and time duration", "years and months duration"})


_READERS: dict[str, Any] = {
    "date": read_date, "time": read_time, "date and time": read_datetime,
    "days and time duration": read_duration, "years and months duration": read_duration,
}  # fmt: skip


def meet(a: Any, b: Any, lenient: bool = True) -> tuple[str, Any, Any]:
    """Bring two operands to one kind: ``(kind, a, b)``; kind ``""`` when they are not comparable.

    ``lenient`` reads a text beside a date as a date.
    """
    kind_a, kind_b = kind_of(a), kind_of(b)
    if kind_a == "string" and kind_b in TEMPORAL and (lenient or isinstance(a, Undeclared)):
        a = _READERS[kind_b](a)
        kind_a = kind_of(a)
    elif kind_b == "string" and kind_a in TEMPORAL and (lenient or isinstance(b, Undeclared)):
        b = _READERS[kind_a](b)
        kind_b = kind_of(b)
    if kind_a != kind_b:
        return "", a, b
    if kind_a in ("date and time", "time") and (a.tzinfo is None) != (b.tzinfo is None):
        # A local time is civil time in China, never the server's zone.
        a, b = at_home(a), at_home(b)
    return kind_a, a, b


# ------------------------------------------------------------------ comparing


class Budget:
    """How many values one walk over data may still visit, and whether texts are read as dates.

    Values are shared, so ``{a: [1, 1], b: [a, a], c: [b, b] …}`` is small in memory and
    endless to walk; the depth bound keeps the walk off Python's own stack limit.
    """

    __slots__ = ("left", "lenient")

    def __init__(self, lenient: bool = True) -> None:
        self.left = MAX_VALUES
        self.lenient = lenient

    def spend(self, values: int, depth: int) -> None:
        """Visit ``values`` more at ``depth``; raises :class:`Failure` when that is too much."""
        self.left -= values
        if self.left < 0:
            raise Failure(f"数据超过 {MAX_VALUES} 项，请缩小范围")
        if depth > MAX_DATA_DEPTH:
            raise Failure(f"数据嵌套超过 {MAX_DATA_DEPTH} 层")


def equals(a: Any, b: Any, budget: Budget | None = None) -> bool | None:
    """FEEL equality: null equals only null, values of different kinds give ``None``."""
    kind = type(a)
    if kind is type(b) and (kind is str or kind is int or kind is bool):
        return bool(a == b)
    return _equal(a, b, budget or Budget(), 0)


def _equal(a: Any, b: Any, budget: Budget, depth: int) -> bool | None:
    if a is None or b is None:
        return a is b
    name, a, b = meet(a, b, budget.lenient)
    if not name:
        return None
    if name == "number":
        return number(a) == number(b)
    if name == "list":
        return _all_equal(list(zip(a, b, strict=True)), budget, depth) if len(a) == len(b) else False
    if name == "context":
        if a.keys() != b.keys():
            return False
        return _all_equal([(a[key], b[key]) for key in a], budget, depth)
    if name == "range":
        return _ranges_equal(a, b, budget, depth)
    return bool(a == b)


def _ranges_equal(a: Range, b: Range, budget: Budget, depth: int) -> bool | None:
    if (a.start_included, a.end_included, a.sign) != (b.start_included, b.end_included, b.sign):
        return False
    return _all_equal([(a.start, b.start), (a.end, b.end)], budget, depth)


def _all_equal(pairs: list[tuple[Any, Any]], budget: Budget, depth: int) -> bool | None:
    budget.spend(len(pairs), depth)
    result: bool | None = True
    for left, right in pairs:
        same = _equal(left, right, budget, depth + 1)
        if same is False:
            return False
        if same is None:
            result = None
    return result


def compare(a: Any, b: Any, budget: Budget | None = None) -> int | None:
    """-1, 0 or 1; ``None`` when the operands have no order."""
    kind = type(a)
    if not (kind is type(b) and (kind is int or kind is str)):
        name, a, b = meet(a, b, budget is None or budget.lenient)
        if name == "number":
            a, b = number(a), number(b)
        elif name == "years and months duration":
            a, b = a.months, b.months
        elif name not in ("string", "date", "time", "date and time", "days and time duration"):
            return None
        if a is None or b is None:
            return None
    return (a > b) - (a < b)


def comparison(sign: str, left: Any, right: Any, budget: Budget | None = None) -> bool | None:
    """The truth of ``left sign right``; ``None`` when the operands are not comparable."""
    if sign == "=":
        return equals(left, right, budget)
    if sign == "!=":
        same = equals(left, right, budget)
        return None if same is None else not same
    order = compare(left, right, budget)
    if order is None:
        return None
    if sign == "<":
        return order < 0
    if sign == "<=":
        return order <= 0
    return order > 0 if sign == ">" else order >= 0


def contains(values: Any, wanted: Any, budget: Budget | None = None) -> bool:
    """Whether a list holds an element equal to ``wanted``."""
    return any(equals(value, wanted, budget) is True for value in values)
