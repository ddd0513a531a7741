"""承办单位: sections, brigades and 市场监管所 of the departments, kept by their officers."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.errors import InvalidInput
from engine.inspection import tables
from engine.inspection.units import ADMINISTRATOR, OFFICER, SaveUnit, may_save, units_of
from engine.models import User
from engine.web.context import actor, database, departments, engine, now, settings
from engine.web.guards import requires_role, signed_in

blueprint = Blueprint("units", __name__, url_prefix="/units")


@blueprint.get("")
@signed_in
def index() -> ResponseReturnValue:
    """All units, or a department's; the one named in the address is open in the form."""
    return _page(request.args.get("code", ""))


@blueprint.post("")
@requires_role(OFFICER, ADMINISTRATOR)
def save() -> ResponseReturnValue:
    """Create or change a unit; whatever is wrong, everything typed comes back."""
    form = request.form
    typed: dict[str, Any] = {name: form.get(name, "") for name in ("code", "department", "name", "kind")}
    typed |= {name: form.getlist(name) for name in ("regions", "receivers")}
    typed |= {"active": form.get("active") == "on", "new": form.get("new") == "1"}
    try:
        code = engine().execute(SaveUnit(**typed), actor=actor())
    except InvalidInput as error:
        return _page("" if typed["new"] else typed["code"], typed, error.fields, status=422)
    flash(f"已保存承办单位 {code}。", "success")
    return redirect(url_for(".index", department=typed["department"]), 303)


def _page(
    code: str, typed: dict[str, Any] | None = None, errors: dict[str, list[str]] | None = None, *, status: int = 200
) -> ResponseReturnValue:
    wanted = request.args.get("department", "")
    own = [(c, name) for c, name in departments().items() if may_save(actor(), c)]
    with database().read() as session:
        rows = units_of(session, settings().district_id, wanted, active=False)
        chosen = next((row for row in rows if row.code == code and may_save(actor(), row.department)), None)
        home = (typed or {}).get("department") or (chosen.department if chosen else wanted)
        home = home if home in dict(own) else (own[0][0] if own else "")
        people = session.execute(
            sa.select(User.id, User.name, User.post)
            .where(User.district_id == settings().district_id, User.department == home, User.active)
            .order_by(User.name)
        ).all()
        names: dict[str, str] = dict(
            session.execute(
                sa.select(User.id, User.name).where(User.id.in_({i for row in rows for i in row.receivers}))
            )
            .tuples()
            .all()
        )
    return make_response(
        render_template(
            "units.html", rows=rows, chosen=chosen, typed=typed, errors=errors or {}, own=own, home=home,
            people=people, names=names, wanted=wanted, organs=departments(),
            kinds=tables.options(settings(), "unit-kind", now().date()),
            regions=tables.options(settings(), "region", now().date()),
        ),
        status,
    )  # fmt: skip
