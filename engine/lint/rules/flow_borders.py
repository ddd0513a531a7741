"""A sequence flow stays inside its pool and its sub-process (spec §7.5.2, §8.4.13)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for flow in model.flows:
        for reference, node in ((flow.source_ref, flow.source), (flow.target_ref, flow.target)):
            other = flow.scope.diagram.node(reference) if node is None and reference else None
            if other is not None:
                border = "池" if other.scope.process is not flow.scope.process else "子流程"
                yield about(
                    flow,
                    f"越过了{border}的边界，连到另一层的{other.label}。",
                    "顺序流只能连接同一层的图元；池之间用消息流，子流程用它自己的进出连线。",
                )
