"""One task: its form, facts, draft, attachments, paper entry, claim and hand-over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from engine.commands.add_attachment import AddAttachment
from engine.commands.claim_task import ClaimTask, ReleaseTask
from engine.commands.complete_task import CompleteTask, Paper
from engine.commands.reassign_task import ReassignTask
from engine.commands.save_draft import SaveDraft
from engine.commands.task_access import may_act, may_enter_paper
from engine.errors import Conflict, Forbidden, InvalidInput, LianjianError, NotFound
from engine.forms import Form
from engine.forms.components import FILES
from engine.models import Attachment, TaskDraft, User, UserRole, UserTask
from engine.process_engine import TaskView
from engine.scope import instance_in_scope
from engine.web.context import actor, database, engine, now
from engine.web.form_view import form_view, row_action
from engine.web.guards import signed_in

blueprint = Blueprint("tasks", __name__)

#: Steps whose page carries something besides the form: element → template.
PARTS = {"log_commitment": "parts/witness.html", "reveal": "parts/witness.html", "site_check": "parts/recusal.html"}


def find_task(session: Session, task_id: str) -> UserTask:
    """The task when its instance is in the actor's scope; :class:`NotFound` otherwise."""
    try:
        task = session.scalar(
            sa.select(UserTask).where(
                UserTask.id == task_id, instance_in_scope(actor(), UserTask.instance_id)
            )
        )  # fmt: skip
    except (sa.exc.StatementError, ValueError):  # not a UUID at all
        task = None
    if task is None:
        raise NotFound("没有找到这项任务，可能链接有误，或不属于您所在的部门。")
    return task


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
    errors: Mapping[str, list[str]] | None = None, extra_rows: Mapping[str, int] | None = None, status: int = 200,
    paper: Mapping[str, str] | None = None,
) -> ResponseReturnValue:  # fmt: skip
    task, form = view.task, view.form
    shown = None
    if form is not None:
        filled = values if errors or extra_rows else form.with_defaults(view.context, values)
        shown = form_view(form, filled or {}, errors, view.context, now(), extra_rows=extra_rows)
    holder = session.get(User, task.assignee_id) if task.assignee_id else None
    may = may_act(session, actor(), task)
    page = render_template(
        "task.html",
        task=task,
        instance=view.instance,
        data=view.data,
        form=shown,
        facts=view.context.get("facts") or [],
        attachments=attachment_links(session, task.instance_id),
        draft=draft,
        may_act=may,
        may_enter_paper=may_enter_paper(session, actor(), task),
        holder=holder,
        colleagues=_colleagues(session, task),
        part=PARTS.get(task.element_id),
        paper=paper or {},
        paper_errors={k: v for k, v in (errors or {}).items() if k.startswith("paper_")},
    )
    return make_response(page, status)


def _colleagues(session: Session, task: UserTask) -> list[User]:
    if not task.role:
        return []
    return list(
        session.scalars(
            sa.select(User)
            .join(UserRole, UserRole.user_id == User.id)
            .where(
                UserRole.department == task.department, UserRole.role == task.role, User.active,
                User.id != (task.assignee_id or actor().user_id),
            )
            .order_by(User.name)
        )
    )  # fmt: skip


def _closed(session: Session, task: UserTask) -> ResponseReturnValue:
    closer = session.get(User, task.closed_by) if task.closed_by else None
    definition = engine().kernel.definition(session, _definition_id(session, task))
    return render_template(
        "task_closed.html", task=task, closer=closer, blocks=submitted(definition.forms.get(task.form_key), task.values),
        attachments=attachment_links(session, task.instance_id),
    )  # fmt: skip


def _definition_id(session: Session, task: UserTask) -> str:
    from engine.models import ProcessInstance

    return session.get_one(ProcessInstance, task.instance_id).definition_id


def submitted(form: Form | None, values: Mapping[str, Any] | None) -> list[tuple[str, Any]]:
    """What was submitted, as (label, words) pairs in the form's order; rows of a list become tables."""
    if form is None or not values:
        return []
    found: list[tuple[str, Any]] = []
    for component in form.components:
        value = values.get(component.key)
        if component.type == "text" or value in (None, "", []):
            continue
        if component.type == "dynamiclist":
            children = [c for c in component.components if c.type != "text"]
            rows = [[_words(c, row.get(c.key)) for c in children] for row in value]
            found.append((component.label, {"head": [c.label for c in children], "rows": rows}))
        elif component.type in FILES:
            found.append((component.label, {"files": list(value)}))
        elif component.type == "signature":
            found.append((component.label, {"image": value}))
        else:
            found.append((component.label, _words(component, value)))
    return found


