"""System administration (系统管理员): incidents, reports to the provincial platform, workers, accounts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine.commands.change_account import ACTIONS, ChangeAccount
from engine.commands.incidents import ResolveIncident
from engine.errors import LianjianError, NotFound
from engine.inspection.models import Publication
from engine.inspection.province import PUSH_PUBLICATION
from engine.inspection.publication_view import PUBLIC
from engine.models import Incident, ProcessInstance, Timer, User, UserRole, WorkerLease
from engine.scope import not_kept_from
from engine.web.context import actor, database, departments, engine, now, settings
from engine.web.guards import requires_role
from engine.web.navigation import NavItem
from engine.web.task_lookup import is_id

ADMIN = "系统管理员"
blueprint = Blueprint("admin", __name__, url_prefix="/admin")
NAV = (NavItem("系统管理", "admin.incidents", "gear", 81, "/admin", roles=frozenset({ADMIN}), group="管理"),)

PAGE = 50
#: A worker says that it lives every few seconds; after this it counts as gone.
SILENT = timedelta(seconds=60)
#: A timer this late was not fired although it should have been.
LATE_TIMER = timedelta(minutes=5)
KINDS = {
    "job": "后台任务", "service_task": "服务任务", "state": "流程状态", "runaway": "失控", "timer": "定时器",
    "message": "消息", "signal": "信号", "start": "定时启动", "error": "错误",
}  # fmt: skip
PUSH_STATES = {"pending": "待报送", "failed": "报送失败", "received": "已接收"}


@blueprint.get("/incidents")
@requires_role(ADMIN)
def incidents() -> ResponseReturnValue:
    """What the system could not do by itself, open ones first; retry or close with a reason."""
    state = "resolved" if request.args.get("state") == "resolved" else "open"
    before = request.args.get("before", "")
    with database().read() as session:
        told = not_kept_from(actor(), Incident.instance_id)
        statement = sa.select(Incident, ProcessInstance.title, told.label("told")).outerjoin(
            ProcessInstance, ProcessInstance.id == Incident.instance_id
        )
        statement = statement.where(Incident.district_id == settings().district_id, Incident.state == state)
        if is_id(before) and (last := session.get(Incident, before)) is not None:
            older = sa.and_(Incident.created_at == last.created_at, Incident.id < last.id)
            statement = statement.where(sa.or_(Incident.created_at < last.created_at, older))
        rows = session.execute(statement.order_by(Incident.created_at.desc(), Incident.id.desc()).limit(PAGE + 1)).all()
        resolvers = dict(
            session.execute(
                sa.select(User.id, User.name).where(User.id.in_([r[0].resolved_by for r in rows if r[0].resolved_by]))
            )
            .tuples()
            .all()
        )
        health = _health(session)
    return render_template(
        "admin/incidents.html", rows=rows[:PAGE], state=state, kinds=KINDS, health=health, resolvers=resolvers,
        following=url_for(".incidents", state=state, before=rows[PAGE - 1][0].id) if len(rows) > PAGE else None,
    )  # fmt: skip


def _health(session: Session) -> dict[str, int]:
    """The figures an administrator looks for first."""
    district = settings().district_id

    def count(table: type, *conditions: sa.ColumnElement[bool]) -> int:
        return session.scalar(sa.select(sa.func.count()).select_from(table).where(*conditions)) or 0

    published = (Publication.district_id == district, Publication.state.in_(PUBLIC))
    return {
        "incidents": count(Incident, Incident.district_id == district, Incident.state == "open"),
        "failed": count(Publication, *published, Publication.push_state == "failed"),
        "pending": count(Publication, *published, Publication.push_state == "pending"),
        "workers": count(WorkerLease, WorkerLease.district_id == district, WorkerLease.seen_at > now() - SILENT),
        "timers": count(Timer, Timer.district_id == district, Timer.due_at < now() - LATE_TIMER),
    }


@blueprint.post("/incidents/<incident_id>")
@requires_role(ADMIN)
def resolve(incident_id: str) -> ResponseReturnValue:
    """Retry what failed, or close it with a reason."""
    if not is_id(incident_id):
        raise NotFound("异常记录不存在。")
    action = "close" if request.form.get("action") == "close" else "retry"
    try:
        engine().execute(ResolveIncident(incident_id, action, request.form.get("reason", "")), actor=actor())
    except LianjianError as error:
        flash(error.message, "error")
    else:
        flash("已重试；如仍失败，会产生新的异常记录。" if action == "retry" else "已关闭异常。", "success")
    return redirect(url_for(".publications" if request.form.get("from") == "publications" else ".incidents"), 303)


@blueprint.get("/publications")
@requires_role(ADMIN)
def publications() -> ResponseReturnValue:
    """What the provincial platform has not confirmed yet, failed ones first."""
    state = request.args.get("state", "")
    before = request.args.get("before", "")
    with database().read() as session:
        statement = sa.select(Publication).where(
            Publication.district_id == settings().district_id, Publication.state.in_(PUBLIC)
        )
        wanted = [state] if state in PUSH_STATES else ["pending", "failed"]
        statement = statement.where(Publication.push_state.in_(wanted))
        if is_id(before):
            statement = statement.where(Publication.id < before)
        rows = list(session.scalars(statement.order_by(Publication.id.desc()).limit(PAGE + 1)))
        counts = dict(
            session.execute(
                sa.select(Publication.push_state, sa.func.count())
                .where(Publication.district_id == settings().district_id, Publication.state.in_(PUBLIC))
                .group_by(Publication.push_state)
            )
            .tuples()
            .all()
        )
        failed = {
            str(incident.detail.get("args", {}).get("publication_id")): incident
            for incident in session.scalars(
                sa.select(Incident).where(
                    Incident.district_id == settings().district_id, Incident.state == "open", Incident.kind == "job"
                )
            )
            if incident.detail.get("kind") == PUSH_PUBLICATION
        }
    return render_template(
        "admin/publications.html", rows=rows[:PAGE], failed=failed, state=state, states=PUSH_STATES, counts=counts,
        following=url_for(".publications", state=state, before=rows[PAGE - 1].id) if len(rows) > PAGE else None,
    )  # fmt: skip


@blueprint.get("/workers")
@requires_role(ADMIN)
def workers() -> ResponseReturnValue:
    """Who runs jobs, and whether everything that is due was done."""
    with database().read() as session:
        leases = session.scalars(
            sa.select(WorkerLease)
            .where(WorkerLease.district_id == settings().district_id)
            .order_by(WorkerLease.seen_at.desc())
        ).all()
        health = _health(session)
    return render_template("admin/workers.html", leases=leases, health=health, silent=SILENT)


@blueprint.get("/users")
@requires_role(ADMIN)
def users() -> ResponseReturnValue:
    """Accounts with their roles, whether they may sign in, and since when they are locked."""
    search, department = request.args.get("q", "").strip()[:64], request.args.get("department", "")
    after = request.args.get("after", "")
    with database().read() as session:
        statement = sa.select(User).where(User.district_id == settings().district_id)
        if search:
            words = (User.login, User.name, User.post)
            statement = statement.where(sa.or_(*(column.contains(search, autoescape=True) for column in words)))
        if department:
            statement = statement.where(User.department == department)
        state = request.args.get("state", "")
        if state == "locked":
            statement = statement.where(User.locked_until > now())
        elif state == "disabled":
            statement = statement.where(~User.active)
        if after:
            statement = statement.where(User.login > after)
        rows = list(session.scalars(statement.order_by(User.login).limit(PAGE + 1)))
        roles: dict[str, list[str]] = {}
        for user_id, role in session.execute(
            sa.select(UserRole.user_id, UserRole.role)
            .where(UserRole.user_id.in_([user.id for user in rows]))
            .distinct()
            .order_by(UserRole.role)
        ):
            roles.setdefault(user_id, []).append(role)
    kept: dict[str, Any] = {k: v for k, v in request.args.items() if k != "after" and v}
    return render_template(
        "admin/users.html", rows=rows[:PAGE], roles=roles, search=search, department=department, state=state,
        departments=departments(), back=request.full_path,
        following=url_for(".users", **{**kept, "after": rows[PAGE - 1].login}) if len(rows) > PAGE else None,
    )  # fmt: skip


@blueprint.post("/users/<user_id>")
@requires_role(ADMIN)
def change_user(user_id: str) -> ResponseReturnValue:
    """Unlock, disable or enable one account."""
    if not is_id(user_id):
        raise NotFound("账号不存在。")
    action = request.form.get("action", "")
    try:
        engine().execute(ChangeAccount(user_id, action), actor=actor())
    except LianjianError as error:
        flash(error.message, "error")
    else:
        flash(f"已{ACTIONS[action]}。", "success")
    kept: dict[str, Any] = {name: request.form[name] for name in ("q", "department", "state") if request.form.get(name)}
    return redirect(url_for(".users", **kept), 303)
