"""Whatever leaves the system as a file for somebody signed in is on record: who took what out, and when.

One place sees every answer: a view that sends a file need not remember, and cannot forget.  What a page shows, images
among it, is reading; what is delivered under a file name is taking out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, g, request

from engine.inspection.registry_export import RecordExport
from engine.web.context import actor, actor_or_none, engine
from engine.web.guards import guard_of

#: Files without a word of any case, firm or person: blank tables to be filled, and what a process is made of.
BLANK = frozenset({
    "handovers.template", "lead_import.template", "outside_visits.template", "library.document",
    "definition_files.one", "definition_files.everything",
})  # fmt: skip
#: Files handed out by a command that puts more on record than this would.
TOLD = frozenset({"audit.hand_over", "audit.export", "key_shares.collect"})


def record_export(register: str, form: str, rows: int | None, asked: Mapping[str, Any]) -> None:
    """Say that the signed-in person takes ``rows`` rows of ``register``; what the answer sends is not told twice."""
    engine().execute(RecordExport(register, form, rows, asked), actor=actor())
    g.export_told = True


def install(app: Flask) -> None:
    """Record every file sent by a view that is not public; when that fails, nothing is sent."""

    @app.after_request
    def tell(response: Response) -> Response:
        endpoint = request.endpoint or ""
        if _takes_out(app, endpoint, response) and not g.get("export_told"):
            asked = {**(request.view_args or {}), **request.args.to_dict()}
            form = (response.mimetype or "").rpartition("/")[2][:100]
            record_export(endpoint, form, None, {name: str(value)[:200] for name, value in asked.items()})
        return response


def _takes_out(app: Flask, endpoint: str, response: Response) -> bool:
    said = response.headers.get("Content-Disposition", "")
    shown = said.startswith("inline") and (response.mimetype or "").startswith("image/")
    guard = guard_of(app.view_functions.get(endpoint))
    return (
        bool(said) and not shown and response.status_code in (200, 206)
        and endpoint not in BLANK | TOLD and request.method != "HEAD"
        and guard is not None and guard.kind != "public" and actor_or_none() is not None
    )  # fmt: skip
