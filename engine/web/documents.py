"""公文: previews, issuing under a document number, versions, signed copies, and the register of numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine.documents import docx, pdf
from engine.documents.model import Document
from engine.errors import InvalidInput, LianjianError, NotFound
from engine.inspection import official_documents as documents
from engine.inspection.attach_signed_copy import AttachSignedCopy
from engine.inspection.document_models import OfficialDocument, OfficialDocumentVersion
from engine.inspection.issue_document import IssueDocument, ReissueDocument
from engine.inspection.void_document import VoidDocument
from engine.models import ProcessInstance
from engine.scope import instance_in_scope, not_kept_from, visible_departments, visible_instance
from engine.web import document_view
from engine.web.cases import page_of
from engine.web.context import actor, database, departments, engine, now, settings
from engine.web.downloads import name_file
from engine.web.guards import signed_in
from engine.web.navigation import NavItem
from engine.web.task_lookup import is_id

blueprint = Blueprint("documents", __name__)
NAV = (
    NavItem(
        "公文", "documents.index", "file", 24, "/documents",
        frozenset({*documents.ISSUERS, "监管督查", "审计监督"}), group="监管",
    ),
)  # fmt: skip
PAGE = 50
MEDIA = {"pdf": "application/pdf", "docx": docx.MEDIA_TYPE}
VOID = "已作废"


@blueprint.app_context_processor
def _globals() -> dict[str, Any]:
    """``documents_of_task(task)`` and ``documents_of_case(instance)`` for the 公文 panel."""
    return {"documents_of_task": document_view.of_task, "documents_of_case": document_view.of_case}


# -- the register -------------------------------------------------------------------------------


@blueprint.get("/documents")
@signed_in
def index() -> ResponseReturnValue:
    """文号登记簿: every number of the reader's departments, voided ones too, the newest first."""
    filters = {name: request.args.get(name, "").strip()[:100] for name in ("department", "title", "year", "state", "q")}
    page = min(max(int(text), 1), 10_000) if (text := request.args.get("page", "")).isdecimal() else 1
    row = OfficialDocument
    wanted = sa.select(row).where(
        row.district_id == settings().district_id, instance_in_scope(actor(), row.instance_id)
    )  # fmt: skip
    for name, column in (("department", row.department), ("title", row.title), ("state", row.state)):
        if filters[name]:
            wanted = wanted.where(column == filters[name])
    if filters["year"].isdecimal() and len(filters["year"]) == 4:
        wanted = wanted.where(row.year == int(filters["year"]))
    if filters["q"]:
        like = f"%{filters['q'].replace('%', '').replace('_', '')}%"
        wanted = wanted.where(sa.or_(row.number.like(like), row.subject.like(like)))
    with database().read() as session:
        found = session.scalars(
            wanted.order_by(row.issued_at.desc(), row.id.desc()).offset((page - 1) * PAGE).limit(PAGE + 1)
        ).all()
        titles = session.scalars(
            sa.select(row.title)
            .where(row.district_id == settings().district_id, not_kept_from(actor(), row.instance_id))
            .distinct()
            .order_by(row.title)
        ).all()
    chosen: dict[str, Any] = {k: v for k, v in filters.items() if v}
    seen = visible_departments(actor())
    return render_template(
        "documents/index.html", rows=found[:PAGE], filters=filters, titles=titles,
        organs=[(c, n) for c, n in departments().items() if seen is None or c in seen],
        following=url_for(".index", page=page + 1, **chosen) if len(found) > PAGE else None,
    )  # fmt: skip


# -- previews and issuing -----------------------------------------------------------------------


def _instance(session: Session, instance_id: str) -> ProcessInstance:
    if not is_id(instance_id):
        raise NotFound("没有找到这项工作，请核对链接。")
    return visible_instance(session, actor(), instance_id)


@blueprint.get("/cases/<instance_id>/documents/<key>/<department>.<any(pdf, docx):kind>")
@signed_in
def preview(instance_id: str, key: str, department: str, kind: str) -> ResponseReturnValue:
    """What the document would say now, without a number; DOCX to be gone on with in a word processor."""
    with database().read() as session:
        instance = _instance(session, instance_id)
        each = documents.one_available(session, engine().kernel, instance, key, department)
        made = documents.preview(session, settings(), instance, each, now())
    return _file(made, kind, f"{made.title}（预览）")


@blueprint.post("/cases/<instance_id>/documents")
@signed_in
def issue(instance_id: str) -> ResponseReturnValue:
    """Issue a document under the next number and go to its page."""
    with database().read() as session:
        instance = _instance(session, instance_id)
    command = IssueDocument(instance_id, request.form.get("key", ""), request.form.get("department", ""))
    try:
        document_id = engine().execute(command, actor=actor())
    except LianjianError as error:
        flash(error.message, "error")
        return redirect(_back(page_of(instance)), 303)
    with database().read() as session:
        number = documents.find(session, settings().district_id, document_id).number
    flash(f"已出具，文号 {number}。", "success")
    return redirect(url_for(".show", document_id=document_id), 303)


