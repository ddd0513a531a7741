"""A reusable event definition stands beside the processes; one inside an event is its own (spec §10.5.1)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.bpmn.normal_form import referenced
from engine.lint.finding import Problem
from engine.lint.model import Model, q, text_of
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.nodes:
        for xml in node.xml.iterfind(q("eventDefinitionRef")):
            if referenced(node.scope.diagram.root, text_of(xml)) is None:
                yield about(
                    node,
                    f"引用的事件定义“{text_of(xml)}”不在本文件的最外层。",
                    "请把公用的事件定义放到流程之外（definitions 之下），或在该事件里另写一份。",
                )
