"""The logic of a decision: tables with every hit policy, literal expressions, boxed contexts and invocations.

Cells and expressions are FEEL (:mod:`engine.expressions`).  What the standard leaves to chance is
an error here: two rules of a UNIQUE table that both hold, rules of an ANY table that disagree, an
input of the wrong type or outside its list of allowed values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cmp_to_key
from typing import Any

from engine.errors import ServiceTaskFailed
from engine.expressions import Expression, UnaryTests
from engine.expressions.arithmetic import add
from engine.expressions.temporal import read_date, read_datetime, read_time
from engine.expressions.values import compare, contains, equals, kind_of

#: hitPolicy + aggregation as written in a file, and the letters modellers use → one letter code.
HIT_POLICIES = {
    "UNIQUE": "U", "ANY": "A", "PRIORITY": "P", "FIRST": "F", "RULE ORDER": "R", "OUTPUT ORDER": "O", "COLLECT": "C",
    **{letter: letter for letter in ("U", "A", "P", "F", "R", "O", "C", "C+", "C<", "C>", "C#")},
}  # fmt: skip
AGGREGATIONS = {"SUM": "C+", "MIN": "C<", "MAX": "C>", "COUNT": "C#"}

#: The DMN type of an input → the kind its value must have.
_KINDS = {
    "string": "string", "number": "number", "integer": "number", "long": "number", "double": "number",
    "boolean": "boolean", "date": "date", "time": "time", "dateTime": "date and time", "date and time": "date and time",
}  # fmt: skip
_KIND_LABELS = {
    "string": "文字", "number": "数字", "boolean": "是/否", "date": "日期", "time": "时间", "date and time": "日期时间",
}  # fmt: skip
_READERS: dict[str, Callable[[str], Any]] = {"date": read_date, "time": read_time, "date and time": read_datetime}


@dataclass(frozen=True)
class Environment:
    """What an evaluation sees: the variables and the functions (the caller's and the knowledge models')."""

    scope: Mapping[str, Any]
    functions: Mapping[str, Callable[..., Any]]
    now: Any = None

    def with_scope(self, more: Mapping[str, Any]) -> Environment:
        """The same with further variables."""
        return Environment({**self.scope, **more}, self.functions, self.now)


class Logic:
    """Anything that can be evaluated to the value of a decision."""

    def value(self, env: Environment) -> Any:
        raise NotImplementedError


@dataclass(frozen=True)
class Literal(Logic):
    """A literal expression."""

    expression: Expression | None

    def value(self, env: Environment) -> Any:
        if self.expression is None:
            return None
        return self.expression.evaluate_exact(env.scope, env.functions, env.now)


@dataclass(frozen=True)
class BoxedContext(Logic):
    """Named entries, each seeing the earlier ones; an entry without a name is the result."""

    entries: tuple[tuple[str, Logic], ...]

    def value(self, env: Environment) -> Any:
        made: dict[str, Any] = {}
        for name, logic in self.entries:
            entry = logic.value(env.with_scope(made))
            if not name:
                return entry
            made[name] = entry
        return made


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
    """A call of a business knowledge model with named parameters."""

    function: str
    bindings: tuple[tuple[str, Logic], ...]

    def value(self, env: Environment) -> Any:
        function = env.functions.get(self.function)
        if function is None:
            raise ServiceTaskFailed(f"决策引用的业务知识模型“{self.function}”不存在。", "decision-unknown")
        return function(**{name: logic.value(env) for name, logic in self.bindings})


@dataclass(frozen=True)
class Input:
    """An input column."""

    label: str
    expression: Expression
    kind: str
    allowed: UnaryTests | None

    def value(self, env: Environment, table: str) -> Any:
        """The input's value; raises :class:`ServiceTaskFailed` when no cell could ever judge it rightly."""
        value = self.expression.evaluate_exact(env.scope, env.functions, env.now)
        if value is None:
            return None
        if self.kind in _READERS and isinstance(value, str):
            value = _READERS[self.kind](value)
        wanted = self.kind
        if wanted and kind_of(value) != wanted and not isinstance(value, (list, tuple)):
            raise ServiceTaskFailed(
                f"决策表“{table}”的输入“{self.label}”应为{_KIND_LABELS[wanted]}，请核对流程中填写的内容。",
                "decision-input",
            )
        if self.allowed is not None:
            entries = value if isinstance(value, (list, tuple)) else [value]
            if not all(self.allowed.accepts(entry, env.scope, env.functions, env.now) for entry in entries):
                raise ServiceTaskFailed(
                    f"决策表“{table}”的输入“{self.label}”不在允许的值（{self.allowed.text}）之内。", "decision-input"
                )
        return value


