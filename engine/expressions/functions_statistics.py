"""Functions that make one value of many: sums, means, extremes."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from engine.expressions import arithmetic
from engine.expressions.nodes import Run
from engine.expressions.registry import BUILTINS, builtin, is_duration, spread_of
from engine.expressions.values import CONTEXT, compare, number, tidy


def _extreme(name: str, wanted: int) -> None:
    @builtin(name, "list", spread=True, least=1)
    def call(run: Run, *values: Any) -> Any:
        best = None
        for index, value in enumerate(spread_of(run, values)):
            order = wanted if index == 0 else compare(value, best)
            if order is None or value is None:
                return None
            if order == wanted:
                best = value
        return best


_extreme("min", -1)
_extreme("max", 1)


def _folding(name: str, operation: Callable[[Any, Any], Any]) -> None:
    @builtin(name, "list", spread=True, least=1)
    def call(run: Run, *values: Any) -> Any:
        found = spread_of(run, values)
        total = (
            found[0] if found and (number(found[0]) is not None or (name == "sum" and is_duration(found[0]))) else None
        )
        for value in found[1:]:
            if total is None or isinstance(value, str):
                return None
            total = operation(total, value)
        return total


_folding("sum", arithmetic.add)
_folding("product", arithmetic.multiply)


@builtin("mean", "list", spread=True, least=1)
def _mean(run: Run, *values: Any) -> Any:
    found = spread_of(run, values)
    return arithmetic.divide(BUILTINS["sum"].function(run, found), len(found)) if found else None


@builtin("median", "list", spread=True, least=1)
def _median(run: Run, *values: Any) -> Any:
    found = [number(value) for value in spread_of(run, values)]
    numbers = sorted(value for value in found if value is not None)
    if not numbers or len(numbers) != len(found):
        return None
    middle = len(numbers) // 2
    if len(numbers) % 2:
        return numbers[middle]
    return arithmetic.divide(arithmetic.add(numbers[middle - 1], numbers[middle]), 2)


def _numbers(run: Run, values: tuple[Any, ...]) -> list[Any] | None:
    found = [number(value) for value in spread_of(run, values)]
    return found if None not in found else None


@builtin("stddev", "list", spread=True, least=1)
def _stddev(run: Run, *values: Any) -> Any:
    found = _numbers(run, values)
    if found is None or len(found) < 2:
        return None
    mean = arithmetic.divide(BUILTINS["sum"].function(run, found), len(found))
    if mean is None:
        return None
    total = Decimal(0)
    for value in found:
        apart = CONTEXT.subtract(Decimal(value), Decimal(mean))
        total = CONTEXT.add(total, CONTEXT.multiply(apart, apart))
    return tidy(CONTEXT.sqrt(CONTEXT.divide(total, Decimal(len(found) - 1))))


@builtin("mode", "list", spread=True, least=1)
def _mode(run: Run, *values: Any) -> Any:
    if len(values) == 1 and values[0] is None:
        return None
    found = _numbers(run, values)
    if found is None:
        return None
    if len(found) > 1_000:
        run.charge(len(found))
    counts: dict[Any, int] = {}
    for value in found:
        counts[value] = counts.get(value, 0) + 1
    most = max(counts.values(), default=0)
    return sorted(value for value, count in counts.items() if count == most)
