"""The ``param:`` properties of a service task are those its function takes."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        given = {name[6:].strip() for name in node.properties if name.startswith("param:")}
        if given and node.type != "serviceTask":
            yield about(node, "不是服务任务，param: 属性不起作用。", "请删除这些属性。", "warning")
            continue
        info = (model.services or {}).get(node.properties.get("service", "").strip())
        if info is None or node.type != "serviceTask":
            continue
        for name in sorted(given - set(info.parameters)):
            allowed = "、".join(info.parameters) or "（无）"
            yield about(node, f"的服务“{info.name}”没有参数“{name}”。", f"可用的参数：{allowed}。")
        for name in sorted(set(info.required) - given):
            yield about(node, f"缺少服务“{info.name}”的必填参数“{name}”。", f"请添加属性 param:{name}。")
