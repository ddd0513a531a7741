"""What anybody may read of the item list: the compiled versions, as they were published (R58)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine.inspection import item_fields, item_lists, public_fields
from engine.inspection.item_lists import DISTRICT
from engine.inspection.item_models import ItemList, SpecialArea
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


@dataclass(frozen=True)
class PublicItem:
    """One row of a version with the fields that are public."""

    code: str
    name: str
    department: str
    fields: dict[str, Any]


def _entries(session: Session, shown: ItemList | None, allowed: Collection[str]) -> list[PublicItem]:
    if shown is None:
        return []
    return [
        PublicItem(e.code, e.name, e.department, {f: v for f, v in e.fields.items() if f in allowed})
        for e in item_lists.entries(session, shown.id)
    ]  # fmt: skip


def _area(area: SpecialArea) -> dict[str, str]:
    """A special key area as the table lets it be seen: label → words."""
    names = departments()
    words = {
        "name": area.name, "department": names.get(area.department, area.department), "legal_basis": area.legal_basis,
        "frequency": area.frequency, "outside_draw": "在抽取以外检查" if area.outside_draw else "列入随机抽取",
    }  # fmt: skip
    rules = public_fields.rules(settings(), "area", "", today())
    return {rule.label: words[rule.field] for rule in rules if not rule.closed and rule.field in words}


@blueprint.get("/items")
@public
def index() -> ResponseReturnValue:
    """The newest published version, or the one asked for; search by words and organ."""
    wanted = {key: request.args.get(key, "").strip()[:80] for key in ("q", "department", "version")}
    allowed = public_fields.labels(settings(), "item", today())
    with database().read() as session:
        versions = item_lists.versions(session, settings().district_id, DISTRICT)
        shown = next((v for v in versions if v.version == wanted["version"]), versions[0] if versions else None)
        entries = _entries(session, shown, allowed)
        areas = [_area(area) for area in SpecialAreas.load(session, settings().district_id, today()).areas]
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
    allowed = public_fields.labels(settings(), "item", today())
    with database().read() as session:
        shown = item_lists.newest(session, settings().district_id, DISTRICT)
        entries = _entries(session, shown, allowed)
    fields = {f: label for f, label in item_fields.LABELS.items() if f in allowed}
    names = departments()  # read now: the rows are sent after the view has returned
    rows = ([item_fields.words(f, e.fields.get(f), names) for f in fields] for e in entries)
    name = f"随机抽查事项清单-{shown.version}" if shown is not None else "随机抽查事项清单"
    return table_response(form, name, list(fields.values()), rows)
