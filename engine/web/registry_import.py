"""导入名录: upload, preview, confirm, and what was imported before."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session, undefer

from engine.errors import InvalidInput, NotFound
from engine.inspection.registry_import import KINDS
from engine.inspection.registry_import.importer import FAILED, FINISHED
from engine.inspection.registry_import.store import TABLES
from engine.inspection.registry_import.surroundings import why_no_items
from engine.inspection.registry_import.uploads import (
    GIVEN_UP,
    MOVING,
    ROLES,
    TO_CONFIRM,
    ConfirmImport,
    GiveUpImport,
    KeepUpload,
    is_small,
    out_of_use,
    preview_upload,
    run_import,
)
from engine.inspection.registry_models import RegistryImport
from engine.inspection.registry_proposals import words
from engine.web.context import actor, database, engine, now, settings
from engine.web.csv_export import csv_response
from engine.web.downloads import name_file
from engine.web.guards import requires_role
from engine.web.listing import cursor
from engine.web.navigation import NavItem

blueprint = Blueprint("registry_import", __name__)
NAV = (
    NavItem("导入名录", "registry_import.index", "file", 38, "/imports", roles=frozenset(ROLES), group="名录"),
)  # fmt: skip

CHIPS = {FINISHED: "chip-green", TO_CONFIRM: "chip-amber", FAILED: "chip-red", GIVEN_UP: ""}
PAGE = 50


@blueprint.get("/imports")
@requires_role(*ROLES)
def index() -> ResponseReturnValue:
    """The form and what was imported before, the newest first."""
    return _list()


def _list(errors: dict[str, list[str]] | None = None) -> ResponseReturnValue:
    register = request.args.get("register", "")
    statement = sa.select(RegistryImport).where(RegistryImport.district_id == settings().district_id)
    if register in TABLES:
        statement = statement.where(RegistryImport.register == register)
    if after := cursor():
        statement = statement.where(RegistryImport.id < after)
    with database().read() as session:
        found = session.scalars(statement.order_by(RegistryImport.id.desc()).limit(PAGE + 1)).all()
        closed = {"items": why_no_items(session, settings().district_id)}
    following = url_for(".index", register=register or None, after=found[PAGE - 1].id) if len(found) > PAGE else None
    typed = {"kind": request.form.get("kind", "objects"), "full": "full" in request.form}
    page = render_template(
        "registry/imports.html", rows=found[:PAGE], kinds=_kinds(), closed=closed, chips=CHIPS, moving=MOVING,
        register=register, following=following, errors=errors or {}, typed=typed,
    )  # fmt: skip
    return make_response(page, 422 if errors else 200)


def _kinds() -> dict[str, str]:
    return {kind: KINDS[kind] for kind in TABLES}


@blueprint.post("/imports")
@requires_role(*ROLES)
def upload() -> ResponseReturnValue:
    """Keep the file and look at it; a large one is looked at by a worker."""
    file = request.files.get("file")
    try:
        if file is None or not file.filename:
            raise InvalidInput("请选择文件。", fields={"file": ["请选择要导入的 CSV 或 Excel 文件。"]})
        command = KeepUpload(request.form.get("kind", ""), file.filename, file.stream.read(), "full" in request.form)
        import_id = engine().execute(command, actor=actor())
    except InvalidInput as error:
        return _list(error.fields or {"file": [error.message]})
    if _waits(import_id):
        preview_upload(engine(), {"import_id": import_id})
    return redirect(url_for(".show", import_id=import_id), 303)


def _waits(import_id: str) -> bool:
    """Whether the person waits for the file: it is small, or there is no worker's queue to give it to."""
    with database().read() as session:
        row = _find(session, import_id, content=True)
        return engine().kernel.jobs is None or is_small(row)


