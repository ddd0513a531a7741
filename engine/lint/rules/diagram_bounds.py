"""Shapes have finite, sensible coordinates; the engine reads them as numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model

_DC = "{http://www.omg.org/spec/DD/20100524/DC}Bounds"
_SHAPE = "{http://www.omg.org/spec/BPMN/20100524/DI}BPMNShape"


def check(model: Model) -> Iterator[Problem]:
    for diagram in model.diagrams:
        for shape in diagram.root.iter(_SHAPE):
            element = shape.get("bpmnElement", "").rpartition(":")[2]
            bounds = shape.find(_DC)
            if bounds is not None:
                for name in ("x", "y", "width", "height"):
                    if not _finite(bounds.get(name, "")):
                        yield Problem(
                            diagram.file,
                            element,
                            f"图形“{element}”的坐标 {name} 不是数字。",
                            "请用建模工具重新摆放该图形。",
                        )
            if element and element not in diagram.elements:
                yield Problem(diagram.file, element, f"图形引用的元素“{element}”不存在。", "请删除该图形。", "warning")


def _finite(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
