"""期限: every open statutory deadline for supervisors and heads; one deadline, its trail and what may be done.

Departments are listed in their official order and not ranked (国办发〔2024〕54号).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine.bpmn.timers import parse_instant
from engine.calendar import Calendar
from engine.commands.remind import HEADS, WATCHERS
from engine.commands.suspend_deadline import ResumeDeadline, SuspendDeadline, in_charge, way
from engine.data_tables import rows as rows_in_force
from engine.deadline_rules import TABLE, DeadlineRule, find_rule
from engine.errors import Conflict, Forbidden, InvalidInput, LianjianError, NotFound
from engine.inspection.deadline_extensions import PROCESS, ApplyForExtension, allowed_extension, is_restricted
from engine.inspection.deadline_list import (
    DeadlineFilter,
    counts,
    open_deadlines,
    trail,
    visible_deadline,
)
from engine.models import Deadline, ProcessInstance, UserTask
from engine.periods import parse_rule, rule_words
from engine.queries import Cursor
from engine.scope import instance_in_scope, sees_district
from engine.web.context import actor, database, departments, engine, now, settings
from engine.web.filters import minute
from engine.web.guards import requires_role, signed_in
from engine.web.navigation import NavItem
from engine.web.task_lookup import is_id, is_moment

#: Roles that read the deadlines of their own department; the officers keep them.
OWN = ("承办人", *HEADS)
READERS = (*sorted(WATCHERS), *OWN)
blueprint = Blueprint("deadlines", __name__)
NAV = (NavItem("期限", "deadlines.index", "calendar", 25, "/deadlines", roles=frozenset(READERS), group="监管"),)

PAGE = 50
WORDS = {
    "red": "已超期",
    "orange": "橙色预警",
    "yellow": "黄色预警",
    "green": "正常",
    "suspended": "中止中",
    "": "全部计时中",
}
KINDS = {
    "set": "起算", "suspended": "中止", "resumed": "恢复", "extended": "延长", "moved": "随放假安排重算",
    "refused": "不予延期", "reminded": "提醒", "met": "办结", "taken-over": "接续计算",
}  # fmt: skip


@blueprint.record_once
def add_filters(state: BlueprintSetupState) -> None:
    """``rule_words`` for templates."""
    state.app.jinja_env.filters["rule_words"] = rule_words


def _filter() -> DeadlineFilter:
    """What the address asks for; officers and heads see their own departments' deadlines only."""
    person = actor()
    own = frozenset(d for d in person.departments if any(person.has_role(role, d) for role in OWN))
    colour = request.args.get("colour", "")
    return DeadlineFilter(
        now=now(),
        departments=None if sees_district(person) else own,
        department=request.args.get("department", ""),
        name=request.args.get("name", ""),
        colour=colour if colour in WORDS else "",
        provisional=request.args.get("provisional", "") == "1",
        search=request.args.get("q", "").strip()[:100],
    )


def _cursor() -> Cursor | None:
    moment, _, deadline_id = request.args.get("after", "").partition("~")
    return (moment, deadline_id) if is_id(deadline_id) and is_moment(moment) else None


@blueprint.get("/deadlines")
@requires_role(*READERS)
def index() -> ResponseReturnValue:
    """Open deadlines, the most urgent first, with how many there are of each colour."""
    wanted = _filter()
    with database().read() as session:
        rows = open_deadlines(session, actor(), wanted, after=_cursor(), limit=PAGE + 1)
        numbers = counts(session, actor(), wanted)
    kept: dict[str, Any] = {k: v for k, v in request.args.items() if k != "after" and v}
    last = rows[PAGE - 1][0] if len(rows) > PAGE else None
    offered = {c: n for c, n in departments().items() if wanted.departments is None or c in wanted.departments}
    return render_template(
        "deadlines/index.html",
        wanted=wanted,
        lines=rows[:PAGE],
        numbers=numbers,
        # A name may have rows for several departments: once in the list.
        names=list({row["name"]: row["label"] for row in rows_in_force(settings(), TABLE, now().date())}.items()),
        words=WORDS,
        departments=offered,
        following=url_for(".index", **{**kept, "after": _key(last)}) if last else None,
        link=lambda **changes: url_for(".index", **{**{k: v for k, v in kept.items() if k not in changes}, **changes}),
    )


