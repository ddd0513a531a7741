"""Token quantities other than one are ignored by the engine (engine facts, §1): refused."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        for name in ("startQuantity", "completionQuantity"):
            if node.get(name, "1") not in {"1", "+1", "01"}:
                yield about(
                    node, f"的 {name} 是 {node.get(name)}，系统只支持 1。", "请删除该属性；需要多次办理时用多实例。"
                )
