"""Leads by file: choose one, look at every row, confirm."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.errors import InvalidInput
from engine.inspection.lead_entry import ENTERING
from engine.inspection.lead_import import (
    KIND,
    KNOWN,
    MAX_ROWS,
    NEW,
    REFUSED,
    ImportLeads,
    StageLeads,
    read_leads,
    staged_file,
)
from engine.inspection.outside_import import MAX_BYTES, check_size
from engine.inspection.registry_import.columns import COLUMNS
from engine.web.context import actor, database, engine, now, settings
from engine.web.guards import requires_role
from engine.web.listing import today
from engine.web.table_export import table_response
from engine.web.task_lookup import is_id

blueprint = Blueprint("lead_import", __name__)


@blueprint.get("/leads/import")
@requires_role(*ENTERING)
def choose() -> ResponseReturnValue:
    """Choose a file; the columns it may have."""
    return _choose({})


def _choose(errors: dict[str, list[str]]) -> str:
    return render_template("leads/import.html", columns=COLUMNS[KIND], errors=errors, most=MAX_ROWS)


@blueprint.post("/leads/import")
@requires_role(*ENTERING)
def stage() -> ResponseReturnValue:
    """Keep the file and show what would become of every row."""
    file = request.files.get("file")
    try:
        if file is None:
            raise InvalidInput("请选择文件。", fields={"file": ["请选择要导入的文件（CSV 或 Excel）。"]})
        content = file.read(MAX_BYTES + 1)  # no more of it is looked at than may be kept
        check_size(content)
        with database().read() as session:  # a file that cannot be read is refused before it is kept
            read_leads(session, settings(), settings().district_id, actor(), today(), content)
        staged_id = engine().execute(StageLeads(file.filename or "", content), actor=actor())
    except InvalidInput as error:
        return _choose({"file": error.fields.get("file") or [error.message]}), 422
    return redirect(url_for(".preview", staged_id=staged_id), 303)


@blueprint.get("/leads/import/<staged_id>")
@requires_role(*ENTERING)
def preview(staged_id: str) -> ResponseReturnValue:
    """Every row with its fate, the problems first; nothing is entered yet, and no reporter is shown."""
    with database().read() as session:
        staged = staged_file(session, settings().district_id, actor(), staged_id if is_id(staged_id) else "", now())
        reading = read_leads(session, settings(), settings().district_id, actor(), today(), staged.content)
    return render_template(
        "leads/preview.html", staged=staged, reading=reading, new=NEW, known=KNOWN, refused=REFUSED
    )  # fmt: skip


@blueprint.post("/leads/import/<staged_id>")
@requires_role(*ENTERING)
def confirm(staged_id: str) -> ResponseReturnValue:
    """Enter the good rows."""
    reading = engine().execute(ImportLeads(staged_id if is_id(staged_id) else ""), actor=actor())
    refused = reading.count(REFUSED)
    flash(
        f"新登记 {reading.count(NEW)} 条线索，已登记过 {reading.count(KNOWN)} 条"
        + (f"，{refused} 行没有导入，请更正后再导入一次。" if refused else "。"),
        "warning" if refused else "success",
    )
    return redirect(url_for("leads.index"), 303)


@blueprint.get("/leads/import/template.csv")
@requires_role(*ENTERING)
def template() -> ResponseReturnValue:
    """An empty file with the columns the import reads."""
    return table_response("csv", "投诉举报线索-模板", [column.header for column in COLUMNS[KIND]], [])
