"""Properties are spelled as the system reads them; an unknown one would be ignored silently (warning)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about

KNOWN = frozenset(
    {
        "form",
        "documents",
        "department",
        "role",
        "candidates",
        "on_behalf",
        "due",
        "deadline",
        "legal_basis",
        "not_by",
        "on_submit",
        "service",
        "decision",
        "to",
        "payload",
    }
)


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        for name in node.properties:
            if name not in KNOWN and not name.startswith(("set:", "param:")):
                yield about(
                    node,
                    f"的属性“{name}”系统不认识，会被忽略。",
                    f"可用的属性：{'、'.join(sorted(KNOWN))}、set:名称、param:名称。",
                    "warning",
                )
