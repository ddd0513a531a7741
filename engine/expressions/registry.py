"""The built-in functions: FEEL's own plus a few names other modellers use (``len``, ``trim``).

A function gets the :class:`Run` (to charge its work) and evaluated arguments; arguments of
the wrong kind give ``None``.  ``BUILTINS`` maps a name to its parameters; the parser checks
the number of arguments, so a wrong call is found when a diagram is deployed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from engine.expressions.nodes import Run
from engine.expressions.temporal import MonthDuration
from engine.expressions.values import (
    MAX_LIST,
    Failure,
    number,
)


@dataclass(frozen=True)
class Builtin:
    """``parameters`` are FEEL's names for a call by name; ``most`` is ``None`` for any number."""

    function: Callable[..., Any]
    parameters: tuple[str, ...]
    least: int
    most: int | None


BUILTINS: dict[str, Builtin] = {}


def builtin(
    name: str, parameters: str = "", least: int | None = None, spread: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function; ``spread`` functions take one list or any number of values."""
    names = tuple(entry.strip() for entry in parameters.split(",") if entry.strip())

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        fewest = len(names) if least is None else least
        BUILTINS[name] = Builtin(function, names, fewest, None if spread else len(names))
        return function

    return register


def whole(value: Any) -> int | None:
    """``value`` as a whole number, or ``None``."""
    exact = number(value)
    return int(exact) if exact is not None and exact == int(exact) else None


def items_of(value: Any) -> list[Any]:
    """A list of its own: null is empty, a single value a list of one."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def spread_of(run: Run, values: tuple[Any, ...]) -> list[Any]:
    """The values of ``f(list)`` or ``f(a, b, …)``."""
    found = list(values[0]) if len(values) == 1 and isinstance(values[0], (list, tuple)) else list(values)
    run.charge(len(found) // 8)
    return found


def bounded(values: list[Any]) -> list[Any]:
    """``values``, unless they are too many."""
    if len(values) > MAX_LIST:
        raise Failure(f"列表超过 {MAX_LIST} 项")
    return values


def is_duration(value: Any) -> bool:
    """Whether ``value`` is a duration of either kind."""
    return isinstance(value, (timedelta, MonthDuration))
