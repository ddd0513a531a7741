"""One form for many tasks of one step: clean results reviewed, told and released as one list.

Every task is completed by a command of its own, so one that fails stops no other; the page
says of each what became of it, and what failed can be sent again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, make_response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine.commands.complete_task import CompleteTask
from engine.errors import InvalidInput, LianjianError, NotFound
from engine.forms import Component, Form
from engine.forms.components import FILES
from engine.inspection.batches import STEPS, BatchStep, batch_count, batch_tasks
from engine.models import UserTask
from engine.process_engine import TaskView
from engine.web.context import actor, database, engine, now
from engine.web.form_view import FormView, form_view
from engine.web.guards import signed_in
from engine.web.task_lookup import find_task

blueprint = Blueprint("batch", __name__)
#: Tasks on one page: what a person can look through before answering for it.
LIMIT = 50


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
    """The tasks that wait, all ticked, and the step's form once."""
    with database().read() as session:
        return _page(session, name)


def _views(session: Session, step: BatchStep) -> list[TaskView]:
    return [engine().task_view(session, task) for task in batch_tasks(session, actor(), step, LIMIT)]


def _page(
    session: Session, name: str, *, typed: Mapping[str, Any] | None = None, chosen: set[str] | None = None,
    errors: Mapping[str, list[str]] | None = None, outcomes: Sequence[Outcome] = (), status: int = 200,
) -> ResponseReturnValue:  # fmt: skip
    step = _step(name)
    views = _views(session, step)
    rows = [Row(v.task, v.context.get("facts") or [], chosen is None or v.task.id in chosen) for v in views]
    drawn: FormView | None = None
    form = views[0].form if views else None
    if form is not None:
        common = shared(form)
        values = typed if typed is not None else common.with_defaults(views[0].context)
        drawn = form_view(common, values, errors, views[0].context, now())
    page = render_template(
        "batch.html", name=name, step=step, rows=rows, form=drawn, own=own_fields(form) if form else [],
        total=batch_count(session, actor(), step) if views else 0, outcomes=outcomes,
        done=[o for o in outcomes if not o.problem], failed=[o for o in outcomes if o.problem], errors=errors or {},
    )  # fmt: skip
    return make_response(page, status)


@blueprint.post("/batch/<name>")
@signed_in
def submit(name: str) -> ResponseReturnValue:
    """Complete every ticked task by itself; refused as a whole only when the shared answers are faulty."""
    step = _step(name)
    chosen = list(dict.fromkeys(request.form.getlist("task")))[:LIMIT]
    with database().read() as session:
        views = {view.task.id: view for view in _views(session, step)}
        picked = [views[i] for i in chosen if i in views]
        gone = [i for i in chosen if i not in views]
        sample = next(iter(views.values()), None)
        typed: dict[str, Any] = {}
        if sample is not None and sample.form is not None:
            typed = shared(sample.form).from_multidict(request.form)
            faults = _faults(sample.form, typed, picked)
            if not chosen:
                faults = {**faults, "": ["请至少勾选一项。"]}
            if faults:
                return _page(session, name, typed=typed, chosen=set(chosen), errors=faults, status=422)
        outcomes = _closed(session, gone)
    outcomes += [_complete(view, typed) for view in picked]
    with database().read() as session:
        failed = {o.task.id for o in outcomes if o.problem}
        return _page(session, name, typed=typed if failed else None, chosen=failed or None, outcomes=outcomes)


def _faults(form: Form, typed: Mapping[str, Any], picked: Sequence[TaskView]) -> dict[str, list[str]]:
    """What is wrong with the answers given once; what single cases lack is told case by case."""
    try:
        context = picked[0].context if picked else {}
        form.validate(_values(form, typed, context), context, now=now())
    except InvalidInput as error:
        keys = {c.key for c in shared(form).components}
        return {key: messages for key, messages in error.fields.items() if key.partition("[")[0] in keys}
    return {}


def _values(form: Form, typed: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    """The shared answers joined with the case's own defaults."""
    return {**{c.key: c.default_value(context) for c in own_fields(form)}, **typed}


def _closed(session: Session, ids: Sequence[str]) -> list[Outcome]:
    """Ticked tasks that meanwhile went to somebody else; nothing is told of what the actor may not see."""
    found = []
    for task_id in ids:
        try:
            task = find_task(session, task_id)
        except NotFound:
            continue
        found.append(Outcome(task, "已由其他人员办理或撤销，本次未作改动。"))
    return found


def _complete(view: TaskView, typed: Mapping[str, Any]) -> Outcome:
    task = view.task
    text = request.form.get(f"version-{task.id}", "")
    version = int(text) if text.isdecimal() and len(text) < 10 else 0
    values = _values(view.form, typed, view.context) if view.form is not None else {}
    try:
        engine().execute(CompleteTask(task.id, version, values), actor=actor())
    except InvalidInput as error:
        messages = [m for found in error.fields.values() for m in found]
        return Outcome(task, "；".join(messages) or error.message)
    except LianjianError as error:
        return Outcome(task, error.message)
    return Outcome(task)
