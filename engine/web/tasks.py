"""One task: its form beside the facts, draft, files, the paper behind it, and submitting it.

Whatever goes wrong with a submission, everything typed and every file chosen comes back.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage, MultiDict

from engine.commands.add_attachment import AddAttachment
from engine.commands.complete_task import CompleteTask
from engine.commands.save_draft import SaveDraft
from engine.commands.task_access import closed_words, may_act, may_enter_paper
from engine.errors import Conflict, InvalidInput, LianjianError
from engine.expressions.temporal import read_datetime
from engine.models import TaskDraft, User, UserTask
from engine.process_engine import TaskView
from engine.web import document_view
from engine.web.cases import team_of
from engine.web.context import actor, database, engine, now, see_other
from engine.web.form_view import form_view, row_action
from engine.web.guards import signed_in
from engine.web.notices import note_submission
from engine.web.paper_entry import PAPER_FILE, PAPER_TEXTS, paper_of
from engine.web.submissions import attachment_links, submitted
from engine.web.task_lookup import colleagues, find_task, is_id, not_found

blueprint = Blueprint("tasks", __name__)

#: Steps whose page carries something besides the form: element → template.
PARTS = {
    "log_commitment": "parts/witness.html", "reveal": "parts/witness.html", "site_check": "parts/recusal.html",
    "arrive": "parts/arrival.html", "prepare_visit": "parts/recusal.html",
    "draft_work_plan": "parts/preview.html", "gate_check": "parts/preview.html", "draft_plan": "parts/preview.html",
}  # fmt: skip
#: Steps at which the party or an inspector may ask for recusal.
VISIT_STEPS = frozenset({"prepare_visit", "arrive", "site_check"})


@blueprint.get("/tasks/<task_id>")
@signed_in
def show(task_id: str) -> ResponseReturnValue:
    """The task's page; a closed task shows what was submitted."""
    with database().read() as session:
        task = find_task(session, task_id)
        if task.state != "open":
            return _closed(session, task)
        view = engine().task_view(session, task)
        draft = session.get(TaskDraft, (task.id, actor().user_id))
        values = draft.values if draft is not None else view.context.get("previous")
        return _page(session, view, values=values, draft=draft)


def _page(
    session: Session, view: TaskView, *, values: Mapping[str, Any] | None = None, draft: TaskDraft | None = None,
    errors: Mapping[str, list[str]] | None = None, extra_rows: Mapping[str, int] | None = None, typed: bool = False,
    paper: Mapping[str, str] | None = None, version: int | None = None, status: int = 200,
) -> ResponseReturnValue:  # fmt: skip
    """``typed`` shows ``values`` as they are, without filling in defaults again."""
    task, form = view.task, view.form
    shown = None
    may = may_act(session, actor(), task)
    shelves = document_view.of_task(task)
    if form is not None:
        form = form if may else form.on_paper()
        filled = values if typed else document_view.with_number(form.with_defaults(view.context, values), shelves)
        shown = form_view(form, filled or {}, errors, view.context, now(), extra_rows=extra_rows)
    facts = view.context.get("facts") or []
    page = render_template(
        "task.html",
        task=task,
        version=task.version if version is None else version,
        instance=view.instance,
        data=view.data,
        form=shown,
        facts=[fact for fact in facts if "rows" in fact],
        tables=[fact for fact in facts if "rows" not in fact],
        attachments=attachment_links(session, task.instance_id),
        draft=draft,
        may_act=may,
        may_enter_paper=may_enter_paper(session, actor(), task),
        holder=session.get(User, task.assignee_id) if task.assignee_id else None,
        colleagues=colleagues(session, task),
        part=PARTS.get(task.element_id) or ("parts/publication.html" if "publication" in view.context else None),
        publication=view.context.get("publication"),
        team=team_of(session, task.district_id, task.business_key) if task.element_id in VISIT_STEPS else [],
        shelves=shelves,
        paper=paper or {},
        errors=errors or {},
        paper_errors={k: v for k, v in (errors or {}).items() if k.startswith("paper_")},
    )
    return make_response(page, status)


def _closed(session: Session, task: UserTask) -> ResponseReturnValue:
    return make_response(
        render_template(
            "task_closed.html",
            task=task,
            closer=session.get(User, task.closed_by) if task.closed_by else None,
            blocks=submitted(engine().form_of(session, task), task.values),
            attachments=attachment_links(session, task.instance_id),
        )
    )


@blueprint.post("/tasks/<task_id>")
@signed_in
def submit(task_id: str) -> ResponseReturnValue:
    """Submit the form, or add and remove rows of it without JavaScript.

    Whoever may complete a task sees it as well (:func:`engine.scope.instance_in_scope` grants more than
    :func:`engine.commands.task_access.may_act`), so the command alone decides.  Every other answer looks the
    task up within the person's scope first, and to somebody outside of it says no more than that there is none.
    """
    post: MultiDict[str, str] = request.form
    failed: dict[str, list[str]] = {}
    if request.files or row_action(post) is not None:
        with database().read() as session:
            task = find_task(session, task_id)
            if task.state != "open":
                return _lost(session, task, closed_words(task, actor()), post)
        # Files are stored in commands of their own, so every page below must read anew to know them.
        post, failed = _with_uploads(task, post)
        acted = row_action(post)
        if acted is not None:
            changed, extra = acted
            return _again(task_id, changed, extra_rows=extra or {"": 0}, errors=failed, status=200)
    try:
        if failed:
            raise InvalidInput("有文件没有上传成功。", fields=failed)
        engine().execute(_completion(task_id, post), actor=actor())
    except InvalidInput as error:
        return _again(task_id, post, errors=error.fields or {"": [error.message]}, status=422)
    except Conflict as error:
        with database().read() as session:
            return _lost(session, find_task(session, task_id), error.message, post)
    except LianjianError as error:
        return _again(task_id, post, errors={"": [error.message]}, status=error.status)
    note_submission(task_id)
    return see_other("inbox.todo")


