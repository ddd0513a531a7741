"""An event sub-process has exactly one start event, and that event has a trigger (spec §10.3.5, §10.5.2)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model, q
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.nodes:
        if not node.is_event_sub_process or node.inner is None:
            continue
        starts = node.inner.of("startEvent")
        if len(starts) != 1:
            yield about(node, f"是事件子流程，有 {len(starts)} 个开始事件，应恰好一个。", "请只保留一个开始事件。")
        for start in starts:
            if not start.events and start.xml.find(q("eventDefinitionRef")) is None:
                yield about(
                    start,
                    "在事件子流程里，却没有说明由什么触发。",
                    "请选择类型：消息、定时、条件、信号、错误、升级或补偿。",
                )