def _key(deadline: Deadline) -> str:
    moment = deadline.due_at or deadline.suspended_at
    return f"{moment.isoformat() if moment else ''}~{deadline.id}"


def left_by_rule(deadline: Deadline, calendar: Calendar, moment: datetime) -> str:
    """What is left until it is due (or has passed since) in the unit of its rule: ``6 个工作日``, ``20 小时``.

    Empty for a rule of days, months or a date, whose calendar days every list already says; on the due day of
    a rule of working days; while it stands still; and after it was met.
    """
    if deadline.due_at is None or deadline.met_at is not None:
        return ""
    _, unit = parse_rule(deadline.rule)
    if unit == "h":
        return f"{abs(deadline.due_at - moment) // timedelta(hours=1)} 小时"
    today, due_on = calendar.local_date(moment), calendar.local_date(deadline.due_at)
    if unit != "wd" or today == due_on:
        return ""
    return f"{abs(calendar.working_days_between(today, due_on))} 个工作日"


@blueprint.get("/deadlines/<deadline_id>")
@signed_in
def show(deadline_id: str) -> ResponseReturnValue:
    """One deadline: how it is counted, its whole trail, and what those in charge may do."""
    return _page(deadline_id)


def _page(
    deadline_id: str, *, typed: dict[str, str] | None = None, errors: dict[str, list[str]] | None = None,
    message: str = "", status: int = 200,
) -> ResponseReturnValue:  # fmt: skip
    with database().read() as session:
        deadline = _visible(session, deadline_id)
        calendar = Calendar.load(session, settings().district_id, settings().timezone)
        row = find_rule(settings(), deadline.name, calendar.local_date(deadline.started_at), deadline.department)
        mine = deadline.met_at is None and in_charge(session, actor(), deadline)
        case = session.scalar(
            sa.select(ProcessInstance).where(
                ProcessInstance.id == deadline.instance_id, instance_in_scope(actor(), ProcessInstance.id)
            )
        )
        page = render_template(
            "deadlines/show.html", deadline=deadline, left=left_by_rule(deadline, calendar, now()),
            row=row, case=case, steps=trail(session, deadline.id), kinds=KINDS, words=WORDS, mine=mine,
            rows=_rows(deadline, row, case.title if case else ""),
            extension=_extension(session, deadline) if mine and not is_restricted(session, deadline) else None,
            applying=_applying(session, deadline), ways=_ways(row),
            typed=typed or {}, errors=errors or {}, message=message,
        )  # fmt: skip
    return make_response(page, status)


def _visible(session: Session, deadline_id: str) -> Deadline:
    if not is_id(deadline_id):
        raise NotFound("没有找到这一期限，请核对链接。")
    return visible_deadline(session, actor(), deadline_id)


def _rows(deadline: Deadline, row: DeadlineRule | None, title: str) -> list[tuple[str, str]]:
    """How the deadline is counted, in words."""
    if deadline.suspended_at is not None:
        due = "中止中，恢复后确定"
    else:
        due = minute(deadline.due_at) + ("（暂定）" if deadline.provisional and deadline.met_at is None else "")
    start = "起始日计入" if deadline.includes_start else "起始日不计入"
    found = [
        ("事项", title),
        ("期限", f"{rule_words(deadline.rule)}（{start}）"),
        ("起算", minute(deadline.started_at)),
        ("届满", due),
        ("依据", deadline.legal_basis),
    ]
    for number, extension in enumerate(deadline.extensions, 1):
        approved = f"，{extension['approved_by']}批准" if extension.get("approved_by") else ""
        found.append((f"第 {number} 次延长", rule_words(extension["rule"]) + approved))
    labels = {ground.code: ground.label for ground in row.suspensions} if row else {}
    for number, s in enumerate(deadline.suspensions, 1):
        until = f"至 {minute(s['until'])}" if s["until"] else "起，尚未恢复"
        found.append((f"第 {number} 次中止", f"{labels.get(s['ground'], s['ground'])}：{minute(s['since'])} {until}"))
    return [(label, text) for label, text in found if text]


