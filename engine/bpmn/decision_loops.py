"""Boxed ``if``, filter, ``for``, ``some`` and ``every``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.bpmn.decision_logic import Environment, Logic
from engine.errors import ServiceTaskFailed
from engine.expressions.nodes.lists import within_range
from engine.expressions.values import MAX_LIST, Range, number


@dataclass(frozen=True)
class Conditional(Logic):
    """Boxed ``if``."""

    condition: Logic
    then: Logic
    otherwise: Logic

    def value(self, env: Environment) -> Any:
        held = self.condition.value(env)
        if held is not None and not isinstance(held, bool):
            env.trouble("条件不是 true 或 false。", "decision-type")
            return None
        return (self.then if held is True else self.otherwise).value(env)


@dataclass(frozen=True)
class BoxedFilter(Logic):
    """Boxed filter: the elements for which ``match`` is true, or the one at its number."""

    source: Logic
    match: Logic

    def value(self, env: Environment) -> Any:
        values = _elements(self.source.value(env), env)
        kept = []
        for index, value in enumerate(values):
            env.meter.charge()
            seen = {"item": value, **value} if isinstance(value, Mapping) else {"item": value}
            held = self.match.value(env.with_scope(seen))
            position = number(held)
            if index == 0 and position is not None:
                whole = int(position)
                return values[whole - (whole > 0)] if whole and abs(whole) <= len(values) else None
            if held is not None and not isinstance(held, bool):
                env.trouble("筛选条件不是 true 或 false。", "decision-type")
                return None
            if held is True:
                kept.append(value)
        return kept


@dataclass(frozen=True)
class Iteration(Logic):
    """Boxed ``for``, ``some`` and ``every`` over one variable."""

    kind: str
    name: str
    source: Logic
    body: Logic

    def value(self, env: Environment) -> Any:
        source = self.source.value(env)
        if self.kind != "for" and source is not None and not isinstance(source, list):
            return None
        collected: list[Any] = []
        undecided = False
        for value in _elements(source, env):
            env.meter.charge()
            seen = {self.name: value}
            result = self.body.value(env.with_scope({**seen, "partial": collected} if self.kind == "for" else seen))
            if self.kind == "for":
                collected.append(result)
                if len(collected) > MAX_LIST:
                    raise ServiceTaskFailed(f"列表超过 {MAX_LIST} 项。", "decision-limit")
            elif result is not None and not isinstance(result, bool):
                env.trouble("satisfies 不是 true 或 false。", "decision-type")
                return None
            elif result is (self.kind == "some"):
                return result
            undecided = undecided or not isinstance(result, bool)
        if self.kind == "for":
            return collected
        return None if undecided else self.kind == "every"


def _elements(value: Any, env: Environment) -> Sequence[Any]:
    if value is None:
        return []
    if isinstance(value, Range):
        found = []
        for one in within_range(value):
            env.meter.charge()
            found.append(one)
        return found
    return value if isinstance(value, list) else [value]
