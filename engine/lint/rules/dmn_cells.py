"""Cells of a decision table have at most 500 characters (engine facts, §3)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.bpmn.xml import read_xml
from engine.errors import ModelRefused
from engine.lint.finding import Problem
from engine.lint.model import Model

MAX_CELL = 500


def check(model: Model) -> Iterator[Problem]:
    for name in sorted(model.files):
        if not name.lower().endswith(".dmn"):
            continue
        try:
            root = read_xml(model.files[name], name)
        except ModelRefused:
            continue  # reported when it was read
        for cell in root.iter("{*}inputEntry", "{*}outputEntry"):
            text = "".join(str(t) for t in cell.itertext()).strip()
            if len(text) > MAX_CELL:
                yield Problem(
                    name,
                    cell.get("id", ""),
                    f"决策表的一个单元格有 {len(text):,} 个字符，超过上限 {MAX_CELL}。",
                    "请拆成几条规则。",
                )
