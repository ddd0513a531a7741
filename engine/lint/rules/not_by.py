"""``not_by`` names user tasks of the same process (第二人复核)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model, Node, Scope
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        wanted = [name.strip() for name in node.properties.get("not_by", "").split(",") if name.strip()]
        if wanted and node.type != "userTask":
            yield about(node, "不是用户任务，属性 not_by 不起作用。", "请删除该属性。", "warning")
        for name in wanted:
            other = next((n for n in _family(node.scope.process) if n.id == name), None)
            if other is None:
                yield about(node, f"的 not_by 引用的“{name}”不在本流程中。", "请填写本流程中用户任务的编号。")
            elif other.type != "userTask":
                yield about(node, f"的 not_by 引用的“{name}”不是用户任务。", "请填写用户任务的编号。")
            elif other is node:
                yield about(node, "的 not_by 引用了它自己。", "请填写需要由他人办理的前一步骤。")


def _family(scope: Scope) -> Iterator[Node]:
    for node in scope.nodes:
        yield node
        if node.inner is not None:
            yield from _family(node.inner)
