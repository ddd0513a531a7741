"""A service task takes what its operation takes and gives what it gives (spec §10.3.3, Service Task)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from engine.lint.finding import Problem
from engine.lint.items import item_of, same
from engine.lint.model import Model, Node, q, text_of
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        operation = node.scope.diagram.find(node.get("operationRef") or " ")
        if node.type != "serviceTask" or operation is None:
            continue
        specification = node.xml.find(q("ioSpecification"))
        inputs = [] if specification is None else specification.findall(q("inputSet"))
        outputs = [] if specification is None else specification.findall(q("outputSet"))
        if len(inputs) != 1:
            yield about(
                node,
                f"调用一个操作，却有 {len(inputs)} 个输入集，应恰好一个。",
                "请在 ioSpecification 里写一个 inputSet。",
            )
        if len(outputs) > 1:
            yield about(node, f"调用一个操作，却有 {len(outputs)} 个输出集。", "最多一个 outputSet，请删除其余的。")
        if specification is not None:
            yield from _compare(node, operation, specification, "inMessageRef", "dataInput", "输入")
            yield from _compare(node, operation, specification, "outMessageRef", "dataOutput", "输出")


def _compare(
    node: Node, operation: etree._Element, specification: etree._Element, reference: str, tag: str, word: str
) -> Iterator[Problem]:
    diagram = node.scope.diagram
    message = diagram.find(text_of(operation.find(q(reference))) or " ")
    data = specification.findall(q(tag))
    if item_of(diagram, message) is None or (tag == "dataInput" and not data):
        return
    if not any(item_of(diagram, datum) is not None and same(diagram, datum, message) for datum in data):
        yield about(
            node,
            f"的{word}与操作的消息数据类型不同。",
            "请使用消息的 itemDefinition（itemSubjectRef 与 itemRef 相同）。",
        )
