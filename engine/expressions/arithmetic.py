"""The operators ``+ - * / ** %`` on numbers, texts, dates and durations.

Everything undefined (wrong kinds, division by zero, overflow, a date beyond year 9999)
is ``None``, as FEEL asks; nothing here can take more than constant time and space.
"""

from __future__ import annotations

import decimal
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from engine.expressions.temporal import MonthDuration, at_home, read_temporal
from engine.expressions.values import CONTEXT, MAX_STRING, TEMPORAL, Failure, kind_of, number, tidy

Number = int | Decimal
_UNDEFINED = (decimal.DecimalException, OverflowError, ValueError, ZeroDivisionError)


def add(a: Any, b: Any) -> Any:
    """Sum of numbers, concatenation of texts, a date moved by a duration."""
    if type(a) is int and type(b) is int:
        return tidy(a + b)
    x, y = number(a), number(b)
    if x is not None and y is not None:
        return _exact(CONTEXT.add, x, y)
    if isinstance(a, str) and isinstance(b, str):
        if len(a) + len(b) > MAX_STRING:
            raise Failure(f"文本超过 {MAX_STRING} 个字")
        return a + b
    return _guard(_move, a, b, 1)


def subtract(a: Any, b: Any) -> Any:
    """Difference of numbers, the duration between two dates, a date moved back."""
    if type(a) is int and type(b) is int:
        return tidy(a - b)
    x, y = number(a), number(b)
    if x is not None and y is not None:
        return _exact(CONTEXT.subtract, x, y)
    return _guard(_move, a, b, -1)


def multiply(a: Any, b: Any) -> Any:
    """Product of numbers, a duration times a number."""
    x, y = number(a), number(b)
    if x is not None and y is not None:
        return _exact(CONTEXT.multiply, x, y)
    if x is not None:
        a, b, y = b, a, x
    return _guard(_scale, a, y) if y is not None else None


def divide(a: Any, b: Any) -> Any:
    """Quotient of numbers, a duration divided by a number or a like duration; by zero: ``None``."""
    x, y = number(a), number(b)
    if x is not None and y is not None:
        return _exact(CONTEXT.divide, x, y)
    if isinstance(a, timedelta) and isinstance(b, timedelta):
        return _exact(CONTEXT.divide, _seconds(a), _seconds(b))
    if isinstance(a, MonthDuration) and isinstance(b, MonthDuration):
        return _exact(CONTEXT.divide, a.months, b.months)
    if y is None or not y:
        return None
    inverse = _exact(CONTEXT.divide, 1, y)
    if isinstance(a, MonthDuration):
        return _guard(lambda: MonthDuration(int(Decimal(a.months) / Decimal(y))))
    return _guard(_scale, a, inverse)


def power(a: Any, b: Any) -> Any:
    """``a`` to the ``b``-th; overflow is ``None`` at once (no 9**9**9)."""
    x, y = number(a), number(b)
    return _exact(CONTEXT.power, x, y) if x is not None and y is not None else None


def modulo(a: Any, b: Any) -> Any:
    """Remainder with the sign of the divisor, as FEEL and Python agree."""
    x, y = number(a), number(b)
    if x is None or y is None or not y:
        return None
    if type(x) is int and type(y) is int:
        return x % y
    remainder = _exact(CONTEXT.remainder, x, y)
    return _exact(CONTEXT.add, remainder, y) if remainder and (remainder < 0) != (y < 0) else remainder


def negate(a: Any) -> Any:
    """Arithmetic negation of a number or duration."""
    x = number(a)
    if x is not None:
        return -x
    if isinstance(a, timedelta):
        return _guard(lambda: -a)
    return MonthDuration(-a.months) if isinstance(a, MonthDuration) else None


def _exact(operation: Any, x: Number, y: Number) -> Number | None:
    try:
        result = operation(Decimal(x), Decimal(y))
        return tidy(result) if result.is_finite() else None
    except _UNDEFINED:
        return None


def _guard(operation: Any, *arguments: Any) -> Any:
    try:
        return operation(*arguments)
    except _UNDEFINED:
        return None


def read_beside_dates(a: Any, b: Any) -> tuple[Any, Any]:
    """Bring the operands of a diagram to one kind: its data is JSON and its times are civil times in China.

    A text beside a date is read as a date, and a time without a zone beside one with a zone is at home.
    """
    if isinstance(a, str) and kind_of(b) in TEMPORAL:
        a = read_temporal(a)
    elif isinstance(b, str) and kind_of(a) in TEMPORAL:
        b = read_temporal(b)
    if isinstance(a, date) and isinstance(b, date) and isinstance(a, datetime) != isinstance(b, datetime):
        a, b = (at_home(v if isinstance(v, datetime) else datetime.combine(v, time(0))) for v in (a, b))
    elif isinstance(a, datetime) and isinstance(b, datetime) and (a.tzinfo is None) != (b.tzinfo is None):
        a, b = at_home(a), at_home(b)
    return a, b


def _move(a: Any, b: Any, sign: int) -> Any:
    if isinstance(a, (timedelta, MonthDuration)) and isinstance(b, (date, time)) and sign > 0:
        a, b = b, a
    if isinstance(b, MonthDuration):
        if isinstance(a, MonthDuration):
            return MonthDuration(a.months + sign * b.months)
        return MonthDuration(sign * b.months).shift(a) if isinstance(a, date) else None
    if isinstance(b, timedelta):
        if isinstance(a, time):
            base = datetime.combine(date(2000, 1, 2), a) + sign * (b % timedelta(days=1))
            return base.timetz()
        return a + sign * b if isinstance(a, (date, timedelta)) else None
    return _between(a, b) if sign < 0 else None


def _between(a: Any, b: Any) -> timedelta | None:
    if isinstance(a, time) and isinstance(b, time):
        day = date(2000, 1, 1)
        a, b = datetime.combine(day, a), datetime.combine(day, b)
    if not (isinstance(a, date) and isinstance(b, date)):
        return None
    if isinstance(a, datetime) != isinstance(b, datetime):
        a, b = (v if isinstance(v, datetime) else datetime.combine(v, time(0), UTC) for v in (a, b))
    if isinstance(a, datetime) and isinstance(b, datetime) and (a.tzinfo is None) != (b.tzinfo is None):
        return None
    if isinstance(a, datetime) and isinstance(b, datetime) and a.tzinfo is not None and b.tzinfo is not None:
        # Python subtracts wall clocks when both carry the same zone object; legal hours are real hours.
        return a.astimezone(UTC) - b.astimezone(UTC)
    return a - b


def _scale(a: Any, factor: Number) -> Any:
    if isinstance(a, MonthDuration):
        return MonthDuration(int(a.months * factor))
    if isinstance(a, timedelta):
        seconds = CONTEXT.multiply(_seconds(a), Decimal(factor))
        return timedelta(microseconds=int(seconds * 1_000_000))
    return None


def _seconds(span: timedelta) -> Decimal:
    return Decimal(span.days * 86_400 + span.seconds) + Decimal(span.microseconds) / 1_000_000
