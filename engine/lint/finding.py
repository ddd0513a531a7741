"""What a lint rule says about a model."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

#: ``error``: the model breaks the standard or a rule of this system.  ``unsupported``: it is lawful, but cannot
#: be run exactly here.  Neither is deployed.  ``warning``: it deserves a second look.
Severity = Literal["error", "unsupported", "warning"]
#: How people call them.
WORDS: dict[str, str] = {"error": "错误", "unsupported": "不支持", "warning": "提醒"}


@dataclass(frozen=True)
class Finding:
    """One reason why a model is refused or deserves a second look, see :data:`Severity`.

    ``element`` is the id of the element in the diagram; ``message`` says what is wrong and
    ``remedy`` what to do, both in Chinese.
    """

    rule: str
    severity: Severity
    file: str
    element: str
    message: str
    remedy: str

    @property
    def refuses(self) -> bool:
        """Does it keep the model from being deployed?"""
        return self.severity != "warning"

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
