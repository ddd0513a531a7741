"""Every id is used once in a file, and every process id once in a deployment (spec §8.2.1)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from engine.lint.finding import Problem
from engine.lint.model import Diagram, Model, local
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for diagram in model.diagrams:
        every: dict[str, list[str]] = {}
        for element in diagram.root.iter("*"):
            identity = element.get("id")
            if identity and not _is_foreign(element):
                every.setdefault(identity, []).append(local(element) or "图形")
        for identity, tags in every.items():
            if len(tags) > 1:
                yield Problem(
                    diagram.file,
                    identity,
                    f"编号“{identity}”被 {len(tags)} 个元素重复使用（{'、'.join(tags[:4])}）。",
                    "每个元素的编号必须唯一，请改名。",
                )
    owners: dict[str, Diagram] = {}
    for process in model.processes:
        first = owners.setdefault(process.id, process.diagram)
        if process.id and first is not process.diagram:
            # In another namespace it is another process, but here processes are called by their ids alone.
            same = _namespace(first) == _namespace(process.diagram)
            yield about(
                process, f"的编号在文件 {first.file} 中已经使用。", "同一次部署中流程编号必须唯一，请改名。",
                "error" if same else "unsupported",
            )  # fmt: skip


def _namespace(diagram: Diagram) -> str:
    return str(diagram.root.get("targetNamespace", ""))


def _is_foreign(element: etree._Element) -> bool:
    """Ids inside extension elements belong to the vendor and form a space of their own."""
    return any(local(ancestor) == "extensionElements" for ancestor in element.iterancestors())
