"""Templates of official documents can be set: known blocks, and expressions over names and fields that exist.

Names are those the guest offers to documents (``services.documents``), the steps of the diagrams and the fields of
their forms; without the guest's services names are not checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.lint.finding import Problem
from engine.lint.model import Model

#: What every submission says beside the fields of its form.
OF_EVERY_STEP = ("by", "on", "at", "paper", "department", "item")
_REMEDY = "请改正文书模板后重新上传，写法见文书模板说明。"


def check(model: Model) -> Iterator[Problem]:
    names = sorted(name for name in model.files if name.startswith("documents/") and name.endswith(".json"))
    if not names:
        return
    from engine.documents.reading import examine  # imported late: see engine/commands/kernel.py

    offered = getattr(model.services, "documents", None)
    vocabulary = None
    if offered:
        steps = _steps(model)
        vocabulary = {**offered, "steps": steps, "all_steps": steps}
    for name in names:
        template, problems = examine(model.files[name], vocabulary)
        key = name.removeprefix("documents/").removesuffix(".json")
        if template is not None and template.id and template.id != key:
            problems.append(f"id 应与文件名相同，为 {key}")
        for problem in problems:
            yield Problem(name, "", f"文书：{problem}".rstrip("。") + "。", _REMEDY)


def _steps(model: Model) -> dict[str, Any]:
    """Every user task with the fields of its form."""
    found: dict[str, Any] = {}
    for node in model.run_nodes:
        if node.type == "userTask":
            form = model.forms.get(node.properties.get("form", "").strip())
            fields = _fields(form.get("components")) if isinstance(form, Mapping) else {}
            found[node.id] = {**fields, **dict.fromkeys(OF_EVERY_STEP)}
    return found


def _fields(components: object) -> dict[str, Any]:
    if not isinstance(components, list):
        return {}
    return {
        str(c["key"]): _fields(c["components"]) if c.get("type") == "dynamiclist" else None
        for c in components
        if isinstance(c, Mapping) and "key" in c
    }
