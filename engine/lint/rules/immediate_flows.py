"""In a process that is run nothing happens between two connected steps (spec table 8.60, isImmediate)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for flow in model.flows:
        if flow.scope.executable and (flow.xml.get("isImmediate") or "").strip() in {"false", "0"}:
            yield about(
                flow,
                "声明两端之间可以有图上没有的步骤（isImmediate=false），可执行的流程不允许。",
                "请删除 isImmediate，或画出中间的步骤。",
            )
