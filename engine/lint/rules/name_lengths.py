"""Ids, names and properties that are kept in columns of the database fit into them."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model, Node, Scope, q, text_of
from engine.lint.say import about, at

MAX_ID = 100
MAX_NAME = 200
MAX_MESSAGE = 100  # messages and signals
MAX_ROLE = 40  # a lane is the role of the people's tasks in it
PROPERTIES = {"role": MAX_ROLE, "form": 100, "deadline": 60, "legal_basis": 200}
_REMEDY = "请改短，详细的内容写在说明里。"


def check(model: Model) -> Iterator[Problem]:
    things: list[Node | Scope] = [*model.nodes, *(s for s in model.scopes if s.owner is None)]
    for thing in things:
        if len(thing.id) > MAX_ID:
            yield about(thing, f"的编号有 {len(thing.id):,} 个字符，超过上限 {MAX_ID}。", _REMEDY)
        if len(thing.name) > MAX_NAME:
            yield about(thing, f"的名称有 {len(thing.name):,} 个字，超过上限 {MAX_NAME}。", _REMEDY)
    for node in model.run_nodes:
        for name, most in PROPERTIES.items():
            if len(node.properties.get(name, "")) > most:
                yield about(node, f"的属性 {name} 超过上限 {most} 个字。", _REMEDY)
    with_people = {node.id for node in model.run_nodes if node.inner or node.type in {"userTask", "manualTask"}}
    for diagram in model.diagrams:
        for tag, word, most in (
            ("message", "消息", MAX_MESSAGE),
            ("signal", "信号", MAX_MESSAGE),
            ("lane", "泳道", MAX_ROLE),
        ):
            for xml in diagram.all(tag):
                if len(xml.get("name", "")) <= most:
                    continue
                if tag != "lane" or with_people & {text_of(ref) for ref in xml.iterfind(q("flowNodeRef"))}:
                    yield at(diagram, xml, f"{word}的名称超过上限 {most} 个字。", _REMEDY)
