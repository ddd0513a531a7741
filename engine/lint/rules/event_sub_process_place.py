"""An event sub-process is a plain sub-process: no loop, no transaction, not inside an ad-hoc one (spec §10.3.5)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model, Node
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        if not node.is_event_sub_process:
            continue
        if node.type != "subProcess":
            yield about(node, "由事件触发（triggeredByEvent），只有普通子流程可以。", "请改为普通的事件子流程。")
        if node.scope.type == "adHocSubProcess":
            yield about(node, "在自由子流程里，系统暂不支持。", "请放到外面一层，或改用自由子流程上的边界事件。")
        if node.loop is not None:
            yield about(node, "是事件子流程，不能循环或多实例。", "请把循环画在事件子流程里面的活动上。")
        if node.is_compensation and not _undoes(node):
            yield about(node, "由别的事件启动，却标为补偿活动。", "请去掉 isForCompensation，或者改为由补偿启动。")
    for scope in model.scopes:
        handlers = [n for n in scope.nodes if n.is_event_sub_process and n.executable]
        for handler in [h for h in handlers if _undoes(h)][1:]:
            yield about(handler, "是这一层的第二个补偿事件子流程。", "一层只能有一个，请合并。")


def _undoes(node: Node) -> bool:
    """An event sub-process that compensation starts."""
    return node.inner is not None and any(s.has("compensateEventDefinition") for s in node.inner.of("startEvent"))