def input_kind(type_name: str) -> str:
    """The kind behind a DMN type name (``feel:string``, ``string``); empty when it is not a basic type."""
    return _KINDS.get(type_name.rpartition(":")[2], "")


@dataclass(frozen=True)
class Output:
    """An output column; ``order`` are its allowed values from high to low priority."""

    name: str
    order: tuple[Any, ...]
    default: Expression | None


@dataclass(frozen=True)
class Rule:
    """A row: one test an input, one expression an output (``None`` is null)."""

    tests: tuple[UnaryTests, ...]
    results: tuple[Expression | None, ...]
    description: str = ""


@dataclass(frozen=True)
class Table(Logic):
    """A decision table; ``policy`` is U A P F R O C C+ C< C> or C#."""

    name: str
    policy: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rules: tuple[Rule, ...]

    def value(self, env: Environment) -> Any:
        hits = self.hits(env)
        if not hits:
            return self._nothing(env)
        single = len(self.outputs) == 1
        results = [self._outputs(self.rules[hit], env) for hit in hits]
        if self.policy == "A":
            self._agree(hits, results)
        if self.policy in "PO":
            results.sort(key=cmp_to_key(self._priority))
        values = [row[0] if single else self._named(row) for row in results]
        if self.policy in ("U", "A", "F", "P"):
            return values[0]
        return self._aggregated(values) if len(self.policy) == 2 else values

    def hits(self, env: Environment) -> list[int]:
        """Indexes of the rules that hold, in order; FIRST stops at the first.

        Raises :class:`ServiceTaskFailed` when two rules of a UNIQUE table hold.
        """
        values = [column.value(env, self.name) for column in self.inputs]
        found: list[int] = []
        for index, rule in enumerate(self.rules):
            pairs = zip(rule.tests, values, strict=True)
            if all(test.accepts(value, env.scope, env.functions, env.now) for test, value in pairs):
                found.append(index)
                if self.policy == "F":
                    break
        if self.policy == "U" and len(found) > 1:
            raise ServiceTaskFailed(
                f"决策表“{self.name}”只允许一条规则相符，但{_numbered(found)}同时相符，请修改决策表。",
                "decision-overlap",
            )
        return found

    def _outputs(self, rule: Rule, env: Environment) -> list[Any]:
        return [e.evaluate_exact(env.scope, env.functions, env.now) if e else None for e in rule.results]

    def _named(self, row: list[Any]) -> dict[str, Any]:
        return {output.name: value for output, value in zip(self.outputs, row, strict=True)}

    def _nothing(self, env: Environment) -> Any:
        row = [o.default.evaluate_exact(env.scope, env.functions, env.now) if o.default else None for o in self.outputs]
        if any(output.default for output in self.outputs):
            value = row[0] if len(self.outputs) == 1 else self._named(row)
            return [value] if self.policy in "ROC" else value
        if self.policy == "C#":
            return 0
        return [] if self.policy in "ROC" else None

    def _agree(self, hits: list[int], results: list[list[Any]]) -> None:
        for index, row in zip(hits[1:], results[1:], strict=True):
            if equals(row, results[0]) is not True:
                raise ServiceTaskFailed(
                    f"决策表“{self.name}”的{_numbered([hits[0], index])}同时相符而结果不同，请修改决策表。",
                    "decision-overlap",
                )

    def _priority(self, left: list[Any], right: list[Any]) -> int:
        for output, a, b in zip(self.outputs, left, right, strict=True):
            difference = _rank(output.order, a) - _rank(output.order, b)
            if difference:
                return difference
        return 0

    def _aggregated(self, values: list[Any]) -> Any:
        if self.policy == "C#":
            return len(values)
        total = values[0]
        for value in values[1:]:
            if self.policy == "C+":
                total = _sum(total, value)
                continue
            order = compare(value, total)
            if order is None:
                raise self._incomparable()
            if (order < 0) == (self.policy == "C<") and order:
                total = value
        if total is None:
            raise self._incomparable()
        return total

    def _incomparable(self) -> ServiceTaskFailed:
        return ServiceTaskFailed(f"决策表“{self.name}”的结果无法汇总，汇总的输出都应为数字。", "decision-output")


def _sum(a: Any, b: Any) -> Any:

    return None if isinstance(a, str) or isinstance(b, str) else add(a, b)


def _rank(order: tuple[Any, ...], value: Any) -> int:
    for index, entry in enumerate(order):
        if contains([entry], value):
            return index
    return len(order)


def _numbered(indexes: list[int]) -> str:
    return "第 " + "、".join(str(index + 1) for index in indexes[:5]) + " 条规则"
