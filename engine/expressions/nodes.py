"""The tree of a parsed expression and its only interpreter: every node evaluates itself.

Nodes are immutable and shared between threads; all state of one evaluation lives in
:class:`Run`.  There is no attribute access on Python objects anywhere: a path step
reads a key of a context or one of the named properties of a date or duration.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from engine.errors import LianjianError
from engine.expressions import arithmetic
from engine.expressions.temporal import MonthDuration
from engine.expressions.values import MAX_LIST, Budget, Failure, Range, compare, contains, equals, kind_of, number

MAX_STEPS = 20_000


class Run:
    """One evaluation: the variables, the caller's functions, the clock and the steps left."""

    __slots__ = ("budget", "functions", "layers", "now", "scope", "steps")

    def __init__(self, scope: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]] | None, now: Any) -> None:
        self.scope = scope
        self.functions = functions
        self.now: datetime | None = now
        self.steps = MAX_STEPS
        self.budget = Budget()
        self.layers: list[Mapping[str, Any]] = []

    def charge(self, steps: int) -> None:
        """Use up ``steps``; stop the evaluation when none are left."""
        self.steps -= steps
        if self.steps < 0:
            raise Failure(f"计算超过 {MAX_STEPS} 步，请缩小列表或拆成几步")

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
    name: str

    def evaluate(self, run: Run) -> Any:
        if run.layers:
            for layer in reversed(run.layers):
                if self.name in layer:
                    return layer[self.name]
        return run.scope.get(self.name)

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
class Compare(Node):
    """``sign`` is one of = != < <= > >=."""

    sign: str
    left: Node
    right: Node

    def evaluate(self, run: Run) -> Any:
        return comparison(self.sign, self.left.evaluate(run), self.right.evaluate(run), run.budget)


def comparison(sign: str, left: Any, right: Any, budget: Budget | None = None) -> bool | None:
    """The truth of ``left sign right``; ``None`` when the operands are not comparable."""
    if sign == "=":
        return equals(left, right, budget)
    if sign == "!=":
        same = equals(left, right, budget)
        return None if same is None else not same
    order = compare(left, right)
    if order is None:
        return None
    if sign == "<":
        return order < 0
    if sign == "<=":
        return order <= 0
    return order > 0 if sign == ">" else order >= 0


@dataclass(frozen=True)
class Arithmetic(Node):
    """``sign`` is one of + - * / ** %."""

    sign: str
    left: Node
    right: Node

    def evaluate(self, run: Run) -> Any:
        left, right = self.left.evaluate(run), self.right.evaluate(run)
        return OPERATIONS[self.sign](left, right) if left is not None and right is not None else None


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


@dataclass(frozen=True)
class ListOf(Node):
    parts: tuple[Node, ...]

    def evaluate(self, run: Run) -> Any:
        return [part.evaluate(run) for part in self.parts]


@dataclass(frozen=True)
class ContextOf(Node):
    entries: tuple[tuple[str, Node], ...]

    def children(self) -> Iterator[Node]:
        return iter([node for _, node in self.entries])

    def evaluate(self, run: Run) -> Any:
        result: dict[str, Any] = {}
        for key, node in self.entries:
            result[key] = run.within([result], node)
        return result


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
    """A one-sided unary test such as ``< 5``; true of a value, not a value itself."""

    sign: str
    bound: Node

    def evaluate(self, run: Run) -> Any:
        raise Failure(f"“{self.sign} …”只能用在 in 之后或决策表单元格里")


@dataclass(frozen=True)
class In(Node):
    """``value in (tests)``; every test is a value, a list, a range or a :class:`OneSided`."""

    value: Node
    tests: tuple[Node, ...]

    def evaluate(self, run: Run) -> Any:
        value = self.value.evaluate(run)
        result: bool | None = False
        for test in self.tests:
            held = passes(test, value, run)
            if held is True:
                return True
            if held is None:
                result = None
        return result


def passes(test: Node, value: Any, run: Run) -> bool | None:
    """Whether ``value`` passes one test of an ``in``."""
    if isinstance(test, OneSided):
        return comparison(test.sign, value, test.bound.evaluate(run), run.budget)
    return matches_value(test.evaluate(run), value, run)


def matches_value(expected: Any, value: Any, run: Run) -> bool | None:
    """Whether ``value`` equals, lies in or is listed in ``expected``."""
    if isinstance(expected, Range):
        return expected.holds(value)
    if isinstance(expected, (list, tuple)):
        run.charge(len(expected))
        if contains(expected, value, run.budget) or equals(expected, value, run.budget) is True:
            return True
        return any(isinstance(entry, Range) and entry.holds(value) is True for entry in expected)
    return equals(value, expected, run.budget)


@dataclass(frozen=True)
class Between(Node):
    value: Node
    low: Node
    high: Node

    def evaluate(self, run: Run) -> Any:
        value = self.value.evaluate(run)
        low = comparison(">=", value, self.low.evaluate(run))
        high = comparison("<=", value, self.high.evaluate(run))
        if low is False or high is False:
            return False
        return None if low is None or high is None else True


