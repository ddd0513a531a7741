"""公示管理: what is still to be made public, what is, whether the platform has it, what is withheld or corrected."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine.commands.task_access import may_act
from engine.errors import Forbidden, InvalidInput, LianjianError, NotFound
from engine.inspection import (
    corrections,
    objections,
    province_by_hand,
    publication,
    publication_desk,
    publication_view,
    tables,
)
from engine.inspection.event_words import STAGE_WORDS
from engine.inspection.models import Publication
from engine.inspection.opening import OFFICER
from engine.models import Deadline, ProcessInstance, User, UserTask
from engine.process_engine import Command
from engine.web.context import actor, database, departments, engine, settings
from engine.web.guards import requires_role
from engine.web.items import today
from engine.web.navigation import NavItem
from engine.web.task_lookup import is_id

blueprint = Blueprint("publications", __name__, url_prefix="/publications")
NAV = (
    NavItem("公示管理", "publications.index", "globe", 25, "/publications", roles=publication_desk.MAY_READ,
            group="监管"),
)  # fmt: skip

PAGE = 50
TABS = {
    "due": "待公示",
    "public": "已公示",
    "unreported": "报送省平台",
    "ended": "已停止公示",
    "withheld": "不予公开",
    "corrections": "更正撤回",
}
PUSH = {"pending": "待报送", "failed": "报送失败", "received": "已接收"}
CHIPS = {"failed": "red", "pending": "amber", "received": "green"}
STATES = {
    "prepared": "待复核", "withholding": "待复核（不予公开）", "published": "已公示", "withdrawn": "已撤回",
    "withheld": "不予公开", "expired": "已停止公示",
}  # fmt: skip


@blueprint.get("")
@requires_role(*sorted(publication_desk.MAY_READ))
def index() -> ResponseReturnValue:
    """One list at a time, within the reader's departments."""
    tab = request.args.get("tab", "due") if request.args.get("tab") in TABS else "due"
    wanted = {key: request.args.get(key, "").strip()[:80] for key in ("department", "q", "kind", "push")}
    asked, before = request.args.get("page", "1"), request.args.get("before", "")
    page = min(int(asked), 10_000) if asked.isdecimal() and len(asked) < 6 else 1
    view: dict[str, Any] = {"rows": [], "following": None}
    with database().read() as session:
        counts = publication_desk.counts(session, settings(), actor())
        if tab == "due":
            view = _due(session, wanted["department"], max(page, 1))
        elif tab == "withheld":
            view["rows"] = publication_desk.withheld(session, settings(), actor(), department=wanted["department"])
        elif tab == "corrections":
            view["rows"] = publication_desk.corrections(session, settings(), actor(), department=wanted["department"])
        else:
            view = _public(session, tab, wanted, before if is_id(before) else None)
    causes = {row["code"]: row["name"] for row in tables.rows(settings(), "correction-cause", today())}
    return render_template(
        "publications.html", tab=tab, tabs_=TABS, counts=counts, wanted=wanted, departments=_offered(), push=PUSH,
        chips=CHIPS, kinds=publication.KINDS, causes=causes, today=today(), **view,
    )  # fmt: skip


def _due(session: Session, department: str, page: int) -> dict[str, Any]:
    rows, total = publication_desk.to_publish(
        session, settings(), actor(), today(), department=department, limit=PAGE, offset=(page - 1) * PAGE
    )
    following = url_for(".index", tab="due", department=department or None, page=page + 1)
    return {"rows": rows, "following": following if page * PAGE < total else None}


def _public(session: Session, tab: str, wanted: dict[str, str], before: str | None) -> dict[str, Any]:
    push: tuple[str, ...] = ("pending", "failed") if tab == "unreported" else ()
    if wanted["push"] in PUSH:
        push = (wanted["push"],)
    states: tuple[str, ...] = ("expired",) if tab == "ended" else publication_view.PUBLIC
    if tab == "unreported":
        states = publication.TOLD
    rows = publication_desk.publications(
        session, settings(), actor(), states=states, push=push, before=before, limit=PAGE,
        kind=wanted["kind"] if wanted["kind"] in publication.KINDS else "", department=wanted["department"],
        words=wanted["q"],
    )  # fmt: skip
    kept: dict[str, Any] = {key: value or None for key, value in wanted.items()}
    following = url_for(".index", tab=tab, **kept, before=rows[PAGE - 1].id) if len(rows) > PAGE else None
    return {"rows": rows[:PAGE], "following": following}


def _offered() -> dict[str, str]:
    """Departments the reader may choose from."""
    own = publication_desk.departments_of(actor())
    return {code: name for code, name in departments().items() if own is None or code in own}


@blueprint.get("/<publication_id>")
@requires_role(*sorted(publication_desk.MAY_READ))
def show(publication_id: str) -> ResponseReturnValue:
    """One publication: its public form, every version, receipts, and what may be done with it."""
    return _page(publication_id)