def _find(session: Session, import_id: str, *, content: bool = False, lists: bool = False) -> RegistryImport:
    statement = sa.select(RegistryImport).where(
        RegistryImport.district_id == settings().district_id, RegistryImport.id == str(import_id)
    )
    if content:
        statement = statement.options(undefer(RegistryImport.content))
    if lists:
        statement = statement.options(undefer(RegistryImport.problems), undefer(RegistryImport.missing))
    row = session.scalar(statement)
    if row is None:
        raise NotFound("没有找到这次导入，可能链接有误。")
    return row


@blueprint.get("/imports/<uuid:import_id>")
@requires_role(*ROLES)
def show(import_id: Any) -> ResponseReturnValue:
    """One file: what it would do, or what it did."""
    return _show(import_id)


def _show(import_id: Any, errors: dict[str, list[str]] | None = None) -> ResponseReturnValue:
    with database().read() as session:
        row = _find(session, import_id, lists=True)
        before = session.scalars(
            sa.select(RegistryImport.at)
            .where(
                RegistryImport.district_id == row.district_id, RegistryImport.sha256 == row.sha256,
                RegistryImport.register == row.register, RegistryImport.state == FINISHED, RegistryImport.id < row.id,
            )
            .order_by(RegistryImport.id.desc())
        ).first()  # fmt: skip
    stopped_as = out_of_use(settings(), row.register, now().date()) if row.full else ""
    page = render_template(
        "registry/import.html", row=row, kind=KINDS[row.register], chip=CHIPS.get(row.state, "chip-blue"), words=words,
        moving=row.state in MOVING, before=before, errors=errors or {}, reason=request.form.get("reason", row.reason),
        stopped_as=stopped_as, may_confirm=row.state == TO_CONFIRM or (row.state == FAILED and row.preview is not None),
        may_give_up=row.state in (TO_CONFIRM, FAILED) and bool(row.preview),
    )  # fmt: skip
    return make_response(page, 422 if errors else 200)


@blueprint.post("/imports/<uuid:import_id>/confirm")
@requires_role(*ROLES)
def confirm(import_id: Any) -> ResponseReturnValue:
    """Import what was previewed."""
    command = ConfirmImport(str(import_id), request.form.get("reason", ""), "stop_missing" in request.form)
    try:
        engine().execute(command, actor=actor())
    except InvalidInput as error:
        return _show(import_id, error.fields)
    if _waits(str(import_id)):
        run_import(engine(), {"import_id": str(import_id)})
    return redirect(url_for(".show", import_id=import_id), 303)


@blueprint.post("/imports/<uuid:import_id>/give-up")
@requires_role(*ROLES)
def give_up(import_id: Any) -> ResponseReturnValue:
    """Forget the file."""
    engine().execute(GiveUpImport(str(import_id)), actor=actor())
    flash("已放弃这次导入，名录没有改动。", "success")
    return redirect(url_for(".index"), 303)


@blueprint.get("/imports/<uuid:import_id>/errors.csv")
@requires_role(*ROLES)
def errors_csv(import_id: Any) -> ResponseReturnValue:
    """The whole error list, as the command writes it beside the file."""
    with database().read() as session:
        row = _find(session, import_id, lists=True)
    response: Response = make_response("\ufeff" + row.problems)
    response.headers["Content-Type"] = "text/csv; charset=utf-8"
    name_file(response, f"{row.file_name.rsplit('.', 1)[0]}-差错.csv")
    return response


@blueprint.get("/imports/<uuid:import_id>/missing.csv")
@requires_role(*ROLES)
def missing_csv(import_id: Any) -> ResponseReturnValue:
    """The rows in use that a full file does not have."""
    with database().read() as session:
        row = _find(session, import_id, lists=True)
        table = TABLES[row.register]
        key = table.c.uscc if row.register == "objects" else table.c.code
        body: list[list[Any]] = []
        for start in range(0, len(row.missing), 500):
            found = sa.select(key, table.c.name, table.c.status).where(
                table.c.district_id == row.district_id, key.in_(row.missing[start : start + 500])
            )
            body += [list(line) for line in session.execute(found.order_by(key))]
    return csv_response("全量文件中没有的.csv", ["代码", "名称", "状态"], body)
