"""Every branch of an exclusive or inclusive split has a condition, except the default one (spec §10.6.2)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about
from engine.lint.words import ACTIVITIES

_NO_DEFAULT = "没有默认分支；所有条件都不满足时流程会停下并产生异常。"
_REMEDY = "请把其中一条分支设为默认分支。"


def check(model: Model) -> Iterator[Problem]:
    for node in model.nodes:
        if node.type in ACTIVITIES and len(node.outgoing) > 1 and not node.default_ref:
            if all(flow.condition is not None for flow in node.outgoing):
                yield about(node, _NO_DEFAULT, _REMEDY, "warning")
            continue
        if node.type not in {"exclusiveGateway", "inclusiveGateway"} or len(node.outgoing) < 2:
            continue
        default = node.default_ref
        for flow in node.outgoing:
            if flow.id != default and not flow.condition and node.executable:
                yield about(
                    flow, f"从{node.label}出发，没有条件也不是默认分支，无法确定何时走。",
                    "请填写条件，或把它设为默认分支。", "unsupported",
                )  # fmt: skip
        if not default:
            yield about(node, _NO_DEFAULT, _REMEDY, "warning")
