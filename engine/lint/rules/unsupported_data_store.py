"""A data store would need a program behind it; there is none: refused where a step uses it."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model, q, text_of
from engine.lint.say import at


def check(model: Model) -> Iterator[Problem]:
    for diagram in model.diagrams:
        stores = {x.get("id") for tag in ("dataStoreReference", "dataStore") for x in diagram.all(tag)}
        for tag in ("dataInputAssociation", "dataOutputAssociation"):
            for xml in diagram.all(tag):
                if any(
                    text_of(end) in stores for end in (*xml.iterfind(q("sourceRef")), *xml.iterfind(q("targetRef")))
                ):
                    yield at(diagram, xml, "读写数据存储，系统暂不支持。", "请由服务任务读写台账，或改用数据对象。")
