"""What every case page shows: who it waits for, its deadlines, its picture and its history in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import url_for
from sqlalchemy.orm import Session

from engine.forms import Form
from engine.inspection.event_words import (
    EMPTY_OPINIONS,
    ENDED,
    OPENED_BY_HAND,
    PROBLEMS,
    SILENT,
    STAGE_WORDS,
    STARTED,
    WORDS,
)
from engine.models import Department, Incident, ProcessDefinition, ProcessInstance, TaskCandidate, User, UserRole
from engine.models import UserTask as Task
from engine.queries import TimelineEntry, timeline
from engine.web.context import department_name, engine, now, settings
from engine.web.filters import case_number, day
from engine.web.submissions import Line, submitted

STATUS = {"running": "办理中", "completed": "已办结", "terminated": "已终止", "suspended": "已暂停"}
#: More people of one group are not listed one by one.
NAMED = 4
_BOUNDARY = re.compile(r"<(?:\w+:)?boundaryEvent\b[^>]*?\bid=\"([^\"]+)\"")
#: The start of an event sub-process, which listens as long as its process runs.
_LISTENING = re.compile(
    r'<(?:\w+:)?subProcess\b[^>]*\btriggeredByEvent="true"[^>]*>.*?<(?:\w+:)?startEvent\b[^>]*\bid="([^"]+)"', re.S
)


# -- waiting for whom -------------------------------------------------------------------


@dataclass(frozen=True)
class Waiting:
    """One open task (its row) and who may act on it, in words."""

    task: Any
    who: str
    people: str = ""
    claimed: bool = False
    logins: str = ""  # who may sign in and act, only in a demo system


_URGENCY = (Task.due_at.is_(None), Task.due_at, Task.created_at, Task.id)
#: The first few open tasks of a case and how many there are.  Written out, not values: those are looked up each time.
_OPEN_NOW = (
    sa.select(
        Task.id, Task.name, Task.department, Task.role, Task.group.label("group"), Task.assignee_id,
        Department.name.label("department_name"), sa.func.count().over().label("total"),
    )
    .outerjoin(Department, sa.and_(Department.district_id == Task.district_id, Department.code == Task.department))
    .where(Task.instance_id == sa.bindparam("of_instance"), Task.state == sa.literal_column("'open'"))
    .order_by(*_URGENCY)
    .limit(sa.literal_column(str(NAMED)))
)  # fmt: skip


def open_tasks(session: Session, instance_ids: Iterable[str]) -> list[Task]:
    """Open tasks of some instances, the most urgent first."""
    wanted = sa.select(Task).where(Task.instance_id.in_(list(instance_ids)), Task.state == "open")
    return list(session.scalars(wanted.order_by(*_URGENCY)))


def waiting(
    session: Session | sa.Connection, tasks: Sequence[Any], *, members: bool = True,
    name_of: Callable[[str], str] = department_name,
) -> list[Waiting]:  # fmt: skip
    """Who each task waits for: its holder, the named candidates, or a department's post.

    ``tasks`` are rows of user tasks; without ``members`` nobody asks who holds a post; ``name_of``
    names a department.
    """
    holders = _people(session, {t.assignee_id for t in tasks if t.assignee_id})
    named: dict[str, list[str]] = {}
    homes: dict[str, set[str]] = {}  # a draw witness comes from another department than the task's
    if offered := [t.id for t in tasks if not t.assignee_id and not t.group]:
        for task_id, name, home in session.execute(
            sa.select(TaskCandidate.task_id, User.name, User.department)
            .join(User, User.id == TaskCandidate.user_id)
            .where(TaskCandidate.task_id.in_(offered))
            .order_by(User.name)
        ):
            named.setdefault(task_id, []).append(name)
            homes.setdefault(task_id, set()).add(home)
    demo = settings().demo
    asked = {t.group for t in tasks if t.group and not t.assignee_id} if members or demo else set()
    groups = _members(session, asked)
    logins = _logins(session) if demo else {}
    found = []
    for task in tasks:
        place = f"{name_of(task.department)} {task.role}".strip()
        people = groups.get(task.group, [])
        if task.assignee_id:
            name, home = holders.get(task.assignee_id, ("—", task.department))
            names = [name]
            if not task.group:  # named by person, not by post: a draw witness comes from another department
                place = f"{department_name(home)} {task.role}".strip()
            waits = Waiting(task, name, place, claimed=True)
        elif task.id in named:
            names = named[task.id]
            home = "、".join(sorted(department_name(code) for code in homes[task.id]))
            waits = Waiting(task, "、".join(names), f"{home} {task.role}".strip())
        else:
            names = people
            waits = Waiting(task, place, _listed(people))
        found.append(replace(waits, logins="、".join(logins[n] for n in names[:NAMED] if n in logins)))
    return found


def _logins(session: Session | sa.Connection) -> dict[str, str]:
    """Login by name: names of demo accounts are unique."""
    return {name: login for name, login in session.execute(sa.select(User.name, User.login).where(User.active))}


def waits_now(connection: sa.Connection, instance_id: str) -> str:
    """Whom a case waits for now, as one sentence to whoever just acted; empty when for nobody."""
    tasks = connection.execute(_OPEN_NOW, {"of_instance": instance_id}).all()
    named = {task.department: task.department_name or task.department for task in tasks}
    waits = waiting(connection, tasks, members=False, name_of=named.__getitem__)
    shown = [f"{w.who}办理“{w.task.name}”" + (f"（演示登录名 {w.logins}）" if w.logins else "") for w in waits]
    more = f"等 {tasks[0].total} 项" if tasks and tasks[0].total > NAMED else ""
    return f"现在等待{'、'.join(shown)}{more}。" if shown else ""


def _people(session: Session | sa.Connection, ids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Name and own department by id."""
    wanted = list(ids)
    if not wanted:
        return {}
    rows = session.execute(sa.select(User.id, User.name, User.department).where(User.id.in_(wanted)))
    return {user_id: (name, home) for user_id, name, home in rows}


