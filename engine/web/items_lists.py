"""清单版本: the province's and the district's versions, any two side by side, and what is not claimed yet."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.errors import Conflict, InvalidInput, NotFound
from engine.inspection import item_fields, item_lists
from engine.inspection.item_list_commands import (
    CompileItemList,
    ImportProvincialList,
    KeepProvincialFile,
    ProvincialImport,
    kept_file,
)
from engine.inspection.item_lists import COUNTERPART_STATES, DISTRICT, PROVINCE, SCOPES
from engine.inspection.item_models import StagedFile
from engine.inspection.opening import OFFICE
from engine.web.context import actor, database, departments, engine, settings
from engine.web.guards import requires_role, signed_in
from engine.web.items import is_office, own_departments, today
from engine.web.table_export import table_response
from engine.web.task_lookup import is_id

blueprint = Blueprint("items_lists", __name__)

KINDS = ("增加", "减少", "变更")
CHIPS = {"增加": "chip-green", "减少": "chip-red", "变更": "chip-amber"}
COUNTERPART_CHIPS = {"未认领": "chip-red", "要素不同": "chip-amber", "一致": "chip-green"}
#: Rows of one page of a comparison; further ones by filter.
SHOWN = 300


@blueprint.get("/items/versions")
@signed_in
def index() -> ResponseReturnValue:
    """All versions; the conference office takes in the province's and compiles the district's."""
    return _index()


def _index(
    values: dict[str, str] | None = None, errors: dict[str, list[str]] | None = None, *, form: str = "",
    outcome: ProvincialImport | None = None, kept: StagedFile | None = None,
) -> ResponseReturnValue:  # fmt: skip
    with database().read() as session:
        rows = item_lists.versions(session, settings().district_id)
    year = today().year
    serial = sum(row.scope == DISTRICT and row.issued_on.year == year for row in rows) + 1
    defaults = {
        "import": {"issued_on": today().isoformat()},
        "compile": {
            "version": f"{year}年第{serial}版", "title": f"{year}年度随机抽查事项清单", "issued_on": today().isoformat()
        },
    }  # fmt: skip
    page = render_template(
        "items/versions.html", rows=rows, scopes=SCOPES, may=is_office(), form=form, errors=errors or {}, kept=kept,
        typed={name: values if form == name else default for name, default in defaults.items()}, outcome=outcome,
    )  # fmt: skip
    return page, 422 if errors or outcome is not None else 200


def _typed() -> dict[str, str]:
    return {name: request.form.get(name, "") for name in ("version", "title", "document_number", "issued_on", "note")}


@blueprint.post("/items/versions/province")
@requires_role(OFFICE)
def take_in() -> ResponseReturnValue:
    """Take in the province's list as a version: all rows or none.

    The file is kept meanwhile: whoever mends a field need not choose it again.
    """
    file, kept = request.files.get("file"), None
    staged_id = request.form.get("staged", "")
    if file is not None and file.filename:
        staged_id = engine().execute(KeepProvincialFile(file.filename, file.read()), actor=actor())
    try:
        with database().read() as session:
            kept = kept_file(session, settings().district_id, actor(), staged_id if is_id(staged_id) else "")
        if kept is None:
            raise InvalidInput("请选择文件。", fields={"file": ["请选择省级清单文件（CSV 或 Excel）。"]})
        command = ImportProvincialList(kept.file_name, kept.content, _typed(), staged_id=kept.id)
        outcome = engine().execute(command, actor=actor())
    except (InvalidInput, Conflict) as error:
        return _index(_typed(), _faults(error, "file"), form="import", kept=kept)
    if outcome.problems:
        return _index(_typed(), form="import", outcome=outcome, kept=kept)
    flash(f"已导入省级清单 {outcome.count} 项，请各部门对照认领。", "success")
    return redirect(url_for(".show", list_id=outcome.list_id), 303)


@blueprint.post("/items/versions/district")
@requires_role(OFFICE)
def compile_list() -> ResponseReturnValue:
    """Compile the present items into a new district version."""
    try:
        list_id = engine().execute(CompileItemList(_typed()), actor=actor())
    except (InvalidInput, Conflict) as error:
        return _index(_typed(), _faults(error, "version"), form="compile")
    flash("已汇编新版区级清单并公布。", "success")
    return redirect(url_for(".show", list_id=list_id), 303)


def _faults(error: InvalidInput | Conflict, field: str) -> dict[str, list[str]]:
    """What is wrong by field; what concerns none stands at ``field``."""
    fields = error.fields if isinstance(error, InvalidInput) else {}
    return fields or {field: [error.message]}


@blueprint.get("/items/versions/<list_id>")
@signed_in
def show(list_id: str) -> ResponseReturnValue:
    """One version, complete."""
    with database().read() as session:
        version = item_lists.version_of(session, settings().district_id, _id(list_id))
        entries = item_lists.entries(session, version.id)
        others = [v for v in item_lists.versions(session, settings().district_id) if v.id != version.id]
    return render_template("items/version.html", version=version, listed=entries, scopes=SCOPES, others=others)


@blueprint.get("/items/versions/<list_id>/export.<form>")
@signed_in
def export(list_id: str, form: str) -> ResponseReturnValue:
    """A version with every field."""
    with database().read() as session:
        version = item_lists.version_of(session, settings().district_id, _id(list_id))
        entries = item_lists.entries(session, version.id)
    fields = item_fields.LABELS
    names = departments()  # read now: the rows are sent after the view has returned
    rows = ([item_fields.words(f, e.fields.get(f), names) for f in fields] for e in entries)
    return table_response(form, f"{SCOPES[version.scope]}-{version.version}", list(fields.values()), rows)


def _id(text: str) -> str:
    if not is_id(text):
        raise NotFound("没有找到这个清单版本，可能链接有误。")
    return text


@blueprint.get("/items/compare")
@signed_in
def compare() -> ResponseReturnValue:
    """Any two versions, field by field; without a choice the two newest of the district."""
    district = settings().district_id
    kind, department = request.args.get("kind", ""), request.args.get("department", "")
    with database().read() as session:
        versions = item_lists.versions(session, district)
        own = [v for v in versions if v.scope == DISTRICT]
        chosen = {v.id: v for v in versions}
        new = chosen.get(request.args.get("new", "")) or (own[0] if own else None)
        old = chosen.get(request.args.get("old", "")) or (own[1] if len(own) > 1 else new)
        found = (
            item_lists.compare(item_lists.entries(session, old.id), item_lists.entries(session, new.id))
            if old is not None and new is not None
            else []
        )
    counts = Counter(one.kind for one in found)
    offered = sorted({one.department for one in found})
    found = [o for o in found if kind in ("", o.kind) and department in ("", o.department)]
    return render_template(
        "items/compare.html", versions=versions, scopes=SCOPES, old=old, new=new, found=found[:SHOWN],
        more=len(found) - SHOWN, counts=counts, kinds=KINDS, chips=CHIPS, kind=kind, department=department,
        offered=offered,
    )  # fmt: skip


@blueprint.get("/items/province")
@signed_in
def province() -> ResponseReturnValue:
    """The province's newest list beside the district's items: unclaimed, different, the same, our own (R6)."""
    wanted: dict[str, Any] = {
        "state": request.args.get("state", "未认领" if not request.args else ""),
        "organ": request.args.get("organ", "")[:100],
        "q": request.args.get("q", "").strip()[:80],
    }
    with database().read() as session:
        newest = item_lists.newest(session, settings().district_id, PROVINCE)
        found = item_lists.beside_province(session, settings().district_id, newest, today()) if newest else []
    counts = Counter(one.state for one in found)
    organs = sorted({one.province.department for one in found if one.province is not None})
    shown = [one for one in found if _matches(one, wanted)]
    return render_template(
        "items/province.html", newest=newest, found=shown[:SHOWN], more=len(shown) - SHOWN, counts=counts,
        states=COUNTERPART_STATES, chips=COUNTERPART_CHIPS, wanted=wanted, organs=organs,
        own=[(code, departments()[code]) for code in own_departments()],
    )  # fmt: skip


def _matches(one: item_lists.Counterpart, wanted: dict[str, Any]) -> bool:
    if wanted["state"] and one.state != wanted["state"]:
        return False
    if wanted["organ"] and (one.province is None or one.province.department != wanted["organ"]):
        return False
    names = [side.code + side.name for side in (one.province, one.item) if side is not None]
    return not wanted["q"] or any(wanted["q"] in name for name in names)
