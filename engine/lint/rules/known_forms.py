"""The property ``form`` names a form of the deployment; a user task without one is a doubt."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        key = node.properties.get("form", "").strip()
        if key and node.type != "userTask":
            yield about(node, "不是用户任务，表单不会显示。", "请删除属性 form，或改为用户任务。", "warning")
        elif key and key not in model.forms:
            yield about(node, f"的表单“{key}”不在本次部署中。", f"请添加 forms/{key}.json，或改正属性 form。")
        elif key and model.forms[key] is None:
            yield about(node, f"的表单“{key}”不是有效的 JSON。", f"请检查 forms/{key}.json。")
        elif not key and node.type == "userTask":
            yield about(node, "没有表单，办理时只能填写意见。", "请填写属性 form。", "warning")
