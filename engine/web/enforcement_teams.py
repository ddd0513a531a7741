"""综合行政执法队伍: the list and its one form, kept by the conference office (R21, R22)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.errors import InvalidInput
from engine.inspection.enforcement_teams import OFFICE, SaveTeam, may_save
from engine.inspection.models import Inspector
from engine.inspection.registry_models import EnforcementTeam
from engine.web.context import actor, database, departments, engine, settings
from engine.web.guards import requires_role, signed_in

blueprint = Blueprint("enforcement_teams", __name__, url_prefix="/enforcement-teams")


@blueprint.get("")
@signed_in
def index() -> ResponseReturnValue:
    """All teams with their members' number; the one named in the address is open in the form."""
    return _page(request.args.get("code", ""))


@blueprint.post("")
@requires_role(OFFICE)
def save() -> ResponseReturnValue:
    """Create or change a team."""
    form = request.form
    typed: dict[str, Any] = {name: form.get(name, "") for name in ("code", "name", "department", "basis")}
    typed |= {"serves": form.getlist("serves"), "active": form.get("active") == "on", "new": form.get("new") == "1"}
    try:
        code = engine().execute(SaveTeam(**typed), actor=actor())
    except InvalidInput as error:
        return _page("" if typed["new"] else typed["code"], typed, error.fields), 422
    flash(f"已保存执法队伍 {code}。", "success")
    return redirect(url_for(".index"), 303)


def _page(code: str, typed: dict[str, Any] | None = None, errors: dict[str, list[str]] | None = None) -> str:
    district = settings().district_id
    members = (
        sa.select(Inspector.team, sa.func.count().label("members"))
        .where(Inspector.district_id == district, Inspector.team != "")
        .group_by(Inspector.team)
        .subquery()
    )
    statement = (
        sa.select(EnforcementTeam, sa.func.coalesce(members.c.members, 0))
        .outerjoin(members, members.c.team == EnforcementTeam.code)
        .where(EnforcementTeam.district_id == district)
        .order_by(EnforcementTeam.active.desc(), EnforcementTeam.code)
    )
    with database().read() as session:
        rows = [(team, count) for team, count in session.execute(statement)]
    chosen = next((team for team, _ in rows if team.code == code), None)
    return render_template(
        "inspectors/teams.html", rows=rows, chosen=chosen, typed=typed, errors=errors or {}, departments=departments(),
        may_save=may_save(actor()),
    )  # fmt: skip
