"""Nodes of every expression: constants, names, paths, logic, arithmetic; and the state of one evaluation.

Nodes are immutable and shared between threads; all state of one evaluation lives in
:class:`Run`.  There is no attribute access on Python objects anywhere: a path step
reads a key of a context or one of the named properties of a date or duration.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from engine.expressions import arithmetic
from engine.expressions.temporal import MonthDuration
from engine.expressions.values import MAX_LIST, MAX_VALUES, Budget, Failure, Function, Range, Undeclared

MAX_STEPS = 20_000
BETWEEN_LOOKS = 64
#: Function calls within function calls: a recursion ends in an error, not in a crash.
MAX_CALLS = 40


_NO_TYPES: Mapping[str, Any] = {}


class Run(Budget):
    """One evaluation: the variables, the caller's functions, the clock and the steps left.

    ``standard`` keeps to the letter of FEEL (decision files); otherwise texts beside dates are read
    as dates and lists can be added (diagrams and forms).  ``types`` are a file's item definitions.
    ``watch`` is asked every :data:`BETWEEN_LOOKS` steps and may raise what ends more than the evaluation.
    """

    __slots__ = ("calls", "functions", "layers", "next_look", "now", "scope", "standard", "steps", "types", "watch")

    def __init__(
        self, scope: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]] | None, now: Any,
        standard: bool = False, types: Mapping[str, Any] | None = None, watch: Callable[[], None] | None = None,
    ) -> None:  # fmt: skip
        self.scope = scope
        self.functions = functions
        self.now: datetime | None = now
        self.watch = watch
        self.allow(MAX_STEPS)
        self.standard = standard
        self.types = types if types is not None else _NO_TYPES
        self.left = MAX_VALUES
        self.lenient = not standard
        self.calls = 0
        self.layers: list[Mapping[str, Any]] = []

    def allow(self, steps: int) -> None:
        """Let the evaluation take so many steps from here."""
        self.steps = steps
        self.next_look = -1 if self.watch is None else steps - BETWEEN_LOOKS

    def lookup(self, name: str) -> Any:
        """The variable's value, the innermost first; null when there is none."""
        for layer in reversed(self.layers):
            if name in layer:
                return layer[name]
        return self.scope.get(name)

    def call(self, function: Function, values: list[Any]) -> Any:
        """Call a function value with one value a parameter."""
        self.charge(1)
        self.calls += 1
        if self.calls > MAX_CALLS:
            raise Failure(f"函数嵌套调用超过 {MAX_CALLS} 层")
        try:
            return function.call(self, values)
        finally:
            self.calls -= 1

    def charge(self, steps: int) -> None:
        """Use up ``steps``; stop the evaluation when none are left."""
        self.steps -= steps
        if self.steps < 0:
            raise Failure(f"计算超过 {MAX_STEPS} 步，请缩小列表或拆成几步")
        if self.steps < self.next_look and self.watch is not None:
            self.next_look = self.steps - BETWEEN_LOOKS
            self.watch()

    def within(self, layers: list[Mapping[str, Any]], node: Node) -> Any:
        """Evaluate ``node`` with further variables on top."""
        self.charge(node.weight)
        depth = len(self.layers)
        self.layers.extend(layers)
        try:
            return node.evaluate(self)
        finally:
            del self.layers[depth:]


@dataclass(frozen=True)
class Node:
    """One node; ``weight`` is the number of nodes below and including it."""

    def evaluate(self, run: Run) -> Any:
        raise NotImplementedError

    def children(self) -> Iterator[Node]:
        """The nodes directly below."""
        for entry in fields(self):
            yield from _nodes(getattr(self, entry.name))

    @property
    def weight(self) -> int:
        known = self.__dict__.get("_weight")
        if known is None:
            known = 1 + sum(child.weight for child in self.children())
            object.__setattr__(self, "_weight", known)
        return int(known)


def _nodes(value: Any) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, tuple):
        for entry in value:
            yield from _nodes(entry)


@dataclass(frozen=True)
class Literal(Node):
    value: Any

    def evaluate(self, run: Run) -> Any:
        return self.value


@dataclass(frozen=True)
class Name(Node):
    """A variable; in decision files a built-in function is a value under its name."""

    name: str
    builtin: Function | None = None

    def evaluate(self, run: Run) -> Any:
        found = run.lookup(self.name) if run.layers else run.scope.get(self.name)
        return self.builtin if found is None else found

    def known(self, run: Run) -> bool:
        return any(self.name in layer for layer in run.layers) or self.name in run.scope


