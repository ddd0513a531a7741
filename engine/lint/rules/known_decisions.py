"""A business rule task names a decision of a table of the deployment.

That it names one at all is asked only of diagrams for this installation, as with services.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        name = node.properties.get("decision", "").strip()
        if node.type != "businessRuleTask":
            if name:
                yield about(
                    node, "不是业务规则任务，属性 decision 不起作用。", "请改为业务规则任务，或删除该属性。", "warning"
                )
        elif not name:
            if model.services is not None:
                yield about(node, "没有说明使用哪张决策表。", "请填写属性 decision。")
        elif name not in model.decisions:
            yield about(
                node, f"的决策“{name}”不在本次部署的决策表中。", "请一并上传含有它的 .dmn 文件，或改正属性 decision。"
            )