def _ways(row: DeadlineRule | None) -> list[str]:
    """How it comes to stand still on the grounds that are not chosen here."""
    return [way(ground) for ground in row.suspensions if not ground.by_hand] if row else []


def _extension(session: Session, deadline: Deadline) -> Any:
    """The extension that may be applied for now, None when there is none."""
    try:
        return allowed_extension(session, settings(), deadline, now())
    except (Conflict, InvalidInput):
        return None


def _applying(session: Session, deadline: Deadline) -> UserTask | None:
    """The open task of an application under way."""
    return session.scalar(
        sa.select(UserTask)
        .where(
            UserTask.district_id == deadline.district_id, UserTask.process_key == PROCESS, UserTask.state == "open",
            UserTask.business_key.startswith(f"{deadline.business_key}/{deadline.name}/延期/", autoescape=True),
        )
        .limit(1)
    )  # fmt: skip


@blueprint.post("/deadlines/<deadline_id>/suspend")
@signed_in
def suspend(deadline_id: str) -> ResponseReturnValue:
    """Let it stand still, on a ground the table allows."""
    typed = {name: request.form.get(name, "").strip() for name in ("ground", "reason", "since")}
    with database().read() as session:
        deadline = _visible(session, deadline_id)
    try:
        since = _moment(typed["since"], "since")
        command = SuspendDeadline(deadline.business_key, deadline.name, typed["reason"], typed["ground"], since)
        engine().execute(command, actor=actor())
    except (InvalidInput, Conflict, Forbidden) as error:
        return _refused(deadline_id, typed, error)
    flash("期限已中止，恢复以前的时间不计入。", "success")
    return redirect(url_for(".show", deadline_id=deadline_id), 303)


@blueprint.post("/deadlines/<deadline_id>/resume")
@signed_in
def resume(deadline_id: str) -> ResponseReturnValue:
    """Let it run again."""
    typed = {name: request.form.get(name, "").strip() for name in ("reason", "until")}
    with database().read() as session:
        deadline = _visible(session, deadline_id)
    try:
        until = _moment(typed["until"], "until")
        engine().execute(ResumeDeadline(deadline.business_key, deadline.name, typed["reason"], until), actor=actor())
    except (InvalidInput, Conflict, Forbidden) as error:
        return _refused(deadline_id, typed, error)
    flash("期限已恢复计算。", "success")
    return redirect(url_for(".show", deadline_id=deadline_id), 303)


@blueprint.post("/deadlines/<deadline_id>/extension")
@signed_in
def apply(deadline_id: str) -> ResponseReturnValue:
    """Open an application for more time and go to its form."""
    with database().read() as session:
        _visible(session, deadline_id)
    try:
        instance_id = engine().execute(ApplyForExtension(deadline_id), actor=actor())
    except (InvalidInput, Conflict, Forbidden) as error:
        return _refused(deadline_id, {}, error)
    with database().read() as session:
        task = session.scalar(sa.select(UserTask.id).where(UserTask.instance_id == instance_id))
    return redirect(url_for("tasks.show", task_id=task), 303)


def _refused(deadline_id: str, typed: dict[str, str], error: LianjianError) -> ResponseReturnValue:
    fields = error.fields if isinstance(error, InvalidInput) else {}
    return _page(deadline_id, typed=typed, errors=fields, message=error.message, status=error.status)


def _moment(text: str, field: str) -> datetime | None:
    """The moment of a date-time field; None when it is left empty (now)."""
    if not text:
        return None
    try:
        return parse_instant(text, settings().timezone)
    except (LianjianError, ValueError):
        raise InvalidInput("时间无法识别。", fields={field: ["请写成 2026-05-06 09:00，或者留空表示现在。"]}) from None
