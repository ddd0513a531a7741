"""Names under which data is kept must not collide with the engine's own (engine facts, §1: data)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model, Node
from engine.lint.say import about
from engine.lint.texts import item_names, set_names
from engine.lint.words import ACTIVITIES, CATCHING

RESERVED = frozenset(
    {
        "typename",
        "len",
        "data_objects",
        "true",
        "false",
        "null",
        "and",
        "or",
        "not",
        "if",
        "then",
        "else",
        "for",
        "in",
        "return",
        "some",
        "every",
        "satisfies",
        "between",
        "function",
    }
)

_BRING = tuple(f"{kind}EventDefinition" for kind in ("message", "signal", "error", "escalation"))


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        stored = ({node.id} if _keeps_data(node) else set()) | set_names(node) | item_names(node)
        for name in sorted(stored):
            if name in RESERVED or "__" in name:
                yield about(node, f"使用了保留名称“{name}”保存数据。", "请换一个名称。")
        for name in node.properties:
            if name.startswith("set:") and not _usable(name[4:]):
                yield about(node, f"的属性“{name}”中的名称无效。", "名称由文字、数字和下划线组成，不以数字开头。")


def _keeps_data(node: Node) -> bool:
    """Something is kept under the id of activities and of events that bring something; a gateway's is free."""
    return node.type in ACTIVITIES or (node.type in CATCHING and node.has(*_BRING))


def _usable(name: str) -> bool:
    return name.isidentifier()
