"""Forms can be shown and validated: component types, keys, conditions and patterns."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model


def check(model: Model) -> Iterator[Problem]:
    names = sorted(name for name in model.files if name.startswith("forms/") and name.endswith(".json"))
    if names:
        from engine.forms.problems import form_problems  # imported late: see engine/commands/kernel.py

        for name in names:
            for problem in form_problems(model.files[name]):
                yield Problem(name, "", f"表单：{problem}".rstrip("。") + "。", "请在表单编辑器中改正后重新上传。")
