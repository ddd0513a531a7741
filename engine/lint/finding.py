"""What a lint rule says about a model."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Finding:
    """One reason why a model is refused (error) or deserves a second look (warning).

    ``element`` is the id of the element in the diagram; ``message`` says what is wrong and
    ``remedy`` what to do, both in Chinese.
    """

    rule: str
    severity: Severity
    file: str
    element: str
    message: str
    remedy: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Problem:
    """A finding before the linter adds the name of the rule."""

    file: str
    element: str
    message: str
    remedy: str
    severity: Severity = "error"
