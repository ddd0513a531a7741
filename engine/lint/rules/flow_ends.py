"""A sequence flow connects two activities, gateways or events (spec §8.4.13); never an artifact or a lane."""

from __future__ import annotations

from collections.abc import Iterator

from engine.bpmn.xml import FLOW_NODES
from engine.lint.finding import Problem
from engine.lint.model import Model, local
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for flow in model.flows:
        for word, reference in (("起点 sourceRef", flow.source_ref), ("终点 targetRef", flow.target_ref)):
            if not reference:
                continue  # the schema rule names the missing attribute
            found = flow.scope.diagram.elements.get(reference)
            if not found:
                yield about(flow, f"的{word}“{reference}”不存在。", "请重新连接到一个活动、网关或事件。")
            elif local(found[0]) not in FLOW_NODES:
                yield about(
                    flow, f"的{word}“{reference}”是 {local(found[0])}，顺序流不能连接它。", "请连接到活动、网关或事件。"
                )
        for node in (flow.source, flow.target):
            if node is not None and node.is_event_sub_process:
                yield about(
                    flow, f"连接了事件子流程“{node.name or node.id}”。", "事件子流程不能有进出的顺序流，请删除该连线。"
                )
