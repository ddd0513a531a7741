"""What anybody may read of the item list: the compiled versions, as they were published (R58)."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from engine.inspection import item_fields, item_lists
from engine.inspection.item_lists import DISTRICT
from engine.inspection.special_areas import SpecialAreas
from engine.web.context import database, departments, settings
from engine.web.guards import public
from engine.web.items import today
from engine.web.table_export import table_response

blueprint = Blueprint("items_public", __name__, url_prefix="/public")

#: What stands in the public table beside the name; the rest unfolds.
FOLDED = (
    "object_kind", "content", "method", "procedure", "approval_authority", "publication_procedure", "archiving",
    "ratio_ppm", "frequency",
)  # fmt: skip


@blueprint.get("/items")
@public
def index() -> ResponseReturnValue:
    """The newest published version, or the one asked for; search by words and organ."""
    wanted = {key: request.args.get(key, "").strip()[:80] for key in ("q", "department", "version")}
    with database().read() as session:
        versions = item_lists.versions(session, settings().district_id, DISTRICT)
        shown = next((v for v in versions if v.version == wanted["version"]), versions[0] if versions else None)
        entries = item_lists.entries(session, shown.id) if shown is not None else []
        areas = SpecialAreas.load(session, settings().district_id, today()).areas
    offered = sorted({entry.department for entry in entries})
    found = [
        entry for entry in entries
        if wanted["department"] in ("", entry.department)
        and (not wanted["q"] or wanted["q"] in entry.code + entry.name + str(entry.fields.get("legal_basis")))
    ]  # fmt: skip
    return render_template(
        "public/items.html", versions=versions, shown=shown, found=found, total=len(entries), wanted=wanted,
        offered=offered, folded=FOLDED, areas=areas,
    )  # fmt: skip


@blueprint.get("/items.<form>")
@public
def export(form: str) -> ResponseReturnValue:
    """The newest published version as a table."""
    with database().read() as session:
        shown = item_lists.newest(session, settings().district_id, DISTRICT)
        entries = item_lists.entries(session, shown.id) if shown is not None else []
    fields = {f: label for f, label in item_fields.LABELS.items() if f not in item_fields.STANDING}
    names = departments()  # read now: the rows are sent after the view has returned
    rows = ([item_fields.words(f, e.fields.get(f), names) for f in fields] for e in entries)
    name = f"随机抽查事项清单-{shown.version}" if shown is not None else "随机抽查事项清单"
    return table_response(form, name, list(fields.values()), rows)
