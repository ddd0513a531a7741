"""The logic of a decision besides tables: literal expressions and the boxed expressions of DMN.

Expressions are FEEL to the letter (:mod:`engine.expressions`, ``standard``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import ServiceTaskFailed
from engine.expressions import Expression, UnaryTests
from engine.expressions.nodes import MAX_STEPS, Run
from engine.expressions.nodes.calls import call_function
from engine.expressions.types import Type, Types, coerce, shape
from engine.expressions.values import Function

#: Knowledge models and decision services calling each other: a recursion ends in an error.
MAX_CALLS = 30
#: Rounds of boxed loops and calls in one decision, and steps of all its expressions.
MAX_ROUNDS = 50_000
MAX_TOTAL_STEPS = 1_000_000


class Meter:
    """What one decision may still do, and what it noticed.

    ``notes`` is ``None`` where trouble must stop (a process); otherwise trouble yields null, as the
    standard says, and is noted.  ``watch`` is asked at every round and may raise.
    """

    def __init__(self, notes: list[str] | None = None, watch: Callable[[], None] | None = None) -> None:
        self.notes = notes
        self.watch = watch
        self.rounds = MAX_ROUNDS
        self.steps = MAX_TOTAL_STEPS
        self.calls = 0

    def charge(self, rounds: int = 1) -> None:
        """Use up rounds; raises :class:`ServiceTaskFailed` when none are left."""
        if self.watch is not None:
            self.watch()
        self.rounds -= rounds
        if self.rounds < 0:
            raise ServiceTaskFailed(f"决策计算超过 {MAX_ROUNDS} 轮，请缩小列表或拆成几个决策。", "decision-limit")

    def spend(self, steps: int) -> None:
        """Count steps of expressions; raises :class:`ServiceTaskFailed` when none are left."""
        if self.watch is not None:
            self.watch()
        self.steps -= steps
        if self.steps < 0:
            raise ServiceTaskFailed(f"决策计算超过 {MAX_TOTAL_STEPS} 步，请缩小列表或拆成几个决策。", "decision-limit")


@dataclass(frozen=True)
class Environment:
    """What an evaluation sees: variables, the caller's functions, the clock, the item definitions."""

    scope: Mapping[str, Any]
    functions: Mapping[str, Callable[..., Any]]
    now: Any
    types: Types
    meter: Meter

    def with_scope(self, more: Mapping[str, Any]) -> Environment:
        """The same with further variables."""
        return Environment({**self.scope, **more}, self.functions, self.now, self.types, self.meter)

    def value_of(self, expression: Expression) -> Any:
        """The exact value of an expression here."""
        run = self.run()
        value = expression.evaluated(run)
        self.meter.spend(MAX_STEPS - run.steps)
        return value

    def accepts(self, tests: UnaryTests, value: Any) -> bool:
        """Whether a value passes a cell here."""
        return tests.accepted(value, self.run())

    def run(self) -> Run:
        """The state for calling a function value."""
        return Run(self.scope, self.functions, self.now, True, self.types, self.meter.watch)

    def trouble(self, message: str, code: str) -> None:
        """Note what the standard turns into null; raises :class:`ServiceTaskFailed` in a process."""
        if self.meter.notes is None:
            raise ServiceTaskFailed(message, code)
        if len(self.meter.notes) < 20:
            self.meter.notes.append(message)

    def fitting(self, value: Any, wanted: Type | None, what: str) -> Any:
        """``value`` as its declared type; what does not fit is trouble and null."""
        if isinstance(value, Function) and wanted is not None and shape(wanted, self.types).kind != "function":
            return value  # what is declared is the function's result
        fitted, fits = coerce(value, wanted, self.types)
        if not fits:
            self.trouble(f"{what}与声明的类型不符。", "decision-type")
        return fitted


class Logic:
    """Anything that can be evaluated to the value of a decision."""

    def value(self, env: Environment) -> Any:
        raise NotImplementedError


