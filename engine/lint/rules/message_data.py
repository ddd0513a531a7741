"""A send task sends its one input, a receive task receives its one output: the message's data (spec §10.3.3)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.items import item_of, same
from engine.lint.model import Model, q
from engine.lint.say import about

_SIDES = {"sendTask": ("dataInput", "inputSet", "输入"), "receiveTask": ("dataOutput", "outputSet", "输出")}


def check(model: Model) -> Iterator[Problem]:
    for node in model.nodes:
        specification = node.xml.find(q("ioSpecification"))
        if node.type not in _SIDES or specification is None or not node.get("messageRef"):
            continue
        tag, group, word = _SIDES[node.type]
        for each in (tag, group):
            count = len(specification.findall(q(each)))
            if count > 1:
                yield about(node, f"有 {count} 个 {each}，一个消息最多一个。", "请删除多余的。")
        message = node.scope.diagram.find(node.get("messageRef"))
        expected = item_of(node.scope.diagram, message)
        for datum in specification.findall(q(tag)):
            told = item_of(node.scope.diagram, datum)
            if expected is not None and (told is None or not same(node.scope.diagram, datum, message)):
                yield about(node, f"的{word}不是消息所带的数据类型。", "请让 itemSubjectRef 与消息的 itemRef 相同。")
