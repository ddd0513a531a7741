"""成批调整: a department's changes of its items by file, previewed before they become an adjustment."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.commands.task_access import may_act
from engine.errors import Conflict, Forbidden, InvalidInput
from engine.inspection.item_adjustments import PROCESS
from engine.inspection.item_batch import (
    MAX_BYTES,
    MAX_ITEMS,
    OpenBatchAdjustment,
    StageItemFile,
    department_of,
    read_batch,
    staged_file,
)
from engine.inspection.item_fields import STANDING
from engine.inspection.opening import OFFICER
from engine.inspection.registry_import.columns import COLUMNS
from engine.models import ProcessInstance, UserTask
from engine.web.context import actor, database, departments, engine, settings
from engine.web.guards import requires_role
from engine.web.items import own_departments
from engine.web.task_lookup import is_id

blueprint = Blueprint("items_batch", __name__, url_prefix="/items/adjustments/file")
#: Items listed on the preview; the adjustment has them all.
SHOWN = 200


@blueprint.get("")
@requires_role(OFFICER)
def index() -> ResponseReturnValue:
    """Choose a file; the columns it may have."""
    return _page(request.args.get("department", ""))


def _page(department: str, errors: dict[str, list[str]] | None = None) -> ResponseReturnValue:
    own = [(code, departments()[code]) for code in own_departments()]
    page = render_template(
        "items/batch.html", own=own, department=department, errors=errors or {}, most=MAX_ITEMS,
        columns=[column for column in COLUMNS["items"] if column.field not in STANDING],
    )  # fmt: skip
    return page, 422 if errors else 200


@blueprint.post("")
@requires_role(OFFICER)
def stage() -> ResponseReturnValue:
    """Keep the file and show what it would change."""
    department, file = request.form.get("department", ""), request.files.get("file")
    content = file.read(MAX_BYTES + 1) if file is not None else b""
    name = (file.filename if file is not None else None) or ""
    try:
        staged_id = engine().execute(StageItemFile(department, name, content), actor=actor())
    except InvalidInput as error:
        return _page(department, {"file": error.fields.get("file") or [error.message]})
    return redirect(url_for(".preview", staged_id=staged_id), 303)


@blueprint.get("/<staged_id>")
@requires_role(OFFICER)
def preview(staged_id: str) -> ResponseReturnValue:
    """Every item of the file with what would become of it; nothing is proposed yet."""
    return _preview(staged_id)


def _preview(staged_id: str, message: str = "") -> ResponseReturnValue:
    with database().read() as session:
        staged = staged_file(session, settings().district_id, actor(), staged_id if is_id(staged_id) else "")
        reading = read_batch(session, settings().district_id, department_of(staged), staged.content)
    page = render_template(
        "items/batch_preview.html", staged=staged, reading=reading, department=department_of(staged), shown=SHOWN,
        message=message,
    )  # fmt: skip
    return page, 422 if message else 200


@blueprint.post("/<staged_id>")
@requires_role(OFFICER)
def propose(staged_id: str) -> ResponseReturnValue:
    """Make an adjustment of it and go on to its reason and basis."""
    try:
        number = engine().execute(OpenBatchAdjustment(staged_id if is_id(staged_id) else ""), actor=actor())
    except (InvalidInput, Conflict, Forbidden) as error:
        return _preview(staged_id, error.message)
    return to_draft(number)


def to_draft(number: str) -> ResponseReturnValue:
    """To the open draft of an adjustment, or to its case when the draft is somebody else's."""
    with database().read() as session:
        instance = session.scalars(
            sa.select(ProcessInstance).where(
                ProcessInstance.district_id == settings().district_id, ProcessInstance.process_key == PROCESS,
                ProcessInstance.business_key == number,
            )
        ).one()  # fmt: skip
        task = session.scalar(sa.select(UserTask).where(UserTask.instance_id == instance.id, UserTask.state == "open"))
        if task is not None and may_act(session, actor(), task):
            return redirect(url_for("tasks.show", task_id=task.id), 303)
    return redirect(url_for("cases.show", instance_id=instance.id), 303)
