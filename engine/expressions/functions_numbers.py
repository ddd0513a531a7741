"""Functions on numbers; rounding is half up, away from zero, as offices do it."""

from __future__ import annotations

import decimal
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from engine.expressions import arithmetic
from engine.expressions.nodes import Run
from engine.expressions.registry import builtin, scale_of, whole
from engine.expressions.temporal import MonthDuration
from engine.expressions.values import (
    CONTEXT,
    number,
    tidy,
)


@builtin("number", "from, grouping separator, decimal separator", least=1)
def _number(run: Run, value: Any, grouping: Any = None, point: Any = None) -> Any:
    if not isinstance(value, str):
        return None if run.standard and (grouping, point) != (None, None) else number(value)
    if grouping not in (None, " ", ",", ".") or point not in (None, ",", ".") or (point and point == grouping):
        return None
    text = value.strip()
    if len(text) > 100:
        return None
    if grouping in (" ", ",", "."):
        text = text.replace(grouping, "")
    if point in (",", "."):
        text = text.replace(point, ".")
    try:
        exact = Decimal(text) if text and text.strip("0123456789+-.eE") == "" else None
        return number(CONTEXT.plus(exact)) if exact is not None else None
    except decimal.DecimalException:
        return None


@builtin("int", "value")
def _int(run: Run, value: Any) -> Any:
    """Python's: towards zero; of a text only a whole number."""
    if isinstance(value, str):
        exact = _number(run, value)
        return exact if exact is not None and exact == int(exact) and "." not in value else None
    found = number(value)
    return int(found) if found is not None else None


@builtin("float", "value")
def _float(run: Run, value: Any) -> Any:
    return _number(run, value) if isinstance(value, str) else number(value)


def _rounding(name: str, mode: str) -> None:
    @builtin(name, "n, scale", least=1)
    def call(run: Run, value: Any, scale: Any = 0) -> Any:
        exact, places = number(value), scale_of(scale)
        if exact is None or places is None or not -6111 <= places <= 6176:
            return None
        try:
            return tidy(Decimal(exact).quantize(Decimal(1).scaleb(-places), mode, CONTEXT))
        except decimal.DecimalException:
            return exact if places > 0 else None


_rounding("floor", decimal.ROUND_FLOOR)
_rounding("ceiling", decimal.ROUND_CEILING)
_rounding("round", decimal.ROUND_HALF_UP)
_rounding("round half up", decimal.ROUND_HALF_UP)
_rounding("round half down", decimal.ROUND_HALF_DOWN)
_rounding("round up", decimal.ROUND_UP)
_rounding("round down", decimal.ROUND_DOWN)
_rounding("decimal", decimal.ROUND_HALF_EVEN)


@builtin("abs", "n")
def _abs(run: Run, value: Any) -> Any:
    if isinstance(value, timedelta):
        return abs(value)
    if isinstance(value, MonthDuration):
        return MonthDuration(abs(value.months))
    exact = number(value)
    return abs(exact) if exact is not None else None


@builtin("modulo", "dividend, divisor")
def _modulo(run: Run, dividend: Any, divisor: Any) -> Any:
    return arithmetic.modulo(dividend, divisor)


@builtin("sqrt", "number")
def _sqrt(run: Run, value: Any) -> Any:
    exact = number(value)
    return tidy(CONTEXT.sqrt(Decimal(exact))) if exact is not None and exact >= 0 else None


@builtin("exp", "number")
def _exp(run: Run, value: Any) -> Any:
    # Beyond this every result overflows or is zero; the library would take long to say so.
    exact = number(value)
    return _guarded(CONTEXT.exp, exact) if exact is not None and -14_200 < exact < 14_200 else None


@builtin("log", "number")
def _log(run: Run, value: Any) -> Any:
    exact = number(value)
    return _guarded(CONTEXT.ln, exact) if exact is not None and exact > 0 else None


def _guarded(operation: Callable[[Decimal], Decimal], value: int | Decimal) -> Any:
    try:
        result = operation(Decimal(value))
        return tidy(result) if result.is_finite() else None
    except decimal.DecimalException:
        return None


@builtin("odd", "number")
def _odd(run: Run, value: Any) -> Any:
    exact = whole(value)
    return exact % 2 == 1 if exact is not None else None


@builtin("even", "number")
def _even(run: Run, value: Any) -> Any:
    exact = whole(value)
    return exact % 2 == 0 if exact is not None else None
