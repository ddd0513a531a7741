"""Only multi-instances over a list or a number, ending when all are done, are executed right: the rest is refused."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model, q
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        loop = node.xml.find(q("multiInstanceLoopCharacteristics"))
        if loop is None:
            continue
        if loop.find(q("completionCondition")) is not None:
            yield about(node, "有多实例的完成条件，系统暂不支持。", "请等待全部实例完成，再用排他网关判断结果。")
        if loop.get("behavior", "All") != "All" or loop.find(q("complexBehaviorDefinition")) is not None:
            yield about(node, "的多实例事件行为（behavior）系统暂不支持。", "请删除 behavior。")
        if loop.find(q("loopDataOutputRef")) is not None:
            yield about(
                node,
                "有多实例的输出集合，系统暂不支持。",
                "各实例的结果已按顺序保存在该活动的编号之下，请删除输出集合。",
            )
