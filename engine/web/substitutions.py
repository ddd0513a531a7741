"""更换检查人员: asking that an inspector who cannot go be replaced by the draw's rule."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.errors import Conflict, InvalidInput
from engine.inspection import records, substitutions, tables
from engine.inspection.substitutions import ASKING, RequestSubstitution
from engine.web.cases import team_of
from engine.web.context import actor, database, engine, now, settings
from engine.web.guards import requires_role, signed_in
from engine.web.inspections import find_inspection

blueprint = Blueprint("substitutions", __name__)

CHIPS = {"待决定": "chip-amber", "已更换": "chip-green", "不予更换": ""}


@blueprint.get("/substitutions/<path:part>")
@signed_in
def show(part: str) -> ResponseReturnValue:
    """What was asked for at a department inspection, and the form for another request."""
    return _page(part)


@blueprint.post("/substitutions/<path:part>")
@requires_role(*ASKING)
def ask(part: str) -> ResponseReturnValue:
    """Hand the request to the organ's head; whatever is wrong, everything typed comes back."""
    typed: dict[str, Any] = {name: request.form.get(name, "") for name in ("inspector", "cause", "reason")}
    typed["whole_campaign"] = request.form.get("whole_campaign") == "on"
    with database().read() as session:
        find_inspection(session, part.rpartition("/")[0])
    try:
        engine().execute(RequestSubstitution(part, **typed), actor=actor())
    except InvalidInput as error:
        return _page(part, typed, error.fields, status=422)
    except Conflict as error:
        return _page(part, typed, {"": [error.message]}, status=409)
    flash("已提交机关负责人决定；决定作出之前，检查不停止。", "success")
    return redirect(url_for(".show", part=part), 303)


def _page(
    part: str, typed: dict[str, Any] | None = None, errors: dict[str, list[str]] | None = None, *, status: int = 200
) -> ResponseReturnValue:
    with database().read() as session:
        inspection, _ = find_inspection(session, part.rpartition("/")[0])
        row = records.department_inspection(session, inspection.district_id, part)
        asked = substitutions.of_part(session, inspection.district_id, part)
        people = {
            code: substitutions.person(session, inspection.district_id, code)
            for code in {
                *row.inspectors, *(s.inspector for s in asked),
                *(str(one["successor"]) for s in asked for one in s.successors),
            }
        }  # fmt: skip
        own = row.department in actor().departments
        page = render_template(
            "substitution.html", inspection=inspection, part=row, asked=asked if own else [], chips=CHIPS,
            people=people, team=team_of(session, inspection.district_id, part) if own else [],
            causes=tables.options(settings(), "substitution-cause", now().date()), own=own,
            may=row.visit_ended_at is None and any(actor().has_role(role, row.department) for role in ASKING),
            typed=typed or {}, errors=errors or {},
        )  # fmt: skip
    return make_response(page, status)
