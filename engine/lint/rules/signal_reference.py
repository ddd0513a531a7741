"""An executable signal event says which signal; signals have names, by which they are heard (table 10.93)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about, at
from engine.lint.words import THROWING


def check(model: Model) -> Iterator[Problem]:
    used: set[tuple[str, str]] = set()
    for node in model.run_nodes:
        for event in node.events:
            if event.type != "signalEventDefinition":
                continue
            reference = (event.xml.get("signalRef") or "").strip().rpartition(":")[2]
            used.add((node.scope.diagram.file, reference))
            if not reference and node.type in THROWING:
                yield about(node, "没有说明是哪个信号，不会发出。", "请选择信号（signalRef）。", "warning")
            elif not reference:
                yield about(node, "没有说明是哪个信号。", "请选择信号（signalRef）。")
    for diagram in model.diagrams:
        for xml in diagram.all("signal"):
            identity = xml.get("id", "")
            if (diagram.file, identity) in used and not (xml.get("name") or "").strip():
                yield at(
                    diagram, xml, f"信号“{identity}”没有名称，以编号代替。", "信号按名称送达，请填写名称。", "warning"
                )
