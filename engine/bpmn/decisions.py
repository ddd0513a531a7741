"""Decision tables: DMN 1.1–1.5 files, read safely, checked completely, evaluated by our own FEEL.

SpiffWorkflow's DMN evaluates Python in cells and ignores most hit policies, so it is not used.
A file may hold several decisions that require each other; a decision is asked for by its id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.bpmn.decision_logic import (
    Environment,
)
from engine.bpmn.decision_reader import Decision, DecisionReader, Knowledge
from engine.errors import ModelRefused, ServiceTaskFailed
from engine.expressions import json_safe


@dataclass(frozen=True)
class Decisions:
    """All decisions of a deployment; immutable."""

    decisions: Mapping[str, Decision]
    knowledge: Mapping[str, Knowledge] = field(default_factory=dict)

    @property
    def ids(self) -> frozenset[str]:
        """The ids one may ask for."""
        return frozenset(self.decisions)

    def decide(
        self,
        decision_id: str,
        inputs: Mapping[str, Any],
        functions: Mapping[str, Callable[..., Any]] | None = None,
        now: datetime | None = None,
    ) -> Any:
        """The JSON-safe value of a decision over ``inputs``.

        A table with one output gives its value, with several a dict by output name; R, O and C
        give lists (empty when no rule holds).  Raises :class:`ServiceTaskFailed` when the table
        does not fit the data and :class:`ExpressionError` when an expression cannot be evaluated.
        """
        if decision_id not in self.decisions:
            raise ServiceTaskFailed(f"没有编号为“{decision_id}”的决策表，请核对任务引用的决策。", "decision-unknown")
        supplied = dict(functions or {})
        env = Environment(inputs, supplied, now)
        for model in self.knowledge.values():
            supplied[model.name] = _callable(model, env)
        return json_safe(self._value(decision_id, env, {}))

    def _value(self, decision_id: str, env: Environment, known: dict[str, Any]) -> Any:
        if decision_id not in known:
            decision = self.decisions[decision_id]
            more: dict[str, Any] = {}
            for required in decision.requires:
                value = self._value(required, env, known)
                more |= {self.decisions[required].variable: value, self.decisions[required].name: value}
            known[decision_id] = decision.logic.value(env.with_scope(more))
        return known[decision_id]


def _callable(model: Knowledge, env: Environment) -> Callable[..., Any]:
    names = {name.replace(" ", "_"): name for name in model.parameters}

    def call(*values: Any, **named: Any) -> Any:
        if len(values) > len(model.parameters):
            raise TypeError(model.name)
        bound = dict.fromkeys(model.parameters) | dict(zip(model.parameters, values, strict=False))
        bound |= {names.get(key, key): value for key, value in named.items()}
        # A knowledge model sees its parameters only, never the variables of its caller.
        return model.logic.value(Environment(bound, env.functions, env.now))

    return call


def load_decisions(*contents: bytes | str) -> Decisions:
    """Read one or more DMN files; raises :class:`ModelRefused` with every finding at once."""
    reader = DecisionReader()
    for content in contents:
        reader.read(content)
    reader.link()
    if reader.findings:
        messages = "；".join(finding["message"] for finding in reader.findings[:3])
        raise ModelRefused(f"决策表不能使用：{messages}", reader.findings)
    return Decisions(reader.decisions, reader.knowledge)


def decision_problems(*contents: bytes | str) -> list[dict[str, Any]]:
    """Every finding of one or more DMN files that belong together; empty when they can be used."""
    reader = DecisionReader()
    for content in contents:
        reader.read(content)
    reader.link()
    return reader.findings
