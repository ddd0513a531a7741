"""审管移交: hand-overs to sign for, those sent by us, one hand-over, a new one by hand or from a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine.commands.task_access import may_act
from engine.errors import InvalidInput, NotFound
from engine.inspection.opening import OFFICER
from engine.inspection.permit_file import PermitFile, read_permits
from engine.inspection.permit_handovers import (
    GIVEN_UP,
    PROCESS,
    RETURNED,
    SIGNED,
    STATES,
    WAITING,
    OpenHandover,
    OpenHandovers,
    permits_of,
)
from engine.inspection.registry_models import PermitHandover
from engine.models import ProcessInstance, UserTask
from engine.queries import deadlines
from engine.scope import scope
from engine.web.case_view import history, open_tasks, waiting
from engine.web.context import actor, database, departments, engine, now, settings
from engine.web.csv_export import csv_response
from engine.web.guards import requires_role, signed_in
from engine.web.listing import cursor
from engine.web.navigation import NavItem
from engine.web.registry_changes import KEEPERS

blueprint = Blueprint("handovers", __name__)
NAV = (NavItem("审管移交", "handovers.index", "out", 36, "/handovers", roles=KEEPERS, group="名录"),)

CHIPS = {WAITING: "chip-amber", SIGNED: "chip-green", RETURNED: "chip-red", GIVEN_UP: ""}
PAGE = 50
#: Permits listed on the page of one hand-over; the download has all.
LISTED = 500
VIEWS = (("to-sign", "待我签收"), ("sent", "本部门移交"), ("received", "移交给本部门"), ("all", "全部"))


def _visible(statement: sa.Select[Any]) -> sa.Select[Any]:
    return scope(statement, actor()).where(
        ProcessInstance.district_id == settings().district_id, ProcessInstance.process_key == PROCESS
    )


def _own() -> list[tuple[str, str]]:
    """Departments in which the reader is an officer in charge."""
    return [(code, name) for code, name in departments().items() if actor().has_role(OFFICER, code)]


@blueprint.get("/handovers")
@signed_in
def index() -> ResponseReturnValue:
    """Hand-overs in the reader's scope, the newest first."""
    return _list()


def _list(file: PermitFile | None = None, message: str = "", status: int = 200) -> ResponseReturnValue:
    mine = [code for code, _ in _own()]
    view = request.args.get("view", "")
    if view not in dict(VIEWS):
        view = "to-sign" if mine else "all"
    search = request.args.get("q", "").strip()[:100]
    task = sa.and_(UserTask.instance_id == ProcessInstance.id, UserTask.state == "open")
    statement = _visible(sa.select(ProcessInstance, UserTask).outerjoin(UserTask, task))
    to_sign = sa.and_(UserTask.element_id == "sign", UserTask.department.in_(mine))
    if view == "to-sign":
        statement = statement.where(to_sign)
    elif view == "sent":
        statement = statement.where(ProcessInstance.department.in_(mine))
    elif view == "received":
        statement = statement.where(ProcessInstance.department.not_in(mine))
    if search:
        like = f"%{search.replace('%', '').replace('_', '')}%"
        statement = statement.where(sa.or_(ProcessInstance.title.like(like), ProcessInstance.business_key.like(like)))
    if after := cursor():
        statement = statement.where(ProcessInstance.id < after)
    with database().read() as session:
        found = session.execute(statement.order_by(ProcessInstance.id.desc()).limit(PAGE + 1)).all()
        counts = _counts(session, [i.business_key for i, _ in found[:PAGE]])
        rows = [
            {
                "instance": i,
                "task": t,
                "counts": counts[i.business_key],
                "mine": t and may_act(session, actor(), t),
            }
            for i, t in found[:PAGE]
        ]
        waiting_for_me = session.scalar(
            _visible(sa.select(sa.func.count()).select_from(ProcessInstance).join(UserTask, task)).where(to_sign)
        )
    following = None
    if len(found) > PAGE:
        following = url_for(".index", view=view, q=search or None, after=found[PAGE - 1][0].id)
    page = render_template(
        "registry/handovers.html", rows=rows, view=view, views=VIEWS, q=search, chips=CHIPS, states=STATES, own=_own(),
        waiting_for_me=waiting_for_me, following=following, file=file, message=message,
    )  # fmt: skip
    return make_response(page, status)


