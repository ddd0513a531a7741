"""No two rules of a UNIQUE table hold together, nor two of an ANY table with different results (DMN 1.3, 8.2.10)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.bpmn.decision_overlaps import overlaps
from engine.bpmn.decisions import read_decisions
from engine.errors import ModelRefused
from engine.lint.finding import Problem
from engine.lint.model import Model

_SHOWN = 20


def check(model: Model) -> Iterator[Problem]:
    for name in sorted(model.files):
        if not name.lower().endswith(".dmn"):
            continue
        try:
            tables = read_decisions(model.files[name]).tables()
        except ModelRefused:
            continue  # reported when it was read
        for identifier, table in tables:
            for count, pair in enumerate(overlaps(table)):
                if count == _SHOWN:
                    break
                yield Problem(
                    name,
                    identifier,
                    f"决策表“{table.name}”的第 {pair.first} 条和第 {pair.second} 条规则可能同时相符"
                    + ("。" if pair.certain else "（只在两个整数之间的小数上）。"),
                    "请把条件改得互不重叠，或改用 FIRST（取第一条）等命中策略。",
                    "error" if pair.certain else "warning",
                )
