"""Inputs and outputs of an activity or process are not mapped yet (engine facts, §1): refused."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model, Node, Scope, q
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    things: list[Node | Scope] = [*model.run_nodes, *(p for p in model.processes if p.executable)]
    for thing in things:
        specification = thing.xml.find(q("ioSpecification"))
        if specification is None:
            continue
        if any(specification.find(q(tag)) is not None for tag in ("dataInput", "dataOutput")):
            yield about(
                thing, "定义了数据输入或输出，系统暂不支持。", "流程数据对所有步骤可见，请删除 ioSpecification。"
            )
