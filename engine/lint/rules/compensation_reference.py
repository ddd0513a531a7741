"""A compensation event names an activity it can see and that can be compensated (spec §10.5.5, §10.7)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Event, Model, Node, Scope
from engine.lint.say import about
from engine.lint.words import THROWING


def check(model: Model) -> Iterator[Problem]:
    processes = {process.id: process for process in model.processes}
    for node in model.run_nodes:
        undoing = [event for event in node.boundary if event.has("compensateEventDefinition")]
        for second in undoing[1:]:
            yield about(second, f"是{node.label}的第二个补偿边界事件。", "一个活动只有一个补偿办法，请合并。")
        for event in node.events:
            if event.type == "compensateEventDefinition":
                yield from (_thrown(node, event, processes) if node.type in THROWING else _caught(node, event))


def _caught(node: Node, event: Event) -> Iterator[Problem]:
    if len(node.events) > 1:
        yield about(node, "同时等待补偿和别的事件。", "补偿只在活动完成之后发生，请分成两个事件。")
    if event.xml.get("activityRef"):
        yield about(
            node, "捕获补偿，却写了 activityRef。", "请删除 activityRef；补偿哪个活动由所附着的活动或所在的子流程决定。"
        )


def _thrown(node: Node, event: Event, processes: dict[str, Scope]) -> Iterator[Problem]:
    reference = event.xml.get("activityRef", "")
    target = node.scope.diagram.node(reference) if reference else None
    if target is None:
        return  # all that can be seen; or the rule references speaks
    if target.scope not in _visible(node.scope):
        yield about(
            node,
            f"要补偿的{target.label}不在同一层。",
            "请引用同一层的活动；在事件子流程里可以引用它外面一层的活动。",
        )
    elif not _compensable(target, processes, set()):
        yield about(
            node, f"要补偿的{target.label}没有补偿办法。", "请给它加上补偿边界事件，或在子流程里加补偿。", "warning"
        )


def _visible(scope: Scope) -> list[Scope]:
    found = [scope]
    while scope.owner is not None and scope.owner.is_event_sub_process:
        scope = scope.owner.scope
        found.append(scope)
    return found


def _compensable(node: Node, processes: dict[str, Scope], seen: set[Scope]) -> bool:
    if any(event.has("compensateEventDefinition") for event in node.boundary):
        return True
    inner = node.inner
    if node.type == "callActivity":
        inner = processes.get(node.get("calledElement").rpartition(":")[2])
    if inner is None or inner in seen:
        return False
    starts = (s for n in inner.nodes if n.is_event_sub_process and n.inner for s in n.inner.of("startEvent"))
    return any(s.has("compensateEventDefinition") for s in starts) or any(
        _compensable(each, processes, seen | {inner}) for each in inner.nodes
    )