def _names(session: Session | sa.Connection, ids: Iterable[str]) -> dict[str, str]:
    return {user_id: name for user_id, (name, _) in _people(session, ids).items()}


def _members(session: Session | sa.Connection, groups: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    pairs = [tuple(group.split("/", 1)) for group in groups]
    if not pairs:
        return found
    rows = session.execute(
        sa.select(UserRole.department, UserRole.role, User.name)
        .join(User, User.id == UserRole.user_id)
        .where(User.active, sa.tuple_(UserRole.department, UserRole.role).in_(pairs))
        .order_by(User.name)
    )
    for department, role, name in rows:
        found.setdefault(f"{department}/{role}", []).append(name)
    return found


def _listed(names: Sequence[str]) -> str:
    if not names:
        return "该岗位目前没有人员，可由承办人依据签字扫描件代录"
    shown = "、".join(names[:NAMED])
    return shown if len(names) <= NAMED else f"{shown} 等 {len(names)} 人"


# -- picture ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Picture:
    """What the viewer island needs."""

    source: str
    markers: dict[str, str]
    badges: dict[str, dict[str, str]]


def diagram_text(session: Session, instance: ProcessInstance) -> str:
    """The BPMN XML of the version this instance runs on."""
    bundle = session.scalar(sa.select(ProcessDefinition.bundle).where(ProcessDefinition.id == instance.definition_id))
    return next(text for name, text in (bundle or {}).items() if name.endswith(".bpmn"))


def picture(session: Session, instance: ProcessInstance, tasks: Sequence[Task]) -> Picture:
    """Where the instance stands: done, current, overdue, stopped by an incident."""
    own = [t for t in tasks if t.instance_id == instance.id]
    # Events on a task's border wait as long as the task is open, those that may come at any time for ever:
    # that says nothing.
    diagram = diagram_text(session, instance)
    border = {*_BOUNDARY.findall(diagram), *_LISTENING.findall(diagram)}
    words = {"done": "completed", "open": "current", "waiting": "current"}
    progress = engine().peek(session, instance).progress()
    markers = {
        element: words[state] for element, state in progress.items() if not (state == "waiting" and element in border)
    }
    counts: dict[str, list[Task]] = {}
    for task in own:
        counts.setdefault(task.element_id, []).append(task)
        late = task.due_at is not None and task.due_at < now()
        markers[task.element_id] = "overdue" if late or markers.get(task.element_id) == "overdue" else "current"
    for element in session.scalars(
        sa.select(Incident.element_id).where(Incident.instance_id == instance.id, Incident.state == "open")
    ):
        if element:
            markers[element] = "incident"
    badges = {
        element: {"text": str(len(found)), "label": f"{found[0].name}：{len(found)} 项待办"}
        for element, found in counts.items()
    }
    return Picture(url_for("cases.diagram", instance_id=instance.id), markers, badges)


# -- history ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Event:
    """One line of the timeline; ``lines`` are submitted values, shown on demand."""

    at: datetime
    who: str
    what: str
    note: str = ""
    lines: Sequence[Line] = ()
    problem: bool = False
    place: str = ""
    paper: Mapping[str, Any] = field(default_factory=dict)


def history(session: Session, instances: Sequence[ProcessInstance]) -> list[Event]:
    """Who did what and when in some instances, oldest first."""
    by_id = {instance.id: instance for instance in instances}
    forms = {i.id: engine().kernel.definition(session, i.definition_id) for i in instances}
    tasks = {
        task_id: (form, name)
        for task_id, form, name in session.execute(
            sa.select(Task.id, Task.form_key, Task.name).where(Task.instance_id.in_(list(by_id)))
        )
    }
    users = {}
    entries = [e for e in timeline(session, list(by_id)) if e.kind not in SILENT]
    if moved := {str(e.body.get("to")) for e in entries if e.kind == "task-reassigned"}:
        users = _names(session, moved)
    several = len(by_id) > 1
    found = []
    for entry in entries:
        form_key, task_name = tasks.get(str(entry.body.get("task", "")), ("", ""))
        instance = by_id[entry.instance_id]
        form = forms[entry.instance_id].forms.get(form_key)
        place = _place(instance) if several else ""
        found.append(_event(entry, instance.process_key, form, task_name, users, place))
    return found


def _place(instance: ProcessInstance) -> str:
    """Which of several cases on one page an event belongs to."""
    word = {"rectification": " · 责令改正", "administrative-penalty": " · 行政处罚"}.get(instance.process_key, "")
    return "" if instance.process_key == "inspection" else department_name(instance.department) + word


def _event(
    entry: TimelineEntry, process_key: str, form: Form | None, task_name: str, users: Mapping[str, str], place: str
) -> Event:
    body, note, what = entry.body, "", WORDS.get(entry.kind, "登记")
    lines: Sequence[Line] = ()
    paper: Mapping[str, Any] = {}
    if entry.kind == "task-completed":
        values = body.get("values") or {}
        decision = values.get("decision")
        what = f"{body.get('name') or task_name}：{decision}" if decision else f"办结“{body.get('name') or task_name}”"
        note = str(values.get("return_reason") or values.get("opinion") or "").strip()
        note = "" if note in EMPTY_OPINIONS else note
        lines, paper = submitted(form, values), body.get("paper") or {}
    elif entry.kind in {"task-claimed", "task-released", "task-reassigned", "task-reminded", "task-cancelled"}:
        what = f"{what}“{body.get('name') or task_name}”"
        if entry.kind == "task-reassigned":
            what += f"给{users.get(str(body.get('to')), '同事')}"
        note = str(body.get("reason") or body.get("note") or "")
    elif entry.kind in {"instance-started", "instance-completed"}:
        words = STARTED if entry.kind == "instance-started" else ENDED
        what = words.get(process_key, "流程启动" if words is STARTED else "流程办结")
    elif entry.kind == "attachment-added":
        what = f"{what}：{body.get('name', '')}"
    else:
        note = _note(entry.kind, body)
    # Whoever happened to submit last did not decide to open the cases that follow.
    opened = entry.kind == "instance-started" and process_key not in OPENED_BY_HAND
    who = "系统" if opened or not entry.actor_name else entry.actor_name
    return Event(entry.at, who, what, note, lines, entry.kind in PROBLEMS, place, paper)


def _note(kind: str, body: Mapping[str, Any]) -> str:
    if kind == "recusal-requested":
        return f"申请人：{body.get('applicant', '')}。{body.get('reason', '')}"
    if kind == "plan-merge-decided":
        done = "合并为一次检查" if body.get("accepted") else f"不合并：{body.get('reason', '')}"
        return f"{body.get('first')} 与 {body.get('second')}，重叠 {body.get('overlap')} 户，{done}"
    if kind.startswith("deadline-"):
        return _deadline_note(body)
    if kind in {"incident-opened", "incident-resolved"}:
        return str(body.get("message") or body.get("reason") or "")
    if kind.startswith("document-"):
        told = (f"{body.get('title', '')} {body.get('number', '')}", body.get("signed_by"), body.get("reason"))
        return "；".join(str(part) for part in told if part)
    if kind in {"province-receipt", "paper-receipt"}:
        return str(body.get("receipt") or "")
    if kind == "publication-stage":
        return "：".join(part for part in (STAGE_WORDS.get(str(body.get("stage")), ""), body.get("note")) if part)
    if kind in {"draw-committed", "draw-done", "draw-aborted", "draw-imported", "draw-tried", "draw-annulled"}:
        return "；".join(str(body[k]) for k in ("draw_id", "reason") if body.get(k))
    if kind == "inspector-replaced":
        return f"{body.get('inspector', '')} 回避，由 {body.get('successor', '')} 递补"
    return ""


#: The case a deadline was taken over from, in the reason the program wrote.
_TAKEN_OVER = re.compile(r"(?<=^接续 )\S+(?= 的期限$)")


def _deadline_note(body: Mapping[str, Any]) -> str:
    """Which deadlines changed, from when to when, and why."""
    told = []
    for one in body.get("deadlines") or [body]:
        before, after = (day(one.get(name)) for name in ("due_before", "due_at"))
        moved = f"{before} → {after}" if before != after else after
        told.append(f"{one.get('label') or one.get('name')}（{case_number(str(one.get('business_key')))}）{moved}")
    why = (str(body[name]) for name in ("ground", "reason") if body.get(name))
    return "；".join([*told, *(_TAKEN_OVER.sub(lambda found: case_number(found[0]), words) for words in why)])
