"""What a node lists as incoming and outgoing agrees with the sequence flows (spec §8.4.7)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Flow, Model, Node, q, text_of
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for diagram in model.diagrams:
        listed = any(
            n.xml.find(q("incoming")) is not None or n.xml.find(q("outgoing")) is not None for n in diagram.nodes
        )
        if not listed:
            continue  # leaving all lists out is allowed; listing some of the flows is a contradiction
        for node in diagram.nodes:
            yield from _compare(node, "incoming", node.incoming, "进入")
            yield from _compare(node, "outgoing", node.outgoing, "离开")


def _compare(node: Node, tag: str, flows: list[Flow], word: str) -> Iterator[Problem]:
    named = [text_of(x).rpartition(":")[2] for x in node.xml.iterfind(q(tag))]
    for identity in named:
        if identity in node.scope.diagram.elements and identity not in {f.id for f in flows}:
            yield about(
                node,
                f"把“{identity}”列为{word}的顺序流（{tag}），但该顺序流并不连接它。",
                "请删除该条目或改正顺序流的连接。",
            )
    for identity in sorted({i for i in named if named.count(i) > 1}):
        yield about(node, f"重复列出了{word}的顺序流“{identity}”（{tag}）。", "请只保留一条。", "warning")
    for flow in flows:
        if flow.id and flow.id not in named:
            yield about(
                node,
                f"没有列出{word}它的{flow.label}（缺少 {tag}）。",
                f"请补上 <{tag}>{flow.id}</{tag}>，或重新连接该顺序流。",
            )
