"""Conditions belong on branches: of a deciding gateway, or of an activity with several ways out (spec §8.3.13)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about
from engine.lint.words import EVENTS, GATEWAYS


def check(model: Model) -> Iterator[Problem]:
    for flow in model.flows:
        source = flow.source
        if source is None or flow.condition is None:
            continue
        if source.type in {"exclusiveGateway", "inclusiveGateway", "complexGateway"}:
            if not flow.condition and flow.id != source.default_ref:
                yield about(flow, "的条件是空的。", "请填写条件表达式。")
            elif len(source.outgoing) == 1:
                yield about(
                    flow, f"是{source.label}唯一的出口，却带有条件。", "请删除条件，或增加另一条分支。", "warning"
                )
        elif source.type in GATEWAYS or source.type in EVENTS:
            yield about(flow, f"从{source.label}出发，不允许带条件。", "请删除条件，或改用排他网关。")
        elif not flow.condition and flow.id != source.default_ref:
            yield about(flow, "的条件是空的。", "请填写条件表达式。")
        elif len(source.outgoing) == 1:
            yield about(flow, f"是{source.label}唯一的出口，不允许带条件。", "请删除条件，或用排他网关表示选择。")
