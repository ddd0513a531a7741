"""A service task names a registered service; without one it would do nothing."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        name = node.properties.get("service", "").strip()
        if name and node.type != "serviceTask":
            yield about(node, "不是服务任务，属性 service 不起作用。", "请改为服务任务，或删除该属性。", "warning")
        elif model.services is None or node.type != "serviceTask":
            continue
        elif not name:
            yield about(node, "没有说明执行哪个服务。", "请填写属性 service。")
        elif name not in model.services:
            yield about(node, f"的服务“{name}”不存在。", "请从服务任务清单中选择，或联系系统管理员升级。")
