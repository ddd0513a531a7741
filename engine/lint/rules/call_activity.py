"""A call activity calls a process of the same deployment that can be started (spec §10.3.6), and not itself."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model, Scope, local
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    processes = {process.id: process for process in model.processes}
    calls: dict[str, set[str]] = {}
    for node in model.run_nodes:
        if node.type != "callActivity":
            continue
        called = node.get("calledElement").rpartition(":")[2]
        if not called:
            yield about(node, "没有说明调用哪个流程。", "请选择被调用的流程（calledElement）。")
            continue
        process = processes.get(called)
        if process is None:
            element = node.scope.diagram.find(called)
            if element is not None:
                yield about(node, f"调用的“{called}”是 {local(element)}，系统只能调用流程。", "请改为调用一个流程。")
            else:
                yield about(
                    node, f"调用的流程“{called}”不在本次部署中。", "请把被调用的流程一并上传，或改正 calledElement。"
                )
            continue
        calls.setdefault(node.scope.process.id, set()).add(called)
        if not process.executable:
            yield about(node, f"调用的流程“{process.name or called}”不可执行。", "请把该流程设为可执行。")
        if all(start.events for start in process.of("startEvent")) and process.of("startEvent"):
            yield about(
                node, f"调用的流程“{process.name or called}”没有空开始事件。", "被调用的流程至少要有一个空开始事件。"
            )
        if _calls_back(called, node.scope.process, processes, calls, model):
            yield about(node, "使流程直接或间接调用自己。", "请改为循环，或拆分流程。")


def _calls_back(
    called: str, caller: Scope, processes: dict[str, Scope], calls: dict[str, set[str]], model: Model
) -> bool:
    edges: dict[str, set[str]] = {}
    for node in model.run_nodes:
        if node.type == "callActivity":
            edges.setdefault(node.scope.process.id, set()).add(node.get("calledElement").rpartition(":")[2])
    seen, todo = set(), [called]
    while todo:
        current = todo.pop()
        if current == caller.id:
            return True
        if current not in seen:
            seen.add(current)
            todo += edges.get(current, ())
    return False