@dataclass(frozen=True)
class Filter(Node):
    """``list[position]`` or ``list[condition]``; ``item`` and an element's keys are visible inside."""

    base: Node
    condition: Node

    def evaluate(self, run: Run) -> Any:
        values = self.base.evaluate(run)
        if values is None:
            values = []
        elif not isinstance(values, (list, tuple)):
            values = [values]
        if isinstance(self.condition, (Literal, Negate)):
            return _at(values, self.condition.evaluate(run))
        if not values:
            return None if number(self.condition.evaluate(run)) is not None else []
        kept = []
        for index, value in enumerate(values):
            # An element with a key "item" of its own shows that key (DMN 1.3, 10.3.2.5).
            layers: list[Mapping[str, Any]] = [{"item": value}]
            if isinstance(value, Mapping):
                layers.append(value)
            held = run.within(layers, self.condition)
            if index == 0 and number(held) is not None:
                return _at(values, held)
            if held is True:
                kept.append(value)
        return kept


def _at(values: Any, position: Any) -> Any:
    if position is True:
        return list(values)
    exact = number(position)
    if exact is None:
        return []
    index = int(exact)
    if index != exact or index == 0 or abs(index) > len(values):
        return None
    return values[index - 1 if index > 0 else index]


@dataclass(frozen=True)
class Loop(Node):
    """``for``, ``some`` and ``every``: ``kind`` with pairs of (name, list, end of a counted range)."""

    kind: str
    names: tuple[str, ...]
    sources: tuple[Node, ...]
    ends: tuple[Node | None, ...]
    body: Node

    def evaluate(self, run: Run) -> Any:
        depth = len(run.layers)
        try:
            return self._collect(self._rounds(run, 0))
        finally:
            del run.layers[depth:]

    def _collect(self, results: Iterator[Any]) -> Any:
        if self.kind == "for":
            collected = []
            for result in results:
                collected.append(result)
                if len(collected) > MAX_LIST:
                    raise Failure(f"列表超过 {MAX_LIST} 项")
            return collected
        decisive, undecided = self.kind == "some", False
        for result in results:
            if result is decisive:
                return decisive
            undecided = undecided or not isinstance(result, bool)
        return None if undecided else not decisive

    def _rounds(self, run: Run, level: int) -> Iterator[Any]:
        if level == len(self.names):
            run.charge(self.body.weight)
            yield self.body.evaluate(run)
            return
        for value in self._values(run, level):
            run.charge(1)
            run.layers.append({self.names[level]: value})
            yield from self._rounds(run, level + 1)
            run.layers.pop()

    def _values(self, run: Run, level: int) -> Any:
        source, last = self.sources[level].evaluate(run), self.ends[level]
        if last is None:
            if isinstance(source, Range):
                start, end = source.start, source.end
            elif source is None:
                return []
            else:
                return source if isinstance(source, (list, tuple)) else [source]
        else:
            start, end = source, last.evaluate(run)
        return counted(start, end)


def counted(start: Any, end: Any) -> Any:
    """The whole numbers or days from ``start`` to ``end``, downwards too; lazily, the caller charges."""
    if type(start) is date and type(end) is date:
        step = 1 if end >= start else -1
        return (date.fromordinal(n) for n in range(start.toordinal(), end.toordinal() + step, step))
    first, last = number(start), number(end)
    if first is None or last is None or first != int(first) or last != int(last):
        return []
    low, high = int(first), int(last)
    step = 1 if high >= low else -1
    return range(low, high + step, step)


@dataclass(frozen=True)
class IsDefined(Node):
    """``is defined(x)``: whether the name or key exists, even with a null value."""

    part: Node

    def evaluate(self, run: Run) -> Any:
        if isinstance(self.part, Name):
            return self.part.known(run)
        if isinstance(self.part, Path):
            base = self.part.base.evaluate(run)
            if isinstance(base, Mapping):
                return self.part.key in base
            return self.part.evaluate(run) is not None
        return True


@dataclass(frozen=True)
class Call(Node):
    """A function call: the caller's function of that name first, then the built-in one."""

    name: str
    builtin: Callable[..., Any] | None
    arguments: tuple[Node, ...]
    keywords: tuple[tuple[str, Node], ...] = ()
    position: int = field(default=0, compare=False)

    def evaluate(self, run: Run) -> Any:
        supplied = run.functions.get(self.name) if run.functions else None
        if supplied is None:
            if self.builtin is None:
                raise Failure(f"没有名为“{self.name}”的函数，请检查拼写", self.position)
            return self.builtin(run, *[argument.evaluate(run) for argument in self.arguments])
        values = [argument.evaluate(run) for argument in self.arguments]
        named = {key.replace(" ", "_"): node.evaluate(run) for key, node in self.keywords}
        run.charge(1)
        try:
            return supplied(*values, **named)
        except LianjianError as error:
            raise Failure(f"函数 {self.name}：{error.message}", self.position) from error
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
            raise Failure(f"函数 {self.name} 的参数不正确，请核对个数和类型", self.position) from error


@dataclass(frozen=True)
class InstanceOf(Node):
    """``x instance of number``."""

    value: Node
    type_name: str

    def evaluate(self, run: Run) -> Any:
        kind = kind_of(self.value.evaluate(run))
        return kind != "null" if self.type_name == "Any" else kind == self.type_name
