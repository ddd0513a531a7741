"""An imported BPMN file is part of the deployment under its own namespace (spec §8.2.3); others are not used.

Nothing is fetched from elsewhere: what an address names is not there, and references to it say so.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from engine.bpmn.xml import BPMN
from engine.lint.finding import Problem
from engine.lint.model import Diagram, Model, q
from engine.lint.say import at

_ADDRESSES = ("http://", "https://", "urn:")


def check(model: Model) -> Iterator[Problem]:
    spaces = {_name(diagram.file): diagram.root.get("targetNamespace", "") for diagram in model.diagrams}
    names = {_name(file) for file in model.files}
    for diagram in model.diagrams:
        for xml in diagram.root.iterfind(q("import")):
            yield from _import(diagram, xml, names, spaces)


def _import(diagram: Diagram, xml: etree._Element, names: set[str], spaces: dict[str, str]) -> Iterator[Problem]:
    location, namespace = xml.get("location", ""), xml.get("namespace", "")
    if xml.get("importType") != BPMN:
        yield at(diagram, xml, f"导入的“{location}”不是 BPMN 文件，系统不会使用它。", "可以删除该导入。", "warning")
    elif location.startswith(_ADDRESSES):
        yield at(
            diagram, xml, f"导入的“{location}”是网址，系统不从网上取文件。", "请把该文件一并上传，或删除该导入。",
            "warning",
        )  # fmt: skip
    elif _name(location) not in names:
        yield at(diagram, xml, f"导入的文件“{location}”不在本次部署中。", "请把该文件一并上传，或删除该导入。")
    elif spaces.get(_name(location), namespace) != namespace:
        message = f"导入的文件“{location}”的命名空间是“{spaces[_name(location)]}”，不是“{namespace}”。"
        yield at(diagram, xml, message, "请使导入的 namespace 与该文件的 targetNamespace 相同。")


def _name(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]
