"""Every text of a diagram that will be evaluated, and the names a diagram writes and reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from engine.bpmn.timers import looks_like_iso
from engine.errors import ExpressionError
from engine.expressions import MAX_TEXT, parse, parse_assignments
from engine.lint.model import Event, Flow, Model, Node, Scope, q, text_of

#: Properties whose value is an expression.
EXPRESSION_PROPERTIES = frozenset({"due", "department", "on_behalf", "candidates", "to", "payload"})
_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"' + r"|'(?:[^'\\]|\\.)*'")
_LOOP_TEXTS = {
    "loopCondition": "循环条件",
    "loopCardinality": "循环次数",
    "completionCondition": "完成条件",
    "complexBehaviorDefinition/condition": "实例事件的条件",
}
_ASSOCIATED = [
    f"{q(association)}/{text}"
    for association in ("dataInputAssociation", "dataOutputAssociation")
    for text in (q("transformation"), f"{q('assignment')}/{q('from')}")
]
_NODE_TEXTS = {"completionCondition": "完成条件", "activationCondition": "激活条件"}


@dataclass(frozen=True)
class Text:
    """A text to be evaluated: where it stands, what people call it, and whether it is a script or asks yes or no."""

    where: Node | Flow
    word: str
    text: str
    script: bool = False
    asks: bool = False

    @property
    def names(self) -> set[str]:
        """The names the text reads; none when it cannot be understood."""
        if not self.text or len(self.text) > MAX_TEXT:
            return set()
        try:
            if not self.script:
                return set(parse(self.text).names)
            return {name for line in parse_assignments(self.text) for name in line.expression.names}
        except ExpressionError:
            return set()

    @property
    def without_strings(self) -> str:
        """The text with its string literals emptied: what is left is syntax and names."""
        return _STRINGS.sub('""', self.text)


def timer_texts(event: Event) -> list[tuple[str, str]]:
    """``(tag, text)`` of a timer's definition."""
    found = [(tag, event.xml.find(q(tag))) for tag in ("timeDate", "timeDuration", "timeCycle")]
    return [(tag, text_of(xml)) for tag, xml in found if xml is not None]


def texts(model: Model) -> Iterator[Text]:
    """Every expression and script that may be run; ISO 8601 timers are data, not expressions."""
    for flow in model.flows:
        if flow.condition and flow.scope.executable:
            yield Text(flow, "条件", flow.condition, asks=True)
    for node in model.run_nodes:
        for name, value in node.properties.items():
            if name.startswith(("set:", "param:")) or (name in EXPRESSION_PROPERTIES and value.strip()):
                yield Text(node, f"属性 {name}", value)
        for event in node.events:
            condition = event.xml.find(q("condition"))
            if text_of(condition):
                yield Text(node, "条件", text_of(condition), asks=True)
            for _, value in timer_texts(event):
                if value and not looks_like_iso(value):
                    yield Text(node, "定时", value)
        if node.loop is not None:
            for tag, word in _LOOP_TEXTS.items():
                found = node.loop.find("/".join(map(q, tag.split("/"))))
                if found is not None:
                    yield Text(node, word, text_of(found), asks=tag != "loopCardinality")
        for tag, word in _NODE_TEXTS.items():
            found = node.xml.find(q(tag))
            if found is not None:
                yield Text(node, word, text_of(found), asks=True)
        for path in _ASSOCIATED:
            for found in node.xml.iterfind(path):
                yield Text(node, "数据关联", text_of(found))
        script = node.xml.find(q("script"))
        if node.type == "scriptTask" and script is not None:
            yield Text(node, "脚本", text_of(script), script=True)


def assigned(node: Node) -> list[tuple[str, str]]:
    """``(name, expression)`` of what the element assigns: ``set:`` properties and script lines."""
    found = [(name[4:].strip(), value) for name, value in node.properties.items() if name.startswith("set:")]
    if node.type == "scriptTask":
        with suppress(ExpressionError):  # the rule script-tasks says so
            lines = parse_assignments(text_of(node.xml.find(q("script"))))
            found += [(line.name, line.expression.text) for line in lines]
    return found


def set_names(node: Node) -> set[str]:
    """Top-level names the element assigns."""
    return {name for name, _ in assigned(node)}


def assigned_inside(scope: Scope) -> list[tuple[str, str]]:
    """What is assigned anywhere in a level and below."""
    found: list[tuple[str, str]] = []
    for node in scope.nodes:
        if node.is_compensation:
            continue  # runs long after, and never beside another instance
        found += assigned(node)
        if node.inner is not None:
            found += assigned_inside(node.inner)
    return found


def written_in(process: Scope) -> set[str]:
    """Every name under which a step of the process keeps data."""
    names: set[str] = set()
    todo = [process]
    while todo:
        for node in todo.pop().nodes:
            names |= {node.id} | set_names(node) | item_names(node)
            todo += [node.inner] if node.inner is not None else []
    for tag in ("dataObject", "dataInput", "property"):
        for xml in process.xml.iter(q(tag)):
            names |= {xml.get("id") or "", xml.get("name") or ""}
    return names - {""}


def declared(process: Scope) -> set[str]:
    """Names the process says it is started with (property ``variables``)."""
    return {name.strip() for name in process.properties.get("variables", "").split(",")} - {""}


def item_names(node: Node) -> set[str]:
    """Variables a multi-instance gives its children."""
    if node.loop is None:
        return set()
    found = [node.loop.find(q(tag)) for tag in ("inputDataItem", "outputDataItem")]
    return {x.get("id") or x.get("name") or "" for x in found if x is not None} - {""}
