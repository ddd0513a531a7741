"""A data object is a collection exactly when its item definition is one (spec tables 10.50 to 10.61)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.items import is_collection
from engine.lint.model import Model
from engine.lint.say import at


def check(model: Model) -> Iterator[Problem]:
    for diagram in model.diagrams:
        for tag in ("dataObject", "dataInput", "dataOutput"):
            for xml in diagram.all(tag):
                item = diagram.find(xml.get("itemSubjectRef", ""))
                if item is not None and is_collection(xml) != is_collection(item):
                    name = xml.get("name") or xml.get("id") or ""
                    yield at(
                        diagram,
                        xml,
                        f"数据“{name}”与它的 itemDefinition 对“是否集合”说法不一。",
                        "请统一 isCollection。",
                    )
