"""One form for many tasks of one step: clean results reviewed, told and released as one list.

Every task is completed by a command of its own, so one that fails stops no other; the page
says of each what became of it, and what failed can be sent again.  With ``?department=`` an
officer of the lead department enters for a department without log-ins (代录): the same list,
with the letter that department signed behind every entry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from engine.commands.complete_task import CompleteTask, Paper
from engine.errors import InvalidInput, LianjianError, NotFound
from engine.forms import Component, Form
from engine.forms.components import FILES
from engine.inspection.batches import STEPS, BatchStep, batch_count, batch_tasks
from engine.inspection.models import DepartmentInspection
from engine.inspection.shared_scan import AddSharedScan, scan_of
from engine.models import UserTask
from engine.process_engine import TaskView
from engine.web.context import actor, database, engine, now
from engine.web.form_view import FormView, form_view
from engine.web.guards import signed_in
from engine.web.paper_entry import PAPER_FILE, PAPER_TEXTS, paper_of
from engine.web.task_lookup import find_task, is_id

blueprint = Blueprint("batch", __name__)
#: Tasks on one page: what a person can look through before answering for it.
LIMIT = 200


@dataclass(frozen=True)
class Row:
    """One task of the list with the facts a person checks before ticking it."""

    task: UserTask
    facts: Sequence[Mapping[str, Any]]
    chosen: bool = True


@dataclass(frozen=True)
class Outcome:
    """What became of one task; ``problem`` is empty when it was done."""

    task: UserTask
    problem: str = ""


def _step(name: str) -> BatchStep:
    if name not in STEPS:
        raise NotFound("没有这种批量办理，请从待办进入。")
    return STEPS[name]


def shared(form: Form) -> Form:
    """The fields answered once for all: no files, and nothing that has its own default in every case."""
    components = tuple(c for c in form.components if not c.default_key and c.type not in FILES)
    return replace(form, components=components)


def own_fields(form: Form) -> list[Component]:
    """Fields that every case fills from its own record (接收人 and the like)."""
    return [c for c in form.components if c.default_key]


@blueprint.get("/batch/<name>")
@signed_in
def show(name: str) -> ResponseReturnValue:
    """The tasks that wait, all ticked unless ``?none=1``, and the step's form once."""
    with database().read() as session:
        chosen: set[str] | None = set() if request.args.get("none") else None
        return _page(session, name, chosen=chosen)


def _department() -> str:
    """For which department is entered; empty: for oneself."""
    code = request.values.get("department", "")[:32]
    return "" if code in actor().departments else code


def _form(view: TaskView) -> Form | None:
    return view.form.on_paper() if view.form is not None and _department() else view.form


def _page(
    session: Session, name: str, *, typed: Mapping[str, Any] | None = None, chosen: set[str] | None = None,
    errors: Mapping[str, list[str]] | None = None, outcomes: Sequence[Outcome] = (), status: int = 200,
    post: MultiDict[str, str] | None = None,
) -> ResponseReturnValue:  # fmt: skip
    step, department = _step(name), _department()
    views = [engine().task_view(session, task) for task in batch_tasks(session, actor(), step, LIMIT, department)]
    rows = [Row(v.task, v.context.get("facts") or [], chosen is None or v.task.id in chosen) for v in views]
    drawn: FormView | None = None
    form = _form(views[0]) if views else None
    if form is not None:
        common = shared(form)
        values = typed if typed is not None else common.with_defaults(views[0].context)
        drawn = form_view(common, values, errors, views[0].context, now())
    found, given = errors or {}, post if post is not None else MultiDict[str, str]()
    page = render_template(
        "batch.html", name=name, step=step, rows=rows, form=drawn, own=own_fields(form) if form else [],
        total=batch_count(session, actor(), step, department=department) if views else 0, outcomes=outcomes,
        done=[o for o in outcomes if not o.problem], failed=[o for o in outcomes if o.problem], errors=found,
        department=department, paper={k: given.get(k, "") for k in (*PAPER_TEXTS, PAPER_FILE)},
        paper_errors={k: v for k, v in found.items() if k.startswith("paper_")},
        attachments=_scan(session, given.get(PAPER_FILE, "")),
    )  # fmt: skip
    return make_response(page, status)


def _scan(session: Session, attachment_id: str) -> dict[str, dict[str, Any]]:
    """The letter uploaded before the form came back."""
    row = scan_of(session, actor(), attachment_id) if is_id(attachment_id) else None
    if row is None:
        return {}
    return {row.id: {"file_name": row.file_name, "url": url_for("attachments.show", attachment_id=row.id)}}


