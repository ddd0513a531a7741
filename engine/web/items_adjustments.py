"""事项调整: proposing one, and the list of all with where they stand."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.errors import Conflict, Forbidden, InvalidInput
from engine.inspection.item_adjustments import KINDS, PROCESS, OpenItemAdjustment
from engine.inspection.item_models import ItemAdjustment
from engine.inspection.opening import OFFICER
from engine.models import ProcessInstance
from engine.scope import scope
from engine.web.auth import local_path
from engine.web.context import actor, database, departments, engine, settings
from engine.web.guards import requires_role, signed_in
from engine.web.items import own_departments
from engine.web.items_batch import to_draft

blueprint = Blueprint("items_adjustments", __name__)

STATES = ("起草", "审批中", "待汇编", "已退回", "已公布", "已撤回")
CHIPS = {"待汇编": "chip-amber", "审批中": "chip-amber", "已退回": "chip-red", "已公布": "chip-green"}
LIMIT = 200


@blueprint.get("/items/adjustments")
@signed_in
def index() -> ResponseReturnValue:
    """Adjustments in the reader's scope, the newest first."""
    wanted = {key: request.args.get(key, "") for key in ("state", "kind", "department")}
    joined = sa.select(ItemAdjustment, ProcessInstance.id).join(
        ProcessInstance,
        sa.and_(
            ProcessInstance.district_id == ItemAdjustment.district_id, ProcessInstance.process_key == PROCESS,
            ProcessInstance.business_key == ItemAdjustment.number,
        ),
    )  # fmt: skip
    statement = scope(joined, actor()).where(ItemAdjustment.district_id == settings().district_id)
    if wanted["state"] in STATES:
        statement = statement.where(ItemAdjustment.state == wanted["state"])
    if wanted["kind"] in KINDS:
        statement = statement.where(ItemAdjustment.kind == wanted["kind"])
    if wanted["department"]:
        statement = statement.where(ItemAdjustment.department == wanted["department"])
    with database().read() as session:
        rows = session.execute(
            statement.order_by(ItemAdjustment.created_at.desc(), ItemAdjustment.number.desc()).limit(LIMIT)
        ).all()
    return render_template(
        "items/adjustments.html", rows=[(row, instance_id) for row, instance_id in rows], wanted=wanted,
        states=STATES, kinds=KINDS, chips=CHIPS, departments=departments(), limit=LIMIT,
        own=[(code, departments()[code]) for code in own_departments()],
    )  # fmt: skip


@blueprint.post("/items/adjustments")
@requires_role(OFFICER)
def create() -> ResponseReturnValue:
    """Propose an adjustment and go on to its draft."""
    back = local_path(request.form.get("back")) or url_for(".index")
    codes = tuple(code for code in request.form.getlist("codes") if 0 < len(code) <= 32)
    command = OpenItemAdjustment(request.form.get("department", ""), request.form.get("kind", ""), codes)
    try:
        number = engine().execute(command, actor=actor())
    except (InvalidInput, Conflict, Forbidden) as error:
        flash(error.message, "error")
        return redirect(back, 303)
    return to_draft(number)
