"""An error that is thrown has a code, so that it can be caught (spec §8.4.3, table 10.88)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        for event in node.events:
            if event.type != "errorEventDefinition" or node.type != "endEvent":
                continue
            reference = event.xml.get("errorRef", "")
            error = node.scope.diagram.find(reference) if reference else None
            if not reference:
                yield about(node, "没有说明抛出哪个错误。", "请选择错误（errorRef）。")
            elif error is not None and not (error.get("errorCode") or "").strip():
                yield about(
                    node, f"抛出的错误“{error.get('name') or reference}”没有错误代码。", "请为该错误填写 errorCode。"
                )