def _counts(session: Session, numbers: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Permits by state, and to whom, of every hand-over on the page; one question for all of them."""
    found: dict[str, dict[str, Any]] = {number: {"states": Counter(), "to": set()} for number in numbers}
    row = PermitHandover
    counts = [
        sa.select(sa.literal(number).label("of"), row.state, row.supervisor, sa.func.count().label("count"))
        .where(row.district_id == settings().district_id, row.number.startswith(f"{number}/", autoescape=True))
        .group_by(row.state, row.supervisor)
        for number in numbers
    ]
    for number, state, supervisor, count in session.execute(sa.union_all(*counts)) if counts else ():
        found[number]["states"][state] += count
        found[number]["to"].add(supervisor)
    return {number: {**one, "to": sorted(one["to"])} for number, one in found.items()}


@blueprint.post("/handovers")
@requires_role(OFFICER)
def create() -> ResponseReturnValue:
    """Begin a hand-over and go on to its form."""
    number = engine().execute(OpenHandover(request.form.get("department") or actor().department), actor=actor())
    with database().read() as session:
        task = session.scalars(
            sa.select(UserTask).where(
                UserTask.process_key == PROCESS, UserTask.business_key == number, UserTask.state == "open"
            )
        ).one()
    return redirect(url_for("tasks.show", task_id=task.id), 303)


@blueprint.post("/handovers/file")
@requires_role(OFFICER)
def from_file() -> ResponseReturnValue:
    """Hand over the permits of a file; with anything wrong in it nothing is, unless the rest is asked for."""
    upload = request.files.get("file")
    department = request.form.get("department") or actor().department
    try:
        if upload is None or not upload.filename:
            raise InvalidInput("请选择文件。", fields={"file": ["请选择许可清单（CSV 或 Excel）。"]})
        with database().read() as session:
            file = read_permits(session, upload.stream, settings().district_id, department, now())
        if file.problems and "skip" not in request.form:
            return _list(file, "", 422)
        numbers = engine().execute(
            OpenHandovers(department, tuple(file.permits), request.form.get("remark", "").strip()[:300]), actor=actor()
        )
    except InvalidInput as error:
        return _list(None, error.message, 422)
    flash(f"已移交 {len(file.permits)} 项许可，分 {len(numbers)} 次移交给各接收部门。", "success")
    return redirect(url_for(".index", view="sent"), 303)


@blueprint.get("/handovers/template.csv")
@requires_role(OFFICER)
def template() -> ResponseReturnValue:
    """An empty list to fill in."""
    head = ["统一社会信用代码", "检查对象名称", "许可名称", "许可编号", "发证日期", "有效期至", "发证机关", "接收部门"]
    return csv_response("审管移交清单.csv", head, [])


def _find(session: Session, number: str) -> ProcessInstance:
    found = session.scalar(_visible(sa.select(ProcessInstance)).where(ProcessInstance.business_key == number))
    if found is None:
        raise NotFound("没有找到这次审管移交，可能链接有误，或不属于您所在的部门。")
    return found


@blueprint.get("/handovers/<number>")
@signed_in
def show(number: str) -> ResponseReturnValue:
    """One hand-over: its permits, whom it waits for, the time left, what happened."""
    with database().read() as session:
        instance = _find(session, number)
        permits = permits_of(session, settings().district_id, number)
        tasks = open_tasks(session, [instance.id])
        task_id = next((t.id for t in tasks if may_act(session, actor(), t)), None)
        return render_template(
            "registry/handover.html", instance=instance, permits=permits[:LISTED], total=len(permits), chips=CHIPS,
            waiting=waiting(session, tasks), deadlines=deadlines(session, settings().district_id, [number]),
            events=history(session, [instance]), task_id=task_id,
        )  # fmt: skip


@blueprint.get("/handovers/<number>/permits.csv")
@signed_in
def permits_csv(number: str) -> ResponseReturnValue:
    """All permits of one hand-over."""
    with database().read() as session:
        _find(session, number)
        permits = permits_of(session, settings().district_id, number)
    names = departments()
    head = [
        "编号",
        "统一社会信用代码",
        "检查对象名称",
        "许可名称",
        "许可编号",
        "发证日期",
        "有效期至",
        "发证机关",
        "接收部门",
        "状态",
        "说明",
    ]
    body = [
        [
            p.number, p.uscc, p.permit["object"], p.permit["name"], p.permit["number"], p.permit["issued"],
            p.permit["expires"] or "长期", p.permit["issuer"], names.get(p.supervisor, p.supervisor), p.state, p.remark,
        ]
        for p in permits
    ]  # fmt: skip
    return csv_response(f"{number}.csv", head, body)