def _words(component: Any, value: Any) -> str:
    labels = {str(v): label for v, label in component.values}
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "、".join(labels.get(str(v), str(v)) for v in value)
    if isinstance(value, Mapping):
        return "，".join(f"{k} {v}" for k, v in value.items() if v is not None)
    return labels.get(str(value), str(value))


def attachment_links(session: Session, instance_id: str) -> dict[str, dict[str, Any]]:
    """The instance's attachments as forms.html wants them."""
    rows = session.execute(
        sa.select(Attachment.id, Attachment.file_name, Attachment.size, Attachment.media_type, Attachment.sha256).where(
            Attachment.instance_id == instance_id
        )
    )
    return {
        r.id: {
            "file_name": r.file_name, "size": r.size, "media_type": r.media_type, "sha256": r.sha256,
            "url": url_for("tasks.attachment", attachment_id=r.id),
        }
        for r in rows
    }  # fmt: skip


@blueprint.post("/tasks/<task_id>")
@signed_in
def submit(task_id: str) -> ResponseReturnValue:
    """Submit the form.  Whatever goes wrong, everything typed and every file chosen comes back."""
    with database().read() as session:
        task = find_task(session, task_id)
        if task.state != "open":
            return _lost(session, task, f"“{task.name}”已经办结或撤销，本次提交未作任何改动。")
        view = engine().task_view(session, task)
        post = request.form
        acted = row_action(post)
        if acted is not None and view.form is not None:
            changed, extra = acted
            return _page(session, view, values=view.form.from_multidict(changed), extra_rows=extra or {"": 0})
        post, failed = _with_uploads(task, view.form, post)
        values = view.form.from_multidict(post) if view.form is not None else {}
        paper_values = {k: post.get(k, "") for k in post if k.startswith("paper_")}
        try:
            if failed:
                raise InvalidInput("有文件没有上传成功。", fields=failed)
            version = int(post.get("version", "0") or 0)
            engine().execute(CompleteTask(task.id, version, values, _paper(task, post)), actor=actor())
        except InvalidInput as error:
            return _page(
                session, view, values=values, errors=error.fields or {"": [error.message]}, status=422,
                paper=paper_values,
            )  # fmt: skip
        except Conflict as error:
            return _lost(session, task, error.message, values, view)
        except LianjianError as error:
            return _page(
                session, view, values=values, errors={"": [error.message]}, status=error.status, paper=paper_values
            )
    flash(f"“{task.name}”已提交。", "success")
    return redirect(url_for("inbox.todo"))


def _lost(
    session: Session, task: UserTask, message: str, values: Mapping[str, Any] | None = None,
    view: TaskView | None = None,
) -> ResponseReturnValue:  # fmt: skip
    """Somebody else was first: say so and show what was typed, so that nothing is lost."""
    form = view.form if view is not None else None
    typed = submitted(form, values) if values else [(k, v) for k, v in request.form.items() if k != "csrf_token" and v]
    page = render_template("task_conflict.html", task=task, message=message, typed=typed)
    return make_response(page, 409)


def _with_uploads(
    task: UserTask, form: Form | None, post: MultiDict[str, str]
) -> tuple[MultiDict[str, str], dict[str, list[str]]]:
    """Store files sent with the form before it is validated; returns the post naming them, and what failed."""
    kept: MultiDict[str, str] = MultiDict(post)
    failed: dict[str, list[str]] = {}
    for name, file in request.files.items(multi=True):
        if not file.filename:
            continue
        field = name.removeprefix("upload-")
        try:
            kept.add(field, _store(task.id, field, file))
        except LianjianError as error:
            failed.setdefault(field, []).append(error.message)
    return kept, failed


def _store(task_id: str, field: str, file: Any) -> str:
    stored: str = engine().execute(
        AddAttachment(task_id, field, file.filename or "", file.mimetype or "", file.read()), actor=actor()
    )
    return stored


def _paper(task: UserTask, post: MultiDict[str, str]) -> Paper | None:
    if not post.get("paper"):
        return None
    return Paper(
        document_number=post.get("paper_document_number", "").strip(),
        signed_on=post.get("paper_signed_on", "").strip(),
        signed_by=post.get("paper_signed_by", "").strip(),
        attachment_id=post.get("paper_attachment_id", "").strip(),
    )