@dataclass(frozen=True)
class Literal(Logic):
    """A literal expression."""

    expression: Expression | None

    def value(self, env: Environment) -> Any:
        return None if self.expression is None else env.value_of(self.expression)


@dataclass(frozen=True)
class Typed(Logic):
    """Logic whose own box declares a type."""

    logic: Logic
    type: Type
    name: str

    def value(self, env: Environment) -> Any:
        return env.fitting(self.logic.value(env), self.type, f"“{self.name}”的值")


@dataclass(frozen=True)
class BoxedContext(Logic):
    """Named entries, each seeing the earlier ones; an entry without a name is the result."""

    entries: tuple[tuple[str, Type | None, Logic], ...]

    def value(self, env: Environment) -> Any:
        made: dict[str, Any] = {}
        for name, wanted, logic in self.entries:
            # A function of the context may call itself, so it sees the context that is being made.
            entry = logic.value(Environment(_Above(env.scope, made), env.functions, env.now, env.types, env.meter))
            if not name:
                return entry
            made[name] = env.fitting(entry, wanted, f"“{name}”的值")
        return made


class _Above(Mapping[str, Any]):
    """Variables above others, both still growing."""

    def __init__(self, below: Mapping[str, Any], above: Mapping[str, Any]) -> None:
        self.below, self.above = below, above

    def __getitem__(self, key: str) -> Any:
        return self.above[key] if key in self.above else self.below[key]

    def __iter__(self) -> Iterator[str]:
        return iter({**self.below, **self.above})

    def __len__(self) -> int:
        return len({**self.below, **self.above})


@dataclass(frozen=True)
class BoxedList(Logic):
    """A list of expressions."""

    entries: tuple[Logic, ...]

    def value(self, env: Environment) -> Any:
        return [entry.value(env) for entry in self.entries]


@dataclass(frozen=True)
class Relation(Logic):
    """Rows of a boxed relation as contexts."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Logic, ...], ...]

    def value(self, env: Environment) -> Any:
        return [{c: cell.value(env) for c, cell in zip(self.columns, row, strict=True)} for row in self.rows]


@dataclass(frozen=True)
class Invocation(Logic):
    """A call of a function with named parameters; ``function`` is an expression, mostly a name."""

    function: Expression
    bindings: tuple[tuple[str, Logic], ...]

    def value(self, env: Environment) -> Any:
        function = env.value_of(self.function)
        given = {name: logic.value(env) for name, logic in self.bindings}
        supplied = env.functions.get(self.function.text)
        if function is None and supplied is not None:
            return supplied(**{name.replace(" ", "_"): value for name, value in given.items()})
        if not isinstance(function, Function):
            env.trouble(f"决策调用的“{self.function.text}”不是函数或业务知识模型。", "decision-unknown")
            return None
        if given.keys() != set(function.parameters):
            expected = "、".join(function.parameters) or "没有参数"
            env.trouble(f"调用“{self.function.text}”的参数名不符（应为：{expected}）。", "decision-input")
            return None
        return call_function(env.run(), function, [given[name] for name in function.parameters])


@dataclass(frozen=True)
class FunctionDefinition(Logic):
    """A boxed function: a value that others call."""

    parameters: tuple[str, ...]
    types: tuple[Type | None, ...]
    body: Logic
    result: Type | None = None

    def value(self, env: Environment) -> Any:
        return self.within(env)

    def within(self, env: Environment) -> Function:
        """The function, seeing the variables of ``env`` below its parameters."""

        def call(run: Run, values: list[Any]) -> Any:
            env.meter.charge()
            env.meter.calls += 1
            try:
                if env.meter.calls > MAX_CALLS:
                    raise ServiceTaskFailed(
                        f"函数嵌套调用超过 {MAX_CALLS} 层，请检查是否调用了自己。", "decision-limit"
                    )
                return self.body.value(env.with_scope(dict(zip(self.parameters, values, strict=True))))
            finally:
                env.meter.calls -= 1

        return Function(self.parameters, call, self.types, self.result)
