"""Every data input and output belongs to a set; sub-processes have none of their own (spec §10.4.1)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model, local, q, text_of
from engine.lint.say import about, at

_PAIRS = (
    ("dataInput", "inputSet", ("dataInputRefs", "optionalInputRefs", "whileExecutingInputRefs"), "输入"),
    ("dataOutput", "outputSet", ("dataOutputRefs", "optionalOutputRefs", "whileExecutingOutputRefs"), "输出"),
)


def check(model: Model) -> Iterator[Problem]:
    for node in model.nodes:
        if node.inner is not None and node.xml.find(q("ioSpecification")) is not None and not node.multi_instance:
            yield about(node, "定义了输入输出规格。", "子流程直接使用外层的数据，请删除 ioSpecification。")
    for diagram in model.diagrams:
        for tag, group, references, word in _PAIRS:
            for xml in diagram.all(tag):
                owner = xml.getparent()
                named = {
                    text_of(r) for s in owner.iterfind(q(group)) for kind in references for r in s.iterfind(q(kind))
                }
                if (
                    local(owner)
                    in {
                        "ioSpecification",
                        "startEvent",
                        "endEvent",
                        "intermediateCatchEvent",
                        "intermediateThrowEvent",
                        "boundaryEvent",
                    }
                    and xml.get("id") not in named
                ):
                    yield at(
                        diagram,
                        xml,
                        f"数据{word}“{xml.get('name') or xml.get('id') or ''}”不属于任何{word}集（{group}）。",
                        f"请在 {group} 中用 {references[0]} 引用它。",
                    )
