"""A deployment contains a process that can be executed."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model


def check(model: Model) -> Iterator[Problem]:
    if model.diagrams and not any(process.executable for process in model.processes):
        diagram = model.diagrams[0]
        yield Problem(
            diagram.file,
            diagram.processes[0].id if diagram.processes else "",
            "没有可执行的流程。",
            '请把要运行的流程设为可执行（isExecutable="true"）。',
        )
