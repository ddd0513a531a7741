"""Decision tables with every hit policy.

What the standard leaves to chance is trouble here: two rules of a UNIQUE table that both hold, rules of
an ANY table that disagree, an input of the wrong type or outside its allowed values.  In a process that
stops the step; asked as the standard says the table is null and the reason is noted.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cmp_to_key
from typing import Any

from engine.bpmn.decision_logic import Environment, Logic
from engine.expressions import Expression, UnaryTests
from engine.expressions.arithmetic import add
from engine.expressions.types import Type, coerce, from_json, shape
from engine.expressions.values import compare, contains, equals

#: hitPolicy + aggregation as written in a file, and the letters modellers use → one letter code.
HIT_POLICIES = {
    "UNIQUE": "U", "ANY": "A", "PRIORITY": "P", "FIRST": "F", "RULE ORDER": "R", "OUTPUT ORDER": "O", "COLLECT": "C",
    **{letter: letter for letter in ("U", "A", "P", "F", "R", "O", "C", "C+", "C<", "C>", "C#")},
}  # fmt: skip
AGGREGATIONS = {"SUM": "C+", "MIN": "C<", "MAX": "C>", "COUNT": "C#"}
_KIND_LABELS = {
    "string": "文字", "number": "数字", "boolean": "是/否", "date": "日期", "time": "时间", "date and time": "日期时间",
}  # fmt: skip


class Conflict(Exception):
    """The table has no value: rules contradict each other or an input is impossible."""


@dataclass(frozen=True)
class Input:
    """An input column."""

    label: str
    expression: Expression
    type: Type | None
    allowed: UnaryTests | None

    def value(self, env: Environment, table: str) -> Any:
        """The input's value; raises :class:`Conflict` when no cell could ever judge it rightly."""
        value = from_json(env.value_of(self.expression), self.type, env.types)
        if value is None:
            return None
        fitted, fits = coerce(value, self.type, env.types)
        if not fits and not isinstance(value, list):
            kind = _KIND_LABELS.get(shape(self.type, env.types).kind, "声明的类型")
            env.trouble(f"决策表“{table}”的输入“{self.label}”应为{kind}，请核对流程中填写的内容。", "decision-input")
            raise Conflict
        value = fitted if fits else value
        if self.allowed is not None:
            entries = value if isinstance(value, list) else [value]
            if not all(env.accepts(self.allowed, entry) for entry in entries) and not env.accepts(self.allowed, value):
                env.trouble(
                    f"决策表“{table}”的输入“{self.label}”不在允许的值（{self.allowed.text}）之内。", "decision-input"
                )
                raise Conflict
        return value


@dataclass(frozen=True)
class Output:
    """An output column; ``order`` are its allowed values from high to low priority."""

    name: str
    order: tuple[Any, ...]
    default: Expression | None
    allowed: UnaryTests | None = None
    type: Type | None = None

    def checked(self, value: Any, env: Environment, table: str) -> Any:
        """The value, when it is one of the allowed ones and of the declared type."""
        value = env.fitting(value, self.type, f"决策表“{table}”的输出“{self.name}”")
        if value is not None and self.allowed is not None and not env.accepts(self.allowed, value):
            env.trouble(
                f"决策表“{table}”的输出“{self.name}”不在允许的值（{self.allowed.text}）之内。", "decision-output"
            )
            return None
        return value


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
        try:
            hits = self._hits(env)
            if not hits:
                return self._nothing(env)
            results = [self._outputs(self.rules[hit], env) for hit in hits]
            if self.policy == "A":
                self._agree(hits, results, env)
            if self.policy in "PO":
                results.sort(key=cmp_to_key(self._priority))
            values = [row[0] if len(self.outputs) == 1 else self._named(row) for row in results]
            if self.policy in ("U", "A", "F", "P"):
                return values[0]
            return self._aggregated(values, env) if len(self.policy) == 2 else values
        except Conflict:
            return None

    def _hits(self, env: Environment) -> list[int]:
        """Indexes of the rules that hold, in order; FIRST stops at the first."""
        values = [column.value(env, self.name) for column in self.inputs]
        run = env.run()
        run.allow(env.meter.steps)
        found: list[int] = []
        for index, rule in enumerate(self.rules):
            if all(test.accepted(value, run) for test, value in zip(rule.tests, values, strict=True)):
                found.append(index)
                if self.policy == "F":
                    break
        env.meter.spend(env.meter.steps - run.steps)
        if self.policy == "U" and len(found) > 1:
            env.trouble(
                f"决策表“{self.name}”只允许一条规则相符，但{_numbered(found)}同时相符，请修改决策表。",
                "decision-overlap",
            )
            raise Conflict
        return found

    def _outputs(self, rule: Rule, env: Environment) -> list[Any]:
        return [
            output.checked(env.value_of(entry), env, self.name) if entry else None
            for output, entry in zip(self.outputs, rule.results, strict=True)
        ]

    def _named(self, row: list[Any]) -> dict[str, Any]:
        return {output.name: value for output, value in zip(self.outputs, row, strict=True)}

    def _nothing(self, env: Environment) -> Any:
        row = [env.value_of(output.default) if output.default else None for output in self.outputs]
        if any(output.default for output in self.outputs):
            value = row[0] if len(self.outputs) == 1 else self._named(row)
            return [value] if self.policy in "ROC" else value
        if self.policy == "C#":
            return 0
        return [] if self.policy in "ROC" else None

    def _agree(self, hits: list[int], results: list[list[Any]], env: Environment) -> None:
        for index, row in zip(hits[1:], results[1:], strict=True):
            if equals(row, results[0]) is not True:
                env.trouble(
                    f"决策表“{self.name}”的{_numbered([hits[0], index])}同时相符而结果不同，请修改决策表。",
                    "decision-overlap",
                )
                raise Conflict

    def _priority(self, left: list[Any], right: list[Any]) -> int:
        for output, a, b in zip(self.outputs, left, right, strict=True):
            difference = _rank(output.order, a) - _rank(output.order, b)
            if difference:
                return difference
        return 0

    def _aggregated(self, values: list[Any], env: Environment) -> Any:
        if self.policy == "C#":
            return len(values)
        total = values[0]
        for value in values[1:]:
            if self.policy == "C+":
                total = None if isinstance(total, str) or isinstance(value, str) else add(total, value)
                continue
            order = compare(value, total)
            if order is None:
                total = None
                break
            if (order < 0) == (self.policy == "C<") and order:
                total = value
        if total is None:
            env.trouble(f"决策表“{self.name}”的结果无法汇总，汇总的输出都应为数字。", "decision-output")
        return total


def _rank(order: tuple[Any, ...], value: Any) -> int:
    for index, entry in enumerate(order):
        if contains([entry], value):
            return index
    return len(order)


def _numbered(indexes: list[int]) -> str:
    return "第 " + "、".join(str(index + 1) for index in indexes[:5]) + " 条规则"
