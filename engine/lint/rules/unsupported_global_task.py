"""Global tasks are not executed; only processes can be called."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import at


def check(model: Model) -> Iterator[Problem]:
    for diagram in model.diagrams:
        for tag in ("globalTask", "globalUserTask", "globalManualTask", "globalScriptTask", "globalBusinessRuleTask"):
            for xml in diagram.all(tag):
                yield at(
                    diagram,
                    xml,
                    f"定义了全局任务 {xml.get('name') or xml.get('id') or ''}，系统不会执行。",
                    "请改为流程中的任务。",
                    "warning",
                )
