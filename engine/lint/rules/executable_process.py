"""A deployment contains one process to run; further executable ones are called by it.

Diagrams that say of all their processes that they are not executable are lawful pictures, and files that only
declare or import are lawful too; but there is nothing to run (unsupported).
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model, local
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    if not model.diagrams:
        return
    executable = [process for process in model.processes if process.executable and process.type == "process"]
    if not executable:
        diagram = model.diagrams[0]
        first = diagram.processes[0].id if diagram.processes else ""
        drawn = any(local(part) for d in model.diagrams for part in d.root)
        yield Problem(
            diagram.file, first,
            "没有可执行的流程，文件只是示意或者声明。" if drawn else "没有可执行的流程。",
            '请把要运行的流程设为可执行（isExecutable="true"）。', "unsupported" if drawn else "error",
        )  # fmt: skip
    called = {n.get("calledElement").rpartition(":")[2] for n in model.nodes if n.type == "callActivity"}
    roots = [process for process in executable if process.id not in called]
    for process in roots[1:]:
        first = roots[0].name or roots[0].id
        yield about(
            process,
            f"与“{first}”都可执行，又没有谁调用它；一次部署只运行一个流程。",
            "请分开部署，或设为不可执行。",
            "warning",
        )
