"""Decision tables can be read and decided: hit policy, cells and requirements (DMN 1.3)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.bpmn.decisions import decision_problems
from engine.bpmn.xml import RULE as UNREADABLE
from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.rules.known_functions import SUPPLIED

_REMEDY = "请在决策表编辑器中改正后重新上传。"


def check(model: Model) -> Iterator[Problem]:
    tables = {name: text for name, text in model.files.items() if name.lower().endswith(".dmn")}
    if not tables:
        return
    supplied = None if model.services is None else SUPPLIED | set(getattr(model.services, "functions", ()))
    for found in decision_problems(*tables.values(), supplied=supplied):
        if found["rule"] == UNREADABLE:
            continue  # reported when the file was read
        element = str(found["element"])
        file = next((name for name, text in tables.items() if element and f'"{element}"' in text), next(iter(tables)))
        yield Problem(
            file,
            element,
            f"决策表：{found['message']}。".replace("。。", "。"),
            found["remedy"] or _REMEDY,
            found["severity"],
        )
