"""Loops say how often they run, in one way only (spec §10.3.8).

A loop that only says that it is one is lawful, but nobody could run it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model, Node, q, text_of
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        if node.loop is None:
            continue
        if node.xml.find(q("multiInstanceLoopCharacteristics")) is not None:
            yield from _multi_instance(node)
        else:
            yield from _standard(node)


def _standard(node: Node) -> Iterator[Problem]:
    loop = node.loop
    assert loop is not None
    condition, maximum = text_of(loop.find(q("loopCondition"))), (loop.get("loopMaximum") or "").strip()
    if not condition and not maximum:
        remedy = "请填写 loopCondition 或 loopMaximum。"
        yield about(node, "是循环任务，却没有循环条件或最多次数。", remedy, "unsupported")
    if re.fullmatch(r"[+-]?\d+", maximum) and int(maximum) < 1:
        yield about(node, f"的最多次数 {maximum} 小于 1。", "请改为至少 1 次。")


def _multi_instance(node: Node) -> Iterator[Problem]:
    loop = node.loop
    assert loop is not None
    cardinality, source = loop.find(q("loopCardinality")), loop.find(q("loopDataInputRef"))
    if cardinality is None and source is None:
        yield about(
            node, "是多实例，却没有次数也没有集合。", "请填写 loopDataInputRef（按集合）或 loopCardinality（按次数）。"
        )
    if cardinality is not None and source is not None:
        yield about(node, "同时写了次数和集合。", "请只保留 loopDataInputRef 或 loopCardinality 之一。")
    for found, tag in ((cardinality, "loopCardinality"), (source, "loopDataInputRef")):
        if found is not None and not text_of(found):
            yield about(node, f"的 {tag} 是空的。", "请填写内容。")
    number = text_of(cardinality)
    if re.fullmatch(r"[+-]?\d+", number) and not 0 <= int(number) <= 1000:
        yield about(
            node, f"的次数 {number} 不在 0 至 1000 之间。", "请改为合理的次数，大批量的事项请分成单独的流程实例。"
        )
    if loop.find(q("inputDataItem")) is not None and source is None:
        yield about(
            node, "有集合元素变量（inputDataItem），却没有集合；它不会有值。", "请填写 loopDataInputRef。", "warning"
        )
    if loop.find(q("outputDataItem")) is not None and loop.find(q("loopDataOutputRef")) is None:
        yield about(node, "有输出元素变量（outputDataItem），却没有输出集合。", "请填写 loopDataOutputRef。", "warning")
