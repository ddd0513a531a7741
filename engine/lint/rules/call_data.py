"""A call activity gives and takes exactly the data of what it calls (spec §10.3.6)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from engine.lint.finding import Problem
from engine.lint.items import item_of, kind
from engine.lint.model import Diagram, Model, q
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.nodes:
        specification = node.xml.find(q("ioSpecification"))
        if node.type != "callActivity" or specification is None:
            continue  # without one the called process sees the data of its caller
        called = node.get("calledElement").rpartition(":")[2] or " "
        found = next(((d, x) for d in model.diagrams if (x := d.find(called)) is not None), None)
        if found is None:
            continue  # the rule call-activity says so
        other = found[1].find(q("ioSpecification"))
        for tag, group, word in (("dataInput", "inputSet", "输入"), ("dataOutput", "outputSet", "输出")):
            if not _fits(_kinds(node.scope.diagram, specification, tag), _kinds(found[0], other, tag)):
                yield about(node, f"的{word}与被调用流程的{word}不一致。", "请让两边的数量和数据类型相同。")
            elif _count(specification, group) != _count(other, group):
                yield about(node, f"的{word}集与被调用流程的{word}集数量不同。", f"请让两边的 {group} 相同。")


def _kinds(diagram: Diagram, specification: etree._Element | None, tag: str) -> list[str]:
    data = [] if specification is None else specification.findall(q(tag))
    return sorted(kind(item_of(diagram, datum)) for datum in data)


def _fits(mine: list[str], theirs: list[str]) -> bool:
    """As many, and the same kinds where both sides say them."""
    return len(mine) == len(theirs) and (not all([*mine, *theirs]) or mine == theirs)


def _count(specification: etree._Element | None, group: str) -> int:
    return 0 if specification is None else len(specification.findall(q(group)))
