"""Several flows out of an activity or event split implicitly; the engine refuses them: use a gateway."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about
from engine.lint.words import GATEWAYS


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        if len(node.outgoing) > 1 and node.type not in GATEWAYS:
            yield about(
                node,
                f"有 {len(node.outgoing)} 条离开的顺序流，系统暂不支持。",
                "请在其后加网关：全部执行用并行网关，选择其一用排他网关。",
            )
