"""Ids the workflow engine uses itself would replace its own parts (engine facts, §1)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.bpmn.implicit_flow import ADDED
from engine.lint.finding import Problem
from engine.lint.model import Model, Node, Scope
from engine.lint.say import about

RESERVED = frozenset({"Start", "End", "Root", "StartEventSplit", "StartEventJoin"})
_SUFFIXES = (".EndJoin", ".BoundaryEventSplit", ".BoundaryEventJoin", " [child]", *ADDED)


def check(model: Model) -> Iterator[Problem]:
    things: list[Node | Scope] = [*model.nodes, *(s for s in model.scopes if s.owner is None)]
    for thing in things:
        if thing.id in RESERVED or thing.id.endswith(_SUFFIXES):
            yield about(thing, f"的编号“{thing.id}”是系统保留的。", "请改用其他编号，例如加上前缀。")
