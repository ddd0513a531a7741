"""异议: objections to what is public, registered from the publication's page and listed here."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.errors import Conflict, NotFound
from engine.inspection import objections
from engine.inspection.models import FollowUp
from engine.inspection.opening import OFFICER
from engine.web import own_lists
from engine.web.context import actor, database, departments, engine, now
from engine.web.guards import requires_role
from engine.web.navigation import NavItem
from engine.web.task_lookup import is_id

READERS = frozenset({"承办人", "科室负责人", "分管负责人", "机关负责人", "监管督查", "审计监督"})
blueprint = Blueprint("objections", __name__)
NAV = (NavItem("公示异议", "objections.index", "pen", 26, "/objections", roles=READERS, group="监管"),)
STATES = ("在办", "逾期未答复", "已办结")


@blueprint.get("/objections")
@requires_role(*sorted(READERS))
def index() -> ResponseReturnValue:
    """Objections in the reader's scope, the newest first."""
    filters = {name: request.args.get(name, "").strip()[:100] for name in ("q", "state", "department")}
    statement = own_lists.visible(sa.select(FollowUp), FollowUp, objections.KIND)
    if filters["q"]:
        like = own_lists.like(filters["q"])
        statement = statement.where(sa.or_(FollowUp.subject_name.like(like), FollowUp.number.like(like)))
    if filters["department"]:
        statement = statement.where(FollowUp.department == filters["department"])
    if filters["state"] == "已办结":
        statement = statement.where(FollowUp.closed_at.is_not(None))
    elif filters["state"]:
        statement = statement.where(FollowUp.closed_at.is_(None))
    if filters["state"] == "逾期未答复":
        statement = statement.where(objections.overdue(now()))
    rows, mine, following = own_lists.newest(statement, FollowUp, objections.KIND, filters)
    with database().read() as session:
        known = objections.about(session, rows)
    return render_template(
        "objections.html", rows=rows, about=known, mine=mine, following=following, filters=filters, states=STATES,
        organs=[(code, name) for code, name in departments().items() if code != "QZF"],
    )  # fmt: skip


@blueprint.post("/objections")
@requires_role(OFFICER)
def create() -> ResponseReturnValue:
    """Register one against the publication the page was about and go on to its form."""
    publication_id = request.form.get("publication_id", "")
    if not is_id(publication_id):
        raise NotFound("没有找到该公示信息，请从公示管理里那条公示的页面登记异议。")
    try:
        number = engine().execute(objections.OpenObjection(publication_id), actor=actor())
    except Conflict as error:
        flash(error.message, "error")
        return redirect(url_for("publications.show", publication_id=publication_id), 303)
    return own_lists.onwards(objections.KIND, number, ".show")


@blueprint.get("/objections/<path:number>")
@requires_role(*sorted(READERS))
def show(number: str) -> ResponseReturnValue:
    """The case of one objection."""
    with database().read() as session:
        _, instance = own_lists.found(session, FollowUp, objections.KIND, number, "异议")
    return redirect(url_for("cases.show", instance_id=instance.id), 303)