@blueprint.post("/tasks/<task_id>/draft")
@signed_in
def draft(task_id: str) -> ResponseReturnValue:
    """Keep what was typed so far (暂存), unvalidated."""
    with database().read() as session:
        task = find_task(session, task_id)
        if task.state != "open":
            raise Conflict("该任务已经办结，草稿没有保存。")
        view = engine().task_view(session, task)
        values = view.form.from_multidict(request.form) if view.form is not None else {}
    engine().execute(SaveDraft(task_id, values), actor=actor())
    if request.accept_mimetypes.best == "application/json":
        return {"saved": True}
    flash("已暂存。", "success")
    return redirect(url_for(".show", task_id=task_id))


@blueprint.post("/tasks/<task_id>/attachments")
@signed_in
def upload(task_id: str) -> ResponseReturnValue:
    """One file, sent as soon as it is chosen."""
    with database().read() as session:
        find_task(session, task_id)
    file = request.files.get("file")
    if file is None:
        raise InvalidInput("没有收到文件，请重新选择。")
    attachment_id = _store(task_id, request.form.get("field", "attachments")[:100], file)
    return {
        "id": attachment_id, "file_name": file.filename, "url": url_for(".attachment", attachment_id=attachment_id)
    }  # fmt: skip


@blueprint.get("/attachments/<attachment_id>")
@signed_in
def attachment(attachment_id: str) -> ResponseReturnValue:
    """The original bytes, never rendered inside our origin except as an image or PDF."""
    with database().read() as session:
        row = session.scalar(
            sa.select(Attachment)
            .where(Attachment.id == attachment_id, instance_in_scope(actor(), Attachment.instance_id))
            .options(sa.orm.undefer(Attachment.content))
        )
        if row is None:
            raise NotFound("没有找到该附件。")
        response = make_response(row.content)
    inline = row.media_type.startswith("image/") or row.media_type == "application/pdf"
    response.headers["Content-Type"] = row.media_type
    response.headers.set("Content-Disposition", "inline" if inline else "attachment", filename=row.file_name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; img-src 'self'; sandbox"
    return response


@blueprint.post("/tasks/<task_id>/claim")
@signed_in
def claim(task_id: str) -> ResponseReturnValue:
    """Take a group's task (签收)."""
    with database().read() as session:
        find_task(session, task_id)
    engine().execute(ClaimTask(task_id), actor=actor())
    flash("已签收，任务由您办理。", "success")
    return redirect(url_for(".show", task_id=task_id))


@blueprint.post("/tasks/<task_id>/release")
@signed_in
def release(task_id: str) -> ResponseReturnValue:
    """Give a claimed task back to the group."""
    with database().read() as session:
        find_task(session, task_id)
    engine().execute(ReleaseTask(task_id), actor=actor())
    flash("已退回待签收，本岗位其他人员可以办理。", "success")
    return redirect(url_for("inbox.todo"))


@blueprint.post("/tasks/<task_id>/reassign")
@signed_in
def reassign(task_id: str) -> ResponseReturnValue:
    """Hand the task to a colleague (转办) with a reason."""
    with database().read() as session:
        find_task(session, task_id)
    try:
        engine().execute(
            ReassignTask(task_id, request.form.get("user_id", ""), request.form.get("reason", "")), actor=actor()
        )
    except (InvalidInput, Forbidden) as error:
        flash(error.message, "error")
        return redirect(url_for(".show", task_id=task_id))
    flash("已转办。", "success")
    return redirect(url_for("inbox.todo"))


@blueprint.get("/tasks/<task_id>/print")
@signed_in
def print_form(task_id: str) -> ResponseReturnValue:
    """The step as an official form on A4, to be signed on paper and entered back as a scan."""
    with database().read() as session:
        task = find_task(session, task_id)
        definition = engine().kernel.definition(session, _definition_id(session, task))
        form = definition.forms.get(task.form_key)
        context = engine().task_view(session, task).context if task.state == "open" else {}
        closer = session.get(User, task.closed_by) if task.closed_by else None
        return render_template(
            "task_print.html", task=task, form=form, facts=context.get("facts") or [],
            blocks=submitted(form, task.values), closer=closer,
        )  # fmt: skip
