"""名录变更: requests under way and done, one request with its comparison, beginning and taking back."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine.commands.task_access import may_act
from engine.errors import Conflict, InvalidInput, LianjianError, NotFound
from engine.inspection.opening import OFFICER
from engine.inspection.registry_edit import OPEN, PROCESS, STATES, OpenRegistryChange, WithdrawRegistryChange
from engine.inspection.registry_models import ChangeRequest
from engine.inspection.registry_proposals import NEW, REGISTERS, words
from engine.models import ProcessInstance, User, UserTask
from engine.scope import scope
from engine.web.case_view import history, open_tasks, waiting
from engine.web.context import actor, database, department_name, engine, settings
from engine.web.guards import requires_role, signed_in
from engine.web.listing import cursor
from engine.web.navigation import NavItem

blueprint = Blueprint("registry_changes", __name__)
#: Who proposes, checks or watches over the registries.
KEEPERS = frozenset({"承办人", "科室负责人", "监管督查", "联席会议办公室", "系统管理员", "审计监督"})
NAV = (NavItem("名录变更", "registry_changes.index", "pen", 34, "/changes", roles=KEEPERS, group="名录"),)

CHIPS = {"待核对": "chip-amber", "已生效": "chip-green", "已退回": "chip-red", "起草": "chip-blue"}
PAGE = 50


def _visible(statement: sa.Select[Any]) -> sa.Select[Any]:
    joined = statement.join(
        ProcessInstance,
        sa.and_(
            ProcessInstance.district_id == ChangeRequest.district_id, ProcessInstance.process_key == PROCESS,
            ProcessInstance.business_key == ChangeRequest.number,
        ),
    )  # fmt: skip
    return scope(joined, actor()).where(ChangeRequest.district_id == settings().district_id)


@blueprint.get("/changes")
@signed_in
def index() -> ResponseReturnValue:
    """Requests in the reader's scope, the newest first; the address holds the filters."""
    filters = {name: request.args.get(name, "").strip()[:100] for name in ("state", "register", "key", "q")}
    statement = _visible(sa.select(ChangeRequest))
    if filters["state"] == "在办":
        statement = statement.where(ChangeRequest.state.in_(OPEN))
    elif filters["state"]:
        statement = statement.where(ChangeRequest.state == filters["state"])
    for name in ("register", "key"):
        if filters[name]:
            statement = statement.where(getattr(ChangeRequest, name) == filters[name])
    if filters["q"]:
        like = f"%{filters['q'].replace('%', '').replace('_', '')}%"
        statement = statement.where(
            sa.or_(ChangeRequest.number.like(like), ChangeRequest.name.like(like), ChangeRequest.key.like(like))
        )
    if after := cursor():
        statement = statement.where(ChangeRequest.id < after)
    with database().read() as session:
        found = session.scalars(statement.order_by(ChangeRequest.id.desc()).limit(PAGE + 1)).all()
        own = _to_do(session, [row.number for row in found])
    following = None
    if len(found) > PAGE:
        chosen: dict[str, Any] = {k: v for k, v in filters.items() if v}
        following = url_for(".index", after=found[PAGE - 1].id, **chosen)
    return render_template(
        "registry/changes.html", rows=found[:PAGE], filters=filters, states=("在办", *STATES), chips=CHIPS,
        registers=REGISTERS, following=following, may_open=actor().has_role(OFFICER), own=own, label=_label,
    )  # fmt: skip


def _to_do(session: Session, numbers: list[str]) -> dict[str, str]:
    """The open task by number, where it is the reader's turn."""
    tasks = session.scalars(
        sa.select(UserTask).where(
            UserTask.district_id == settings().district_id, UserTask.process_key == PROCESS,
            UserTask.state == "open", UserTask.business_key.in_(numbers),
        )
    )  # fmt: skip
    return {task.business_key: task.id for task in tasks if may_act(session, actor(), task)}


def _label(row: ChangeRequest, field: str) -> str:
    return REGISTERS[row.register].label(field)


@blueprint.post("/changes")
@requires_role(OFFICER)
def create() -> ResponseReturnValue:
    """Begin a request for a row, or for a new one, and go on to its form."""
    asked = {name: request.form.get(name, "").strip() for name in ("register", "kind", "key")}
    try:
        number = engine().execute(OpenRegistryChange(asked["register"], asked["kind"], asked["key"]), actor=actor())
    except Conflict as error:
        flash(error.message, "warning")
        if "number" in error.details:
            return redirect(url_for(".show", number=error.details["number"]), 303)
        return redirect(url_for(".index"), 303)
    except InvalidInput as error:
        flash(error.message, "error")
        return redirect(url_for(".index"), 303)
    if asked["kind"] == NEW:
        flash(f"已建立名录变更 {number}，请填写内容。", "success")
    return _to_form(number)


def _to_form(number: str) -> ResponseReturnValue:
    with database().read() as session:
        task_id = _to_do(session, [number]).get(number)
    target = url_for(".show", number=number) if task_id is None else url_for("tasks.show", task_id=task_id)
    return redirect(target, 303)


def _find(session: Session, number: str) -> tuple[ChangeRequest, ProcessInstance]:
    row = session.execute(
        _visible(sa.select(ChangeRequest, ProcessInstance)).where(ChangeRequest.number == number)
    ).first()
    if row is None:
        raise NotFound("没有找到这项名录变更，可能链接有误，或不属于您所在的部门。")
    return row[0], row[1]


@blueprint.get("/changes/<number>")
@signed_in
def show(number: str) -> ResponseReturnValue:
    """One request: what was, what is proposed, who waits for whom, and what happened."""
    with database().read() as session:
        row, instance = _find(session, number)
        people = _names(session, row)
        register = REGISTERS[row.register]
        known = row.key and register.find(session, settings().district_id, row.key) is not None
        return render_template(
            "registry/change.html", row=row, register=register, chip=CHIPS.get(row.state, ""),
            row_url=_row_url(row) if known else None,
            changes=_changes(row), waiting=waiting(session, open_tasks(session, [instance.id])),
            events=history(session, [instance]), instance=instance, people=people,
            task_id=_to_do(session, [number]).get(number),
            may_withdraw=row.state in OPEN and actor().has_role(OFFICER, row.department),
        )  # fmt: skip


def _row_url(row: ChangeRequest) -> str:
    if row.register == "objects":
        return url_for("objects.show", uscc=row.key)
    return url_for("inspectors.show", code=row.key)


def _changes(row: ChangeRequest) -> list[tuple[str, str, str]]:
    def say(field: str, value: Any) -> str:
        return department_name(value) if field in {"supervisor", "department"} and value else words(value)

    return [
        (_label(row, field), say(field, row.before.get(field)), say(field, new)) for field, new in row.proposed.items()
    ]


def _names(session: Session, row: ChangeRequest) -> dict[str, str]:
    ids = [i for i in (row.proposed_by, row.checked_by) if i]
    found = session.execute(sa.select(User.id, User.name).where(User.id.in_(ids)))
    return {identity: name for identity, name in found}


@blueprint.post("/changes/<number>/withdraw")
@requires_role(OFFICER)
def withdraw(number: str) -> ResponseReturnValue:
    """Take a request back with a reason."""
    with database().read() as session:
        _find(session, number)
    try:
        engine().execute(WithdrawRegistryChange(number, request.form.get("reason", "")), actor=actor())
        flash(f"已撤回名录变更 {number}，名录没有改动。", "success")
    except LianjianError as error:
        flash(error.message, "error")
    return redirect(url_for(".show", number=number), 303)