def _back(otherwise: str) -> str:
    """The task page the person came from, or the page of the case."""
    task_id = request.form.get("task", "")
    return url_for("tasks.show", task_id=task_id) if is_id(task_id) else otherwise


# -- one document -------------------------------------------------------------------------------


def _found(session: Session, document_id: object) -> tuple[OfficialDocument, ProcessInstance]:
    row = documents.find(session, settings().district_id, str(document_id))
    return row, visible_instance(session, actor(), row.instance_id)


@blueprint.get("/documents/<uuid:document_id>")
@signed_in
def show(document_id: object) -> ResponseReturnValue:
    """The document: its number, versions, signed copies, and what can be done."""
    return _page(document_id)


def _page(
    document_id: object, *, typed: dict[str, str] | None = None, errors: dict[str, list[str]] | None = None,
    status: int = 200,
) -> ResponseReturnValue:  # fmt: skip
    with database().read() as session:
        row, instance = _found(session, document_id)
        page = render_template(
            "documents/show.html", row=row, instance=instance, case_url=page_of(instance),
            versions=list(reversed(documents.versions(session, row))), scans=documents.scans(session, row),
            stale=document_view.is_stale(session, instance, row),
            may_issue=documents.may_issue(actor(), row.department),
            may_void=documents.may_void(actor(), row.department), typed=typed or {}, errors=errors or {},
            today=now().date().isoformat(),
        )  # fmt: skip
    return make_response(page, status)


@blueprint.get("/documents/<uuid:document_id>/<int(max=10000):version>.pdf")
@signed_in
def kept(document_id: object, version: int) -> ResponseReturnValue:
    """The very bytes that were issued."""
    with database().read() as session:
        row, _ = _found(session, document_id)
        content = session.scalar(
            sa.select(OfficialDocumentVersion.pdf).where(
                OfficialDocumentVersion.document_id == row.id, OfficialDocumentVersion.version == version
            )
        )
    if content is None:
        raise NotFound("没有这个版本，请从文书页面打开。")
    later = f" 第{version}版" if version > 1 else ""
    return _answer(content, "pdf", f"{row.number} {row.title}{later}")


@blueprint.get("/documents/<uuid:document_id>.docx")
@signed_in
def editable(document_id: object) -> ResponseReturnValue:
    """The document from the present data under its own number, for a word processor."""
    with database().read() as session:
        row, instance = _found(session, document_id)
        made = documents.present(session, engine().kernel, instance, row, now())
    if row.state != "issued":
        made = replace(made, mark=VOID)
    return _file(made, "docx", f"{row.number} {row.title}")


@blueprint.post("/documents/<uuid:document_id>/versions")
@signed_in
def reissue(document_id: object) -> ResponseReturnValue:
    """A further version under the same number."""
    return _done(document_id, ReissueDocument(str(document_id), request.form.get("reason", "")), "已出具新版本。")


@blueprint.post("/documents/<uuid:document_id>/void")
@signed_in
def void(document_id: object) -> ResponseReturnValue:
    """Take the number out of force."""
    return _done(document_id, VoidDocument(str(document_id), request.form.get("reason", "")), "文号已作废，不再使用。")


@blueprint.post("/documents/<uuid:document_id>/signed-copies")
@signed_in
def sign(document_id: object) -> ResponseReturnValue:
    """Keep a scan of the signed paper."""
    file = request.files.get("file")
    command = AttachSignedCopy(
        str(document_id), request.form.get("signed_on", "").strip(), request.form.get("signed_by", ""),
        (file.filename if file else "") or "", (file.mimetype if file else "") or "", file.read() if file else b"",
    )  # fmt: skip
    return _done(document_id, command, "纸质签署件已登记。")


def _done(document_id: object, command: Any, words: str) -> ResponseReturnValue:
    """Run a command about a document; what is wrong stands on its page beside what was typed."""
    with database().read() as session:
        _found(session, document_id)
    try:
        engine().execute(command, actor=actor())
    except InvalidInput as error:
        typed = {name: request.form.get(name, "") for name in ("signed_on", "signed_by", "reason")}
        return _page(document_id, typed=typed, errors=error.fields or {"": [error.message]}, status=422)
    except LianjianError as error:
        flash(error.message, "error")
    else:
        flash(words, "success")
    return redirect(url_for(".show", document_id=document_id), 303)


def _file(made: Document, kind: str, name: str) -> Response:
    return _answer(pdf.render(made) if kind == "pdf" else docx.render(made), kind, name)


def _answer(content: bytes, kind: str, name: str) -> Response:
    response = make_response(content)
    response.headers["Content-Type"] = MEDIA[kind]
    name_file(response, f"{name}.{kind}", inline=kind == "pdf")
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
