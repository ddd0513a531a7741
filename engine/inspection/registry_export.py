"""Exports leave a trace: who took out what, and how many rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.commands.context import CommandContext

EXPORTED = "registry-exported"


@dataclass(frozen=True)
class RecordExport:
    """Say in the district's history that the actor takes out ``rows`` rows of a register as ``form``.

    ``asked`` is the filter, or what names the case, as the address bar holds it; an empty one means the whole
    register.  ``rows`` is None for what is no list: a document, a case file, an uploaded file.
    """

    register: str
    form: str
    rows: int | None
    asked: Mapping[str, Any] = field(default_factory=dict)

    def run(self, ctx: CommandContext) -> None:
        body = {"register": self.register, "form": self.form, "rows": self.rows, "filter": dict(self.asked)}
        ctx.record(None, EXPORTED, body)
