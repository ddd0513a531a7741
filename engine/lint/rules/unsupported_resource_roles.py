"""Performers written in the standard's own way are not read; lanes and properties say who acts (warning)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model, q
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        for tag in ("potentialOwner", "humanPerformer", "performer", "resourceRole"):
            if node.xml.find(q(tag)) is not None:
                yield about(
                    node,
                    f"用 {tag} 指定办理人，系统不会使用。",
                    "请用泳道名称或属性 role、candidates 指定。",
                    "warning",
                )
