"""许可到期提醒: permits that have run out or soon will, by who supervises and who issued."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.inspection.asked import several
from engine.inspection.object_filter import EXPIRES, ObjectFilter, known_values
from engine.inspection.object_permits import WITHIN, expiring
from engine.web.context import actor, database, departments, settings
from engine.web.guards import signed_in
from engine.web.objects_common import regions, today

blueprint = Blueprint("objects_expiry", __name__, url_prefix="/objects/expiring")
PAGE = 50
_ASKED = ("region", "supervisor", "issuer", "permit", "status")


@blueprint.get("")
@signed_in
def index() -> ResponseReturnValue:
    """Soonest first; of those that have run out the latest first."""
    within = request.args.get("within", "")
    within = within if within in WITHIN else WITHIN[0]
    held: dict[str, Any] = {name: several(request.args, name) for name in _ASKED}
    asked = replace(ObjectFilter(expires=within), **held)
    after = request.args.get("after", "")
    with database().read() as session:
        district = settings().district_id
        page = expiring(session, district, asked, today(), size=PAGE, after=_day(after))
        values = known_values(session, district)
    kept: dict[str, Any] = {name: texts for name, texts in held.items() if texts}
    return render_template(
        "objects/expiring.html", page=page, asked=asked, within=within, tabs_of=WITHIN, names=EXPIRES, kept=kept,
        departments=departments(), regions=regions(), own=actor().department,
        values={name: {text: text for text in texts} for name, texts in values.items()},
        following=url_for(".index", within=within, after=page.after, **kept) if page.after else "",
        listed=url_for("objects.index") + "?" + urlencode({**kept, "expires": within}, doseq=True),
    )  # fmt: skip


def _day(text: str) -> str:
    """The text when it is a day, as our own addresses carry it; else nothing."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""
