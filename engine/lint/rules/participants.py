"""Pools are consistent: each process belongs to at most one pool, multiplicities make sense (spec §9.3)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from engine.lint.finding import Problem
from engine.lint.model import Diagram, Model, local, q
from engine.lint.say import at


def check(model: Model) -> Iterator[Problem]:
    for diagram in model.diagrams:
        owners: dict[str, str] = {}
        for pool in diagram.all("participant"):
            multiplicity = pool.find(q("participantMultiplicity"))
            if multiplicity is not None:
                yield from _multiplicity(diagram, pool, multiplicity, pool.get("name") or pool.get("id", ""))
            if local(pool.getparent()) != "collaboration":
                continue
            reference = pool.get("processRef", "").rpartition(":")[2]
            name = pool.get("name") or pool.get("id", "")
            if reference and owners.setdefault(reference, name) != name:
                yield at(
                    diagram, pool, f"池“{name}”与池“{owners[reference]}”引用同一个流程。", "每个流程只能属于一个池。"
                )
        for collaboration in diagram.all("collaboration"):
            if collaboration.find(q("participant")) is None and collaboration.find(q("messageFlow")) is not None:
                yield at(diagram, collaboration, "协作图有消息流却没有参与者（池）。", "请添加参与者，或删除消息流。")


def _multiplicity(diagram: Diagram, pool: etree._Element, xml: etree._Element, name: str) -> Iterator[Problem]:
    try:
        low, high = int(xml.get("minimum", "0")), int(xml.get("maximum", "1"))
    except ValueError:
        return  # the schema rule says so
    if low < 0 or high < 1 or high < low:
        yield at(
            diagram,
            pool,
            f"池“{name}”的数量范围（{low} 至 {high}）不成立。",
            "最小值不小于 0，最大值不小于 1 且不小于最小值。",
        )
