"""An imported BPMN file is part of the deployment (spec §8.2.3); other imports are not used."""

from __future__ import annotations

from collections.abc import Iterator

from engine.bpmn.xml import BPMN
from engine.lint.finding import Problem
from engine.lint.model import Model, q
from engine.lint.say import at


def check(model: Model) -> Iterator[Problem]:
    names = {name.rpartition("/")[2] for name in model.files}
    for diagram in model.diagrams:
        for xml in diagram.root.iterfind(q("import")):
            location = xml.get("location", "")
            if xml.get("importType") != BPMN:
                yield at(
                    diagram, xml, f"导入的“{location}”不是 BPMN 文件，系统不会使用它。", "可以删除该导入。", "warning"
                )
            elif location.replace("\\", "/").rpartition("/")[2] not in names:
                yield at(diagram, xml, f"导入的文件“{location}”不在本次部署中。", "请把该文件一并上传，或删除该导入。")