@dataclass(frozen=True)
class Path(Node):
    base: Node
    key: str

    def evaluate(self, run: Run) -> Any:
        return self._read(self.base.evaluate(run), run)

    def _read(self, value: Any, run: Run) -> Any:
        if type(value) is dict:
            return value.get(self.key)
        if value is None or isinstance(value, (str, bool, int, float, Decimal)):
            return None
        if isinstance(value, (list, tuple)):
            run.charge(len(value))
            return [self._read(entry, run) for entry in value if not isinstance(entry, (list, tuple))]
        if isinstance(value, Mapping):
            return value.get(self.key)
        return read_property(value, self.key)


@dataclass(frozen=True)
class Dotted(Node):
    """A name with dots in it, such as a parameter ``Person.Name``; where there is none it is a path."""

    name: str
    path: Node

    def evaluate(self, run: Run) -> Any:
        if self.name in run.scope or any(self.name in layer for layer in run.layers):
            return run.lookup(self.name)
        return self.path.evaluate(run)


def read_property(value: Any, key: str) -> Any:
    """A property of a date, time, duration or range (``.year``, ``.days``, ``.start included`` …)."""
    if isinstance(value, date) and key in ("year", "month", "day", "weekday"):
        return value.isoweekday() if key == "weekday" else getattr(value, key)
    if isinstance(value, (datetime, time)):
        if key in ("hour", "minute", "second"):
            return getattr(value, key)
        if key == "time offset":
            return value.utcoffset()
        if key == "timezone":
            return getattr(value.tzinfo, "key", None)
        return None
    if isinstance(value, timedelta) and key in ("days", "hours", "minutes", "seconds"):
        total = abs(value)
        hours, rest = divmod(total.seconds, 3600)
        parts = {"days": total.days, "hours": hours, "minutes": rest // 60, "seconds": rest % 60}
        return -parts[key] if value < timedelta(0) else parts[key]
    if isinstance(value, MonthDuration) and key in ("years", "months"):
        years, months = divmod(abs(value.months), 12)
        return (years if key == "years" else months) * (-1 if value.months < 0 else 1)
    if isinstance(value, Range):
        return {
            "start": value.start, "end": value.end,
            "start included": value.start_included, "end included": value.end_included,
        }.get(key)  # fmt: skip
    return None


@dataclass(frozen=True)
class And(Node):
    parts: tuple[Node, ...]

    def evaluate(self, run: Run) -> Any:
        result: bool | None = True
        for part in self.parts:
            value = part.evaluate(run)
            if value is False:
                return False
            if value is not True:
                result = None
        return result


@dataclass(frozen=True)
class Or(Node):
    parts: tuple[Node, ...]

    def evaluate(self, run: Run) -> Any:
        result: bool | None = False
        for part in self.parts:
            value = part.evaluate(run)
            if value is True:
                return True
            if value is not False:
                result = None
        return result


@dataclass(frozen=True)
class Not(Node):
    part: Node

    def evaluate(self, run: Run) -> Any:
        value = self.part.evaluate(run)
        return not value if isinstance(value, bool) else None


@dataclass(frozen=True)
class Arithmetic(Node):
    """``sign`` is one of + - * / ** %."""

    sign: str
    left: Node
    right: Node

    def evaluate(self, run: Run) -> Any:
        left, right = self.left.evaluate(run), self.right.evaluate(run)
        if left is None or right is None:
            return None
        if type(left) in _NUMBERS and type(right) in _NUMBERS:
            return OPERATIONS[self.sign](left, right)
        if run.standard:
            if isinstance(left, Undeclared) or isinstance(right, Undeclared):
                left, right = arithmetic.read_beside_dates(left, right)
            return OPERATIONS[self.sign](left, right)
        if self.sign == "+" and type(left) is list and type(right) is list:
            run.charge((len(left) + len(right)) // 8)
            if len(left) + len(right) > MAX_LIST:
                raise Failure(f"列表超过 {MAX_LIST} 项")
            return left + right
        return OPERATIONS[self.sign](*arithmetic.read_beside_dates(left, right))


_NUMBERS = frozenset({int, float, Decimal})
OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": arithmetic.add, "-": arithmetic.subtract, "*": arithmetic.multiply,
    "/": arithmetic.divide, "**": arithmetic.power, "%": arithmetic.modulo,
}  # fmt: skip


@dataclass(frozen=True)
class Negate(Node):
    part: Node

    def evaluate(self, run: Run) -> Any:
        return arithmetic.negate(self.part.evaluate(run))


@dataclass(frozen=True)
class If(Node):
    condition: Node
    then: Node
    otherwise: Node

    def evaluate(self, run: Run) -> Any:
        return (self.then if self.condition.evaluate(run) is True else self.otherwise).evaluate(run)