@blueprint.post("/batch/<name>")
@signed_in
def submit(name: str) -> ResponseReturnValue:
    """Complete every ticked task by itself; refused as a whole only when the shared answers are faulty."""
    step, department = _step(name), _department()
    chosen = list(dict.fromkeys(request.form.getlist("task")))[:LIMIT]
    with database().read() as session:
        tasks = {task.id: task for task in batch_tasks(session, actor(), step, LIMIT, department)}
        picked = [tasks[i] for i in chosen if i in tasks]
        outcomes = _left_out(session, [i for i in chosen if i not in tasks])
        sample = engine().task_view(session, picked[0] if picked else next(iter(tasks.values()))) if tasks else None
        own = _own(session, picked, sample)
        campaign = _campaign(session, picked)
    post: MultiDict[str, str] = MultiDict(request.form)
    faults: dict[str, list[str]] = {} if chosen else {"": ["请至少勾选一项。"]}
    paper: Paper | None = None
    if department and chosen:
        paper, wrong = _paper(post, campaign)
        faults |= wrong
    form = None if sample is None else _form(sample)
    typed = shared(form).from_multidict(post) if form is not None else {}
    if sample is not None and form is not None:
        faults = {**_faults(form, typed, sample), **faults}
    if faults and tasks:
        with database().read() as session:
            return _page(session, name, typed=typed, chosen=set(chosen), errors=faults, status=422, post=post)
    outcomes += [_complete(task, own.get(task.id, {}), paper) for task in picked]
    with database().read() as session:
        failed = {o.task.id for o in outcomes if o.problem}
        return _page(
            session, name, typed=typed if failed else None, chosen=failed or None, outcomes=outcomes,
            post=post if failed else None,
        )  # fmt: skip


def _paper(post: MultiDict[str, str], campaign: str) -> tuple[Paper | None, dict[str, list[str]]]:
    """The signed letter behind the whole list, its scan stored once; and what is wrong with it."""
    file = request.files.get(f"upload-{PAPER_FILE}")
    faults: dict[str, list[str]] = {}
    try:
        if file is not None and file.filename:
            command = AddSharedScan(campaign, file.filename, file.mimetype or "", file.read())
            post[PAPER_FILE] = engine().execute(command, actor=actor())
    except InvalidInput as error:
        faults |= error.fields
    post["paper"] = "1"
    try:
        paper = paper_of(post)
    except InvalidInput as error:
        return None, {**faults, **error.fields}
    labels = {"document_number": "文号", "signed_by": "签署人", "signed_on": "签署日期", "attachment_id": "签字扫描件"}
    for key, label in labels.items():
        if not getattr(paper, key) and f"paper_{key}" not in faults:
            faults[f"paper_{key}"] = [f"请{'上传' if key == 'attachment_id' else '填写'}{label}。"]
    return paper, faults


def _campaign(session: Session, picked: Sequence[UserTask]) -> str:
    """The campaign of the first picked inspection: its case keeps the letter."""
    number = picked[0].business_key if picked else ""
    return session.scalar(sa.select(DepartmentInspection.campaign).where(DepartmentInspection.number == number)) or ""


def _own(session: Session, picked: Sequence[UserTask], sample: TaskView | None) -> dict[str, dict[str, Any]]:
    """What each case fills from its own record; nothing is looked up for a form without such fields."""
    fields = own_fields(sample.form) if sample is not None and sample.form is not None else []
    if not fields:
        return {}
    views = [engine().task_view(session, task) for task in picked]
    return {v.task.id: {c.key: c.default_value(v.context) for c in fields} for v in views}


def _faults(form: Form, typed: Mapping[str, Any], sample: TaskView) -> dict[str, list[str]]:
    """What is wrong with the answers given once; what single cases lack is told case by case."""
    own = {c.key: c.default_value(sample.context) for c in own_fields(form)}
    try:
        form.validate({**own, **typed}, sample.context, now=now())
    except InvalidInput as error:
        keys = {c.key for c in shared(form).components}
        return {key: messages for key, messages in error.fields.items() if key.partition("[")[0] in keys}
    return {}


def _left_out(session: Session, ids: Sequence[str]) -> list[Outcome]:
    """Ticked tasks that changed meanwhile; nothing is told of what the actor may not see."""
    found = []
    for task_id in ids:
        try:
            task = find_task(session, task_id)
        except NotFound:
            continue
        words = (
            "不再是未发现问题的检查，请单独办理。" if task.state == "open" else "已由其他人员办理或撤销，本次未作改动。"
        )
        found.append(Outcome(task, words))
    return found


def _complete(task: UserTask, own: Mapping[str, Any], paper: Paper | None) -> Outcome:
    text = request.form.get(f"version-{task.id}", "")
    version = int(text) if text.isdecimal() and len(text) < 10 else 0

    def values(form: Form) -> dict[str, Any]:
        """Read by the task's own form: tasks of one list may run on two versions of the process."""
        return {**own, **shared(form).from_multidict(request.form)}

    try:
        engine().execute(CompleteTask(task.id, version, values, paper), actor=actor())
    except InvalidInput as error:
        messages = [m for found in error.fields.values() for m in found]
        return Outcome(task, "；".join(messages) or error.message)
    except LianjianError as error:
        return Outcome(task, error.message)
    return Outcome(task)
