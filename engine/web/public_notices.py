"""What anybody may read of hearings to come and of documents served by announcement, as long as they last."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from engine.inspection.public_notices import notices
from engine.web.context import database, departments, settings
from engine.web.guards import public
from engine.web.items import today

blueprint = Blueprint("public_notices", __name__, url_prefix="/public")


@blueprint.get("/notices")
@public
def index() -> ResponseReturnValue:
    """听证公告 and 送达公告; one whose day is over is not shown any more."""
    wanted = {key: request.args.get(key, "").strip()[:80] for key in ("q", "department")}
    with database().read() as session:
        hearings, services = notices(session, settings(), today(), wanted)
    return render_template(
        "public/notices.html", hearings=hearings, services=services, wanted=wanted, departments=departments()
    )
