"""A public process shows partners what they see of it; only private ones are run (spec §10.2, table 10.1)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about


def check(model: Model) -> Iterator[Problem]:
    for process in model.processes:
        if process.executable and (process.xml.get("processType") or "").strip() == "Public":
            yield about(
                process, "是公开流程（processType=Public），不能同时可执行。", "请改为 Private，或设为不可执行。"
            )
