"""Complex gateways are not executed: refused."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        if node.type == "complexGateway":
            yield about(node, "是复杂网关，系统不支持。", "请用排他、并行或包容网关表达。")
