"""A parallel join can receive a token on every incoming flow; fed by alternatives it waits for ever."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.graph import play
from engine.lint.model import Model
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for scope in model.scopes:
        if not any(n.type == "parallelGateway" and len(n.incoming) > 1 for n in scope.nodes):
            continue
        result = play(scope)
        if not result.complete:
            continue
        for node in sorted(result.stuck_joins, key=lambda n: n.id):
            if node.type != "parallelGateway":
                continue
            if node not in result.active:
                yield about(
                    node,
                    "要等齐所有分支，但前面只会走其中一条，流程会永远等待。",
                    "汇合排他分支请用排他网关，或把前面的分支改为并行网关。",
                )
            else:
                yield about(node, "在某些走法下等不齐所有分支。", "请检查通向它的各条分支是否总会同时执行。", "warning")
