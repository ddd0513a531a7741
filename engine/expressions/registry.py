"""The built-in functions: FEEL's own plus a few names other modellers use (``len``, ``trim``).

A function gets the :class:`Run` (to charge its work) and evaluated arguments; arguments of
the wrong kind give ``None``.  ``BUILTINS`` maps a name to its parameters; the parser checks
the number of arguments, so a wrong call is found when a diagram is deployed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from engine.expressions.nodes import Literal, Node, One, Run
from engine.expressions.temporal import MonthDuration
from engine.expressions.values import (
    MAX_LIST,
    Failure,
    Function,
    number,
)


@dataclass(frozen=True)
class Builtin:
    """``parameters`` are FEEL's names for a call by name; ``most`` is ``None`` for any number.

    ``others`` are the names of a second signature with as many parameters.
    """

    function: Callable[..., Any]
    parameters: tuple[str, ...]
    least: int
    most: int | None
    others: tuple[str, ...] = ()

    def place(self, name: str, arguments: list[Node], keywords: list[tuple[str, Node]], standard: bool = False) -> str:
        """Put the arguments given by name into their places; the problem when the call does not fit, else ``""``.

        To the letter of the ``standard`` a parameter that is not named is null, and of two signatures
        (``key``, ``keys``) the singular takes no list.
        """
        given = len(arguments)
        names = self.parameters
        if any(key not in names for key, _ in keywords) and all(key in self.others for key, _ in keywords):
            names = self.others
        for key, value in keywords:
            if key not in names:
                return f"函数 {name} 没有名为“{key}”的参数（{'、'.join(self.parameters) or '没有参数'}）"
            place = names.index(key)
            arguments += [Literal(None)] * (place + 1 - len(arguments))
            arguments[place] = One(value) if standard and key + "s" in self.others else value
            given += 1
        if standard and keywords and len(keywords) == given:
            arguments += [Literal(None)] * (self.least - len(arguments))
            return ""
        if keywords and self.least and len(keywords) == given:
            absent = [one for one in names[: self.least] if one not in {key for key, _ in keywords}]
            if absent:
                return f"函数 {name} 缺少参数（{'、'.join(absent)}）"
        if given < self.least or (self.most is not None and given > self.most):
            most = "多" if self.most is None else self.most
            count = str(self.least) if self.least == self.most else f"{self.least} 到 {most}"
            return f"函数 {name} 需要 {count} 个参数，这里给了 {given} 个"
        return ""

    def strictly(self) -> Callable[..., Any]:
        """The function as the standard calls it: a list of one stands for its element where no list is taken."""
        single = frozenset(index for index, name in enumerate(self.parameters) if name in _SINGLE)
        if not single:
            return self.function
        known = _STRICT.get(self.function)
        if known is None:

            def known(run: Run, *values: Any) -> Any:
                return self.function(
                    run,
                    *(
                        value[0] if index in single and isinstance(value, list) and len(value) == 1 else value
                        for index, value in enumerate(values)
                    ),
                )

            _STRICT[self.function] = known
        return known

    def as_value(self) -> Function:
        """The function as a value, for expressions that hand functions on."""
        known = _VALUES.get(self.function)
        if known is None:
            known = Function(self.parameters, lambda run, values: self.function(run, *values), least=self.least)
            if self.most is None:
                known = replace(known, least=-1)
            _VALUES[self.function] = known
        return known


#: Parameters that never take a list.
_SINGLE = frozenset(
    {
        "string", "input", "n", "number", "dividend", "divisor", "date", "scale", "start position", "length",
        "position", "pattern", "replacement", "flags", "delimiter",
    }
)  # fmt: skip
_STRICT: dict[Callable[..., Any], Callable[..., Any]] = {}
_VALUES: dict[Callable[..., Any], Function] = {}

BUILTINS: dict[str, Builtin] = {}


def builtin(
    name: str, parameters: str = "", least: int | None = None, spread: bool = False, other: str = ""
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function; ``spread`` functions take one list or any number of values.

    ``other`` names the parameters of a second signature, such as ``range1, range2`` for ``point, range``.
    """
    names = tuple(entry.strip() for entry in parameters.split(",") if entry.strip())
    others = tuple(entry.strip() for entry in other.split(",") if entry.strip())

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        fewest = len(names) if least is None else least
        BUILTINS[name] = Builtin(function, names, fewest, None if spread else len(names), others)
        return function

    return register


def whole(value: Any) -> int | None:
    """``value`` as a whole number, or ``None``."""
    exact = number(value)
    return int(exact) if exact is not None and exact == int(exact) else None


def scale_of(value: Any) -> int | None:
    """``value`` without its fraction: what a scale or a length counts."""
    exact = number(value)
    return int(exact) if exact is not None else None


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
