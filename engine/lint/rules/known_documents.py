"""The property ``documents`` names templates of official documents of the deployment."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        keys = [key.strip() for key in node.properties.get("documents", "").split(",") if key.strip()]
        if keys and node.type != "userTask":
            yield about(
                node, "不是用户任务，不会出具文书。", "请删除属性 documents，或写到办理文书的用户任务上。", "warning"
            )
            continue
        for key in keys:
            if f"documents/{key}.json" not in model.files:
                yield about(
                    node, f"的文书模板“{key}”不在本次部署中。",
                    f"请添加 documents/{key}.json，或改正属性 documents（多个用逗号分隔）。",
                )  # fmt: skip
            elif keys.count(key) > 1:
                yield about(node, f"的文书模板“{key}”写了两次。", "请删除重复的。", "warning")
