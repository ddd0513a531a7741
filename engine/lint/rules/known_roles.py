"""The lane of a user task, or its property ``role``, names a role that exists."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from engine.lint.finding import Problem
from engine.lint.model import Model, Node, q, text_of
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    if model.roles is None:
        return
    for diagram in model.diagrams:
        lanes = {text_of(r): lane for lane in diagram.all("lane") for r in lane.iterfind(q("flowNodeRef"))}
        for node in diagram.nodes:
            if node.type not in {"userTask", "manualTask"} or not node.scope.executable:
                continue
            role = node.properties.get("role", "").strip() or _lane_name(node, lanes)
            if not role:
                yield about(
                    node,
                    "不在任何有名称的泳道里，也没有指定角色，没有人能办理。",
                    "请放入以角色命名的泳道，或填写属性 role。",
                )
            elif role not in model.roles:
                known = "、".join(sorted(model.roles))
                yield about(node, f"的角色“{role}”不存在。", f"可用的角色：{known}。")


def _lane_name(node: Node, lanes: dict[str, etree._Element]) -> str:
    """The lane of the node or of the sub-process around it."""
    current: Node | None = node
    while current is not None:
        lane = lanes.get(current.id)
        if lane is not None:
            return str(lane.get("name") or "").strip()
        current = current.scope.owner
    return ""
