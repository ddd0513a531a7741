"""A call activity calls a process of the same deployment that can be started (spec §10.3.6), never itself.

Calls of calls multiply: a chain of processes that each call the next one twice doubles at every
step, so the number of calls one start can lead to is limited as well.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model, Node, Scope, local
from engine.lint.say import about

MAX_CALLS = 1_000


def check(model: Model) -> Iterator[Problem]:
    processes = {process.id: process for process in model.processes}
    calls: dict[str, list[str]] = {}
    for node in _calls(model):
        calls.setdefault(node.scope.process.id, []).append(_called(node))
    circular = _circular(calls)
    for node in _calls(model):
        called = _called(node)
        process = processes.get(called)
        if not called:
            yield about(node, "没有说明调用哪个流程。", "请选择被调用的流程（calledElement）。")
        elif process is None:
            yield _missing(node, called)
        elif node.scope.process.id in circular and called in circular:
            yield about(node, "使流程直接或间接调用自己。", "请改为循环，或拆分流程。")
        else:
            yield from _judge(node, process)
    for process in model.processes:
        total = 0 if circular else _expanded(process.id, calls, {})
        if total > MAX_CALLS:
            yield about(
                process, f"层层调用，一次启动会展开 {total:,} 个流程，超过上限 {MAX_CALLS:,}。", "请减少重复的调用。"
            )


def _calls(model: Model) -> Iterator[Node]:
    return (node for node in model.run_nodes if node.type == "callActivity")


def _called(node: Node) -> str:
    return node.get("calledElement").rpartition(":")[2]


def _missing(node: Node, called: str) -> Problem:
    element = node.scope.diagram.find(called)
    if element is not None:
        return about(
            node, f"调用的“{called}”是 {local(element)}，只能调用流程或全局任务。", "请改为调用流程或全局任务。"
        )
    return about(node, f"调用的流程“{called}”不在本次部署中。", "请把被调用的流程一并上传，或改正 calledElement。")


def _judge(node: Node, process: Scope) -> Iterator[Problem]:
    name = process.name or process.id
    starts = process.of("startEvent")
    if not process.executable:
        yield about(node, f"调用的流程“{name}”不可执行。", "请把该流程设为可执行。")
    if starts and all(start.events for start in starts):
        yield about(node, f"调用的流程“{name}”没有空开始事件。", "被调用的流程至少要有一个空开始事件。")


def _circular(calls: dict[str, list[str]]) -> set[str]:
    """Processes that lead into a circle of calls: what is left when callers of finished ones are peeled off."""
    left = {caller: set(called) for caller, called in calls.items()}
    while True:
        done = {caller for caller, called in left.items() if not called & left.keys()}
        if not done:
            return set(left)
        left = {caller: called for caller, called in left.items() if caller not in done}


def _expanded(process: str, calls: dict[str, list[str]], known: dict[str, int]) -> int:
    if process not in known:
        known[process] = min(10**9, sum(1 + _expanded(called, calls, known) for called in calls.get(process, ())))
    return known[process]
