"""A reference to a data object in a state is called "object [state]" (spec §10.4.1, naming convention).

Only where all three names are given can they contradict each other; most modellers leave two out.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model, q
from engine.lint.say import at


def check(model: Model) -> Iterator[Problem]:
    for diagram in model.diagrams:
        for xml in diagram.all("dataObjectReference"):
            state, data = xml.find(q("dataState")), diagram.find(xml.get("dataObjectRef", " "))
            if state is None or data is None:
                continue
            names = [" ".join((x.get("name") or "").split()) for x in (xml, data, state)]
            if all(names) and names[0].replace(" [", "[") != f"{names[1]}[{names[2]}]":
                yield at(
                    diagram,
                    xml,
                    f"数据对象引用“{names[0]}”的名称与它的数据对象和状态不符。",
                    f"请改名为“{names[1]} [{names[2]}]”，或删除状态。",
                )
