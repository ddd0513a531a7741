"""The property ``on_submit`` of a user task names registered services."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        hooks = [h.strip() for h in node.properties.get("on_submit", "").split(",") if h.strip()]
        if hooks and node.type != "userTask":
            yield about(node, "不是用户任务，属性 on_submit 不起作用。", "请改为用户任务，或删除该属性。", "warning")
            continue
        for name in hooks:
            info = model.services.get(name) if model.services is not None else None
            if model.services is not None and info is None:
                yield about(node, f"提交时要执行的服务“{name}”不存在。", "请改正属性 on_submit，或联系系统管理员升级。")
            elif info is not None and info.required:
                yield about(node, f"提交时要执行的服务“{name}”需要参数，不能用在这里。", "请改用没有必填参数的服务。")
