"""Ad-hoc sub-processes fail at run time (engine facts, §1): refused."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        if node.type == "adHocSubProcess":
            yield about(node, "是自由子流程，系统暂不支持。", "请画出步骤之间的先后关系，可选的步骤用包容网关。")
