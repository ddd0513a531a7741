"""An escalation that is thrown has a code (spec §8.4.4)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about
from engine.lint.words import THROWING


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        for event in node.events:
            if event.type != "escalationEventDefinition" or node.type not in THROWING:
                continue
            reference = event.xml.get("escalationRef", "")
            found = node.scope.diagram.find(reference) if reference else None
            if not reference:
                yield about(node, "没有说明抛出哪个升级。", "请选择升级（escalationRef）。")
            elif found is not None and not (found.get("escalationCode") or "").strip():
                yield about(node, f"抛出的升级“{found.get('name') or reference}”没有代码。", "请填写 escalationCode。")
