"""The events a multi-instance throws when instances complete are declared (spec table 10.29)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from engine.bpmn.normal_form import any_definition
from engine.lint.finding import Problem
from engine.lint.model import Model, Node, local, q, text_of
from engine.lint.say import about

_ATTRIBUTES = {"None": "noneBehaviorEventRef", "One": "oneBehaviorEventRef"}
_THROWN = frozenset(["signal", "escalation", "error", "message"])
#: An error always ends its activity; whether these do, two readers of one diagram answer differently.
_REFERENCES = {"signal": "signalRef", "escalation": "escalationRef", "message": "messageRef"}


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        loop = node.xml.find(q("multiInstanceLoopCharacteristics"))
        if loop is None:
            continue
        behavior = (loop.get("behavior") or "All").strip()
        if behavior in _ATTRIBUTES:
            yield from _reference(node, loop.get(_ATTRIBUTES[behavior]), _ATTRIBUTES[behavior])
        elif behavior == "Complex":
            yield from _complex(node, loop.findall(q("complexBehaviorDefinition")))


def _reference(node: Node, reference: str | None, attribute: str) -> Iterator[Problem]:
    if reference is None:
        yield about(node, "完成时抛出的信号没有名称，谁也捕获不到。", f"请填写 {attribute}。", "warning")
        return
    found = any_definition(node.scope.diagram.root, reference)
    if found is None:
        yield about(node, f"的 {attribute} 引用的事件定义“{reference}”不存在。", "请在文件中定义该事件。")
    else:
        yield from _kind(node, found)


def _complex(node: Node, definitions: list[etree._Element]) -> Iterator[Problem]:
    if not definitions:
        yield about(node, "的 behavior 是 Complex，却没有说明何时抛出什么事件。", "请填写 complexBehaviorDefinition。")
    for definition in definitions:
        if not text_of(definition.find(q("condition"))):
            yield about(node, "的 complexBehaviorDefinition 没有条件。", "请填写条件。")
        event = definition.find(q("event"))
        for written in event if event is not None else ():
            if local(written).endswith("EventDefinition"):
                yield from _kind(node, written)


def _kind(node: Node, definition: etree._Element) -> Iterator[Problem]:
    kind = local(definition).removesuffix("EventDefinition")
    if kind in _REFERENCES:
        yield from _interrupting(node, definition, _REFERENCES[kind])
    if kind not in _THROWN:
        yield about(
            node,
            f"完成时要抛出 {local(definition)}，系统不能在这里抛出这种事件。",
            "请改用信号、升级、错误或消息事件。",
        )


def _interrupting(node: Node, thrown: etree._Element, reference: str) -> Iterator[Problem]:
    """An interrupting boundary event on what its own instances throw: some tools go on with the others, some do not."""
    named = (thrown.get(reference) or "").strip()
    for event in node.boundary:
        caught = [each.xml for each in event.events if local(each.xml) == local(thrown)]
        if event.interrupting and any((d.get(reference) or "").strip() in {"", named} for d in caught):
            yield about(
                event,
                f"中断{node.label}，等待的却是它自己的实例完成时抛出的事件：其余实例是否继续，各家工具理解不同。",
                '其余实例继续的，请把边界事件改为不中断（cancelActivity="false"）；'
                "其余实例不再需要的，请写完成条件（completionCondition）。",
                "unsupported",
            )
