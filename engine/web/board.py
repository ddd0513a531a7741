"""The supervisor's board (督查看板): open work that is late or at risk, by department and step, and 催办.

Figures count work waiting, never findings or fines: departments are listed in their official
order and are not ranked (国办发〔2024〕54号).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.commands.remind import HEADS, WATCHERS, Remind, Reminder, reminders
from engine.errors import Forbidden, InvalidInput
from engine.models import UserTask
from engine.queries import BoardRow, Cursor, WorkFilter, board, open_work
from engine.scope import sees_district
from engine.web.auth import local_path
from engine.web.case_view import waiting
from engine.web.cases import process_words
from engine.web.context import actor, database, department_name, departments, engine, now
from engine.web.csv_export import csv_response
from engine.web.filters import NEAR_DAYS, due_state, minute
from engine.web.guards import requires_role
from engine.web.navigation import NavItem
from engine.web.task_lookup import is_id, is_moment

READERS = (*sorted(WATCHERS), *HEADS)
blueprint = Blueprint("board", __name__)
NAV = (NavItem("督查看板", "board.show", "board", 24, "/board", roles=frozenset(READERS), group="监管"),)

PAGE = 50
EXPORT_CAP = 5_000
STATES = {"overdue": "已超期", "near": f"{NEAR_DAYS} 天内到期", "undated": "不限期", "": "全部在办"}
HEAD = ("部门", "步骤", "流程", "事项", "编号", "等待", "到达时间", "期限", "状态")


def _filter() -> WorkFilter:
    """What the address asks for; heads see their own departments' work only."""
    person = actor()
    own = frozenset(d for d in person.departments if any(person.has_role(role, d) for role in HEADS))
    today = now().date()
    state = request.args.get("state", "overdue" if not request.args else "")
    return WorkFilter(
        now=now(),
        near=datetime.combine(today + timedelta(days=NEAR_DAYS + 1), time(), tzinfo=now().tzinfo),
        departments=None if sees_district(person) else own,
        department=request.args.get("department", ""),
        process_key=request.args.get("process", ""),
        element_id=request.args.get("step", ""),
        state=state if state in STATES else "",
        search=request.args.get("q", "").strip()[:100],
    )


def _cursor() -> Cursor | None:
    moment, _, task_id = request.args.get("after", "").partition("~")
    return (moment, task_id) if is_id(task_id) and (not moment or is_moment(moment)) else None


@blueprint.app_context_processor
def template_globals() -> dict[str, Any]:
    """``reminders_of(task)`` for the page of a task."""
    return {"reminders_of": _reminders_of}


def _reminders_of(task: UserTask) -> list[Reminder]:
    with database().read() as session:
        return reminders(session, task)


@blueprint.get("/board")
@requires_role(*READERS)
def show() -> ResponseReturnValue:
    """Counts by department and step, and the tasks behind them, the most urgent first."""
    wanted = _filter()
    with database().read() as session:
        rows = board(session, actor(), wanted)
        work = open_work(session, actor(), wanted, after=_cursor(), limit=PAGE + 1)
        waits = {w.task.id: w for w in waiting(session, [task for task, _ in work[:PAGE]])}
        words = process_words(session)
    last = work[PAGE - 1] if len(work) > PAGE else None
    kept: dict[str, Any] = {k: v for k, v in request.args.items() if k != "after" and v}
    if "state" not in kept and wanted.state:
        kept["state"] = wanted.state
    return render_template(
        "board.html",
        wanted=wanted,
        groups=_by_department(rows),
        totals=_totals(rows),
        states=STATES,
        work=work[:PAGE],
        waits=waits,
        process_words=words,
        departments=_offered(wanted),
        following=url_for(".show", **{**kept, "after": _key(last)}) if last else None,
        export=url_for(".export", **kept),
        link=lambda **changes: url_for(".show", **{**{k: v for k, v in kept.items() if k not in changes}, **changes}),
        back=request.full_path,
    )


def _offered(wanted: WorkFilter) -> dict[str, str]:
    return {c: n for c, n in departments().items() if wanted.departments is None or c in wanted.departments}


def _key(row: tuple[UserTask, datetime | None]) -> str:
    return f"{row[1].isoformat() if row[1] else ''}~{row[0].id}"


def _by_department(rows: list[BoardRow]) -> list[tuple[str, list[BoardRow], dict[str, int]]]:
    """Departments in their official order, each with its steps and sums."""
    order = {code: place for place, code in enumerate(departments())}
    codes = sorted({row.department for row in rows}, key=lambda code: (order.get(code, len(order)), code))
    found = []
    for code in codes:
        own = [row for row in rows if row.department == code]
        found.append((code, own, _totals(own)))
    return found


def _totals(rows: list[BoardRow]) -> dict[str, int]:
    return {
        "open": sum(r.open for r in rows),
        "overdue": sum(r.overdue or 0 for r in rows),
        "near": sum(r.near or 0 for r in rows),
    }


@blueprint.get("/board.csv")
@requires_role(*READERS)
def export() -> ResponseReturnValue:
    """The same tasks as a table, at most :data:`EXPORT_CAP`."""
    wanted = _filter()
    with database().read() as session:
        work = open_work(session, actor(), wanted, limit=EXPORT_CAP)
        waits = {w.task.id: w for w in waiting(session, [task for task, _ in work])}
        words = process_words(session)
    today = now().date()
    lines = [_line(words, task, moment, waits[task.id].who) for task, moment in work]
    return csv_response(f"督查看板-{today.isoformat()}.csv", HEAD, lines)


def _line(words: Mapping[str, str], task: UserTask, moment: datetime | None, who: str) -> list[Any]:
    return [
        department_name(task.department), task.name, words.get(task.process_key, task.process_key), task.title,
        task.business_key, who, minute(task.created_at), minute(moment) if moment else "",
        due_state(moment, now()).text if moment else "不限期",
    ]  # fmt: skip


@blueprint.post("/board/remind")
@requires_role(*READERS)
def remind() -> ResponseReturnValue:
    """Remind whoever the ticked tasks wait for (催办)."""
    back = local_path(request.form.get("back")) or url_for(".show")
    task_ids = [task_id for task_id in request.form.getlist("task") if is_id(task_id)]
    try:
        count = engine().execute(Remind(task_ids, request.form.get("note", "")), actor=actor())
    except (InvalidInput, Forbidden) as error:
        flash(error.message, "error")
        return redirect(back, 303)
    skipped = len(set(task_ids)) - count
    said = f"已催办 {count} 项。" if count else "没有新的催办。"
    flash(said + (f"{skipped} 项已办结或一小时内催办过，没有重复催办。" if skipped else ""), "success")
    return redirect(back, 303)
