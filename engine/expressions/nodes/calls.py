"""Functions: calling, defining and asking for types."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.errors import LianjianError
from engine.expressions.nodes.core import Literal, Name, Node, Path, Run
from engine.expressions.nodes.lists import ContextOf
from engine.expressions.types import Type, coerce, conforms
from engine.expressions.values import Failure, Function, kind_of


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
    """A function call by name: a function value of that name, the caller's function, the built-in one."""

    name: str
    builtin: Callable[..., Any] | None
    arguments: tuple[Node, ...]
    keywords: tuple[tuple[str, Node], ...] = ()
    position: int = field(default=0, compare=False)

    def evaluate(self, run: Run) -> Any:
        if run.standard or self.builtin is None:
            held = run.lookup(self.name)
            if isinstance(held, Function):
                return invoke(run, held, self.arguments, self.keywords)
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
class One(Node):
    """An argument of which there is one: a list of one stands for its element, any other list for null."""

    part: Node

    def evaluate(self, run: Run) -> Any:
        value = self.part.evaluate(run)
        if not isinstance(value, list):
            return value
        return value[0] if len(value) == 1 else None


@dataclass(frozen=True)
class Apply(Node):
    """A call of a function that an expression yields; null when it yields none."""

    callee: Node
    arguments: tuple[Node, ...]
    keywords: tuple[tuple[str, Node], ...] = ()

    def evaluate(self, run: Run) -> Any:
        function = self.callee.evaluate(run)
        return invoke(run, function, self.arguments, self.keywords) if isinstance(function, Function) else None


def invoke(run: Run, function: Function, arguments: Sequence[Node], keywords: Sequence[tuple[str, Node]] = ()) -> Any:
    """The function's value; null when the arguments do not fit its parameters."""
    if keywords:
        given = {key: node.evaluate(run) for key, node in keywords}
        if arguments or given.keys() - set(function.parameters):
            return None
        values = [given.get(name) for name in function.parameters]
        if len(given) < len(values) and function.least is None:
            return None
    else:
        values = [argument.evaluate(run) for argument in arguments]
    return call_function(run, function, values)


def call_function(run: Run, function: Function, values: list[Any]) -> Any:
    """Call with values, coerced to the declared types; null when their number or a type does not fit."""
    if not function.takes(len(values)):
        return None
    for index, wanted in enumerate(function.types[: len(values)]):
        values[index], fits = coerce(values[index], wanted, run.types)
        if not fits:
            return None
    return coerce(run.call(function, values), function.result, run.types)[0]


@dataclass(frozen=True)
class FunctionOf(Node):
    """``function(a: number, b) a + b``; it remembers the variables it was defined among."""

    parameters: tuple[str, ...]
    types: tuple[Type | None, ...]
    body: Node

    def evaluate(self, run: Run) -> Any:
        layers, scope = list(run.layers), run.scope

        def call(caller: Run, values: list[Any]) -> Any:
            caller.charge(self.body.weight)
            kept = caller.layers, caller.scope
            caller.layers, caller.scope = [*layers, dict(zip(self.parameters, values, strict=True))], scope
            try:
                return self.body.evaluate(caller)
            finally:
                caller.layers, caller.scope = kept

        return Function(self.parameters, call, self.types, given_by(self.body))


def given_by(body: Node) -> Type | None:
    """The type of what an expression gives, where it stands written; ``None`` when only evaluating tells."""
    if isinstance(body, Literal):
        return Type(kind_of(body.value))
    if isinstance(body, ContextOf):
        return Type("context", fields=tuple((key, given_by(entry) or Type("Any")) for key, entry in body.entries))
    return None


@dataclass(frozen=True)
class Undefined(Node):
    """A call that can only be null, such as one with too many arguments; ``problem`` says why."""

    problem: str

    def evaluate(self, run: Run) -> Any:
        return None


@dataclass(frozen=True)
class InstanceOf(Node):
    """``x instance of number``."""

    value: Node
    type: Type
    type_text: str

    def evaluate(self, run: Run) -> Any:
        value = self.value.evaluate(run)
        if value is None:
            return self.type.kind == "null"
        return conforms(value, self.type, run.types, allowed=False)