def _page(
    publication_id: str, *, errors: dict[str, list[str]] | None = None, typed: dict[str, str] | None = None,
    status: int = 200,
) -> ResponseReturnValue:  # fmt: skip
    with database().read() as session:
        row = _find(session, publication_id)
        versions = publication.versions(session, row.id)
        withheld = corrections.withheld_row(session, row)
        may_object = actor().has_role(OFFICER, row.department) and objections.may_object(session, row)
        open_number = corrections.under_way(session, row)
        applications = [
            (one, instance_id) for one, of, instance_id in publication_desk.corrections(session, settings(), actor())
            if of.id == row.id
        ]  # fmt: skip
        subject = session.scalar(
            sa.select(ProcessInstance.id)
            .where(ProcessInstance.district_id == row.district_id, ProcessInstance.business_key == row.subject)
            .order_by(ProcessInstance.started_at)
            .limit(1)
        )
        deadline = session.scalar(
            sa.select(Deadline).where(
                Deadline.district_id == row.district_id, Deadline.business_key == row.subject,
                Deadline.name.in_(("publication", "penalty-publication", "abnormal-listing", "serious-listing")),
            )
        )  # fmt: skip
        people = {u: n for u, n in session.execute(
            sa.select(User.id, User.name).where(User.id.in_([p for p in (row.prepared_by, row.released_by) if p]))
        )}  # fmt: skip
    mine = actor().has_role(OFFICER, row.department)
    public = row.state in publication_view.PUBLIC
    return render_template(
        "publication_case.html", row=row, versions=versions, withheld=withheld, open_number=open_number,
        applications=applications, subject=subject, deadline=deadline, people=people,
        kind=publication.KINDS.get(row.kind, row.kind),
        state=STATES.get(row.state, row.state), stages=STAGE_WORDS, push=PUSH, chips=CHIPS,
        errors=errors or {}, typed=typed or {},
        content=publication.public_content(settings(), row, today()) if public else row.content, public=public,
        may_correct=mine and row.state == "published" and not open_number, may_object=may_object,
        may_report=row.state in publication.TOLD and row.push_state != "received"
        and (mine or actor().has_role(province_by_hand.ADMIN)),
        may_review=row.state == "withheld" and withheld is not None and (mine or actor().has_role("监管督查")),
    ), status  # fmt: skip


def _find(session: Session, publication_id: str) -> Publication:
    row = session.get(Publication, publication_id) if is_id(publication_id) else None
    own = publication_desk.departments_of(actor())
    if row is None or row.district_id != settings().district_id or (own is not None and row.department not in own):
        raise NotFound("没有找到该公示信息，可能链接有误，或者不属于本部门。")
    return row


@blueprint.post("/<publication_id>/correction")
@requires_role(OFFICER)
def correct(publication_id: str) -> ResponseReturnValue:
    """Open an application to correct or withdraw and go on to its form."""
    with database().read() as session:
        _find(session, publication_id)
    try:
        number = engine().execute(
            corrections.OpenCorrection(publication_id, request.form.get("kind", "")), actor=actor()
        )
    except LianjianError as error:
        flash(error.message, "error")
        return redirect(url_for(".show", publication_id=publication_id), 303)
    with database().read() as session:
        task = session.scalar(
            sa.select(UserTask).where(
                UserTask.district_id == settings().district_id, UserTask.process_key == corrections.PROCESS,
                UserTask.business_key == number, UserTask.state == "open",
            )
        )  # fmt: skip
        if task is not None and may_act(session, actor(), task):
            return redirect(url_for("tasks.show", task_id=task.id), 303)
    flash(f"已提出申请 {number}。", "success")
    return redirect(url_for(".show", publication_id=publication_id), 303)


@blueprint.post("/<publication_id>/receipt")
@requires_role(OFFICER, province_by_hand.ADMIN)
def receipt(publication_id: str) -> ResponseReturnValue:
    """Enter the receipt of a report made by hand."""
    typed = {key: request.form.get(key, "") for key in ("number", "received_on", "note")}
    return _do(publication_id, province_by_hand.EnterPaperReceipt(publication_id, **typed), "已登记回执。", typed)


@blueprint.post("/<publication_id>/push")
@requires_role(OFFICER, province_by_hand.ADMIN)
def push_again(publication_id: str) -> ResponseReturnValue:
    """Report once more after a failure."""
    return _do(publication_id, province_by_hand.PushAgain(publication_id), "已重新报送，结果稍后显示在本页。", {})


@blueprint.post("/<publication_id>/review")
@requires_role(OFFICER, "监管督查")
def review(publication_id: str) -> ResponseReturnValue:
    """Look again at something withheld before its day."""
    typed = {"reason": request.form.get("reason", "")}
    command = corrections.ReviewWithheld(publication_id, typed["reason"])
    return _do(publication_id, command, "已交公示机关承办人复查。", typed)


def _do(publication_id: str, command: Command[None], said: str, typed: dict[str, str]) -> ResponseReturnValue:
    with database().read() as session:
        _find(session, publication_id)
    try:
        engine().execute(command, actor=actor())
    except InvalidInput as error:
        return _page(publication_id, errors=dict(error.fields), typed=typed, status=422)
    except Forbidden:
        raise
    except LianjianError as error:
        flash(error.message, "error")
    else:
        flash(said, "success")
    return redirect(url_for(".show", publication_id=publication_id), 303)