def _completion(task_id: str, post: MultiDict[str, str]) -> CompleteTask:
    if not is_id(task_id):
        raise not_found()
    return CompleteTask(task_id, _version(post), lambda form: form.from_multidict(post), paper_of(post))


def _version(post: MultiDict[str, str]) -> int:
    text = post.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _again(
    task_id: str, post: MultiDict[str, str], *, errors: Mapping[str, list[str]], status: int,
    extra_rows: Mapping[str, int] | None = None,
) -> ResponseReturnValue:  # fmt: skip
    """The page once more with everything typed; it keeps the version the person started from."""
    paper = {name: post.get(name, "") for name in (*PAPER_TEXTS, PAPER_FILE)}
    with database().read() as session:
        task = find_task(session, task_id)
        if task.state != "open":
            return _lost(session, task, closed_words(task, actor()), post)
        view = engine().task_view(session, task)
        values = view.form.from_multidict(post) if view.form is not None else {}
        return _page(
            session, view, values=values, typed=True, errors=errors, extra_rows=extra_rows, paper=paper,
            version=_version(post), status=status,
        )  # fmt: skip


def _lost(session: Session, task: UserTask, message: str, post: MultiDict[str, str]) -> ResponseReturnValue:
    """Somebody else was first: say so and show what was typed, so that nothing is lost."""
    form = engine().form_of(session, task)
    values = form.from_multidict(post) if form is not None else {}
    page = render_template(
        "task_conflict.html", task=task, message=message, typed=submitted(form, values),
        attachments=attachment_links(session, task.instance_id),
    )  # fmt: skip
    return make_response(page, 409)


def _with_uploads(task: UserTask, post: MultiDict[str, str]) -> tuple[MultiDict[str, str], dict[str, list[str]]]:
    """Store files sent with the form before it is validated; returns the post naming them, and what failed."""
    kept: MultiDict[str, str] = MultiDict(post)
    failed: dict[str, list[str]] = {}
    for name, file in request.files.items(multi=True):
        if not file.filename:
            continue
        field = name.removeprefix("upload-")
        try:
            stored = _store(task.id, field, file)
        except Conflict:
            continue  # the submission itself meets the same conflict and shows what was typed
        except LianjianError as error:
            failed.setdefault(field, []).append(error.message)
        else:
            # There is one scan behind an entry: a new one takes the place of the old.
            kept.setlist(field, [stored]) if field == PAPER_FILE else kept.add(field, stored)
    return kept, failed


def _store(task_id: str, field: str, file: FileStorage, meta: dict[str, Any] | None = None, key: str = "") -> str:
    stored: str = engine().execute(
        AddAttachment(task_id, field[:100], file.filename or "", file.mimetype or "", file.read(), meta or {}, key),
        actor=actor(),
    )
    return stored


def _meta() -> dict[str, Any]:
    """When and where the device says the file was made; what is no time or place is left out."""
    found: dict[str, Any] = {}
    if (taken := read_datetime(request.form.get("taken_at", "")[:40])) is not None and taken.tzinfo is not None:
        found["taken_at"] = taken.isoformat()
    place: dict[str, Any] = {}
    for name, bound in (("lat", 90), ("lng", 180)):
        with suppress(ValueError):
            value = float(request.form.get(name, "")[:20])
            place |= {name: value} if abs(value) <= bound else {}
    return found | place if len(place) == 2 else found


@blueprint.post("/tasks/<task_id>/draft")
@signed_in
def draft(task_id: str) -> ResponseReturnValue:
    """Keep what was typed so far (暂存), unvalidated."""
    with database().read() as session:
        task = find_task(session, task_id)
        form = engine().form_of(session, task)
    in_background = request.accept_mimetypes.best == "application/json"
    post, failed = _with_uploads(task, request.form)
    values = form.from_multidict(post) if form is not None else {}
    try:
        engine().execute(SaveDraft(task_id, values), actor=actor())
    except Conflict:
        if in_background:
            raise
        with database().read() as session:
            task = find_task(session, task_id)
            return _lost(session, task, f"草稿没有保存。{closed_words(task, actor())}", post)
    if in_background:
        return {"saved": True}
    for messages in failed.values():
        for message in messages:
            flash(message, "error")
    flash("已暂存。", "success")
    return redirect(url_for(".show", task_id=task_id), 303)


@blueprint.post("/tasks/<task_id>/attachments")
@signed_in
def upload(task_id: str) -> ResponseReturnValue:
    """One file, sent as soon as it is chosen; a repeated ``Idempotency-Key`` answers with the file already kept."""
    with database().read() as session:
        find_task(session, task_id)
    file = request.files.get("file")
    if file is None:
        raise InvalidInput("没有收到文件，请重新选择。")
    key = request.headers.get("Idempotency-Key", "")[:64]
    attachment_id = _store(task_id, request.form.get("field", "attachments"), file, _meta(), key)
    return {
        "id": attachment_id, "file_name": file.filename, "url": url_for("attachments.show", attachment_id=attachment_id)
    }  # fmt: skip
