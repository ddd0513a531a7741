"""归档: which closed cases wait for it, the check before it, the case file and its downloads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine.db import Database
from engine.errors import Conflict, InvalidInput, LianjianError, NotFound
from engine.history_proofs import SealedLog
from engine.inspection.archive_models import CaseFile, CaseFileBlock
from engine.inspection.archives.case import CLOSED, case_files, case_of, happened_since, parts_of, still_open
from engine.inspection.archives.check import missing
from engine.inspection.archives.commands import ArchiveCase, RebuildCaseFile, may_archive
from engine.inspection.archives.job import build_case_file
from engine.inspection.archives.listing import Wanted, archived, own_departments, waiting
from engine.inspection.archives.rules import Rule, rules
from engine.models import HistoryRoot, ProcessInstance, User
from engine.scope import instance_in_scope, visible_instance
from engine.web.cases import page_of
from engine.web.context import actor, database, engine, now, settings
from engine.web.downloads import name_file
from engine.web.guards import public, requires_role, signed_in
from engine.web.navigation import NavItem
from engine.web.task_lookup import is_id

READERS = (
    "承办人", "科室负责人", "分管负责人", "机关负责人", "联席会议办公室", "监管督查", "审计监督",
)  # fmt: skip
blueprint = Blueprint("archives", __name__)
NAV = (NavItem("归档", "archives.index", "file", 27, "/archives", roles=frozenset(READERS), group="监管"),)
PAGE = 50
TYPES = {"pdf": "application/pdf", "zip": "application/zip"}
STATES = {"building": ("正在生成", "chip-blue"), "ready": ("已归档", "chip-green"), "failed": ("生成失败", "chip-red")}


@dataclass(frozen=True)
class Row:
    """A closed case on the list: what it lacks, and why it cannot be archived yet."""

    instance: ProcessInstance
    category: str
    page: str
    lacks: list[str]
    problem: str = ""


@blueprint.app_context_processor
def _helpers() -> dict[str, Any]:
    """``archive_of(instance)`` for the pages of cases."""
    return {"archive_of": archive_of}


def archive_of(instance: ProcessInstance) -> tuple[str, str] | None:
    """Address and words of a case's way to its archive; None while there is none."""
    if instance.status not in CLOSED or instance.process_key not in _rules():
        return None
    with database().read() as session:
        found = case_files(session, instance.id)
    if not found and not may_archive(actor(), instance.department, _rules()[instance.process_key]):
        return None
    words = f"已归档 {found[0].archive_number}" if found else "归档"
    return url_for("archives.case", instance_id=instance.id), words


def _rules() -> dict[str, Rule]:
    return rules(settings(), now().date())


@blueprint.get("/archives")
@requires_role(*READERS)
def index() -> ResponseReturnValue:
    """Archived cases, or the closed ones that wait."""
    if request.args.get("state") == "waiting":
        return _waiting([])
    text = request.args.get("q", "").strip()[:80]
    wanted = Wanted(request.args.get("category", ""), request.args.get("department", ""), text)
    kept: dict[str, Any] = {
        k: v for k, v in (("category", wanted.category), ("department", wanted.department), ("q", text)) if v
    }
    with database().read() as session:
        rows = archived(session, settings().district_id, actor(), wanted, before=_id("after"), limit=PAGE + 1)
    following = url_for(".index", after=rows[PAGE - 1].id, **kept) if len(rows) > PAGE else None
    return render_template(
        "archives/index.html", rows=rows[:PAGE], wanted=wanted, following=following, states=STATES,
        categories=[r.category for r in _rules().values()], filtered=bool(kept), own=own_departments(actor()),
    )  # fmt: skip


def _id(name: str) -> str:
    text = request.args.get(name, "")
    return text if is_id(text) else ""


def _waiting(outcomes: list[tuple[str, str]], done: int = 0) -> ResponseReturnValue:
    known = _rules()
    with database().read() as session:
        found = waiting(session, settings().district_id, actor(), known, after=_id("after"), limit=PAGE + 1)
        rows = [_row(session, instance, known) for instance in found[:PAGE]]
    following = url_for(".index", state="waiting", after=found[PAGE - 1].id) if len(found) > PAGE else None
    return render_template(
        "archives/waiting.html", rows=rows, following=following, outcomes=outcomes, done=done,
        own=own_departments(actor()),
    )  # fmt: skip


def _row(session: Session, instance: ProcessInstance, known: dict[str, Rule]) -> Row:
    case = case_of(session, settings(), instance, now().date())
    problem = still_open(case)
    lacks = [] if problem else missing(session, case)
    return Row(instance, known[instance.process_key].category, page_of(instance), lacks, problem)


@blueprint.post("/archives")
@requires_role("承办人", "监管督查")
def archive_many() -> ResponseReturnValue:
    """Archive every ticked case by a command of its own; one that fails stops no other and is named."""
    outcomes: list[tuple[str, str]] = []
    done = 0
    for instance_id in dict.fromkeys(request.form.getlist("instance")[:PAGE]):
        try:
            _build(engine().execute(ArchiveCase(instance_id), actor=actor()))
            done += 1
        except LianjianError as error:
            outcomes.append((instance_id, error.message))
    return _waiting(outcomes, done)


@blueprint.get("/archives/cases/<uuid:instance_id>")
@signed_in
def case(instance_id: Any) -> ResponseReturnValue:
    """One case: the check before archiving, or its case files."""
    return _case(str(instance_id))


def _case(instance_id: str, errors: dict[str, list[str]] | None = None, status: int = 200) -> ResponseReturnValue:
    with database().read() as session:
        instance = visible_instance(session, actor(), instance_id)
        found = case_of(session, settings(), instance, now().date())
        files = case_files(session, instance_id)
        may = may_archive(actor(), instance.department, found.rule)
        since = happened_since(session, found, files[-1]) if files else 0
        problem = still_open(found)
        asked = may and not problem and (not files or since > 0)
        people = {
            u.id: u.name for u in session.scalars(sa.select(User).where(User.id.in_([f.archived_by for f in files])))
        }
        roots = session.scalars(
            sa.select(HistoryRoot)
            .where(HistoryRoot.district_id == settings().district_id)
            .order_by(HistoryRoot.size.desc())
            .limit(12)
        ).all()
        page = render_template(
            "archives/case.html", instance=instance, rule=found.rule, parts=found.parts, files=files, since=since,
            problem=problem, asked=asked, lacks=missing(session, found) if asked else [], may=may, people=people,
            page=page_of(instance), states=STATES, errors=errors or {}, reason=request.form.get("reason", ""),
            may_read=_may_read(session, instance), roots=roots,
            moving=any(f.state == "building" for f in files),
        )  # fmt: skip
    return Response(page, status)


def _may_read(session: Session, instance: ProcessInstance) -> bool:
    """A file is read by whoever may see every part that is bound in it."""
    known = _rules()
    found = known.get(instance.process_key)
    ids = [p.id for p in parts_of(session, instance, found.includes if found else (), known)]
    seen = sa.select(sa.func.count()).where(ProcessInstance.id.in_(ids), instance_in_scope(actor(), ProcessInstance.id))
    return not ids or session.scalar(seen.select_from(ProcessInstance)) == len(ids)


@blueprint.post("/archives/cases/<uuid:instance_id>")
@requires_role("承办人")
def archive(instance_id: Any) -> ResponseReturnValue:
    """Archive the case; what is missing needs a stated reason."""
    try:
        _build(engine().execute(ArchiveCase(str(instance_id), request.form.get("reason", "")), actor=actor()))
    except InvalidInput as error:
        return _case(str(instance_id), error.fields, 422)
    except Conflict as error:
        flash(error.message, "error")
        return redirect(url_for(".case", instance_id=instance_id), 303)
    flash("已归档，案卷正在生成。", "success")
    return redirect(url_for(".case", instance_id=instance_id), 303)


def _build(case_file: str) -> None:
    """Without a worker's queue the person waits for the files."""
    if engine().kernel.jobs is None:
        build_case_file(engine(), {"case_file": case_file})


@blueprint.post("/archives/<uuid:case_file>/rebuild")
@requires_role("承办人")
def rebuild(case_file: Any) -> ResponseReturnValue:
    """Build the files of a case file anew after a failure."""
    instance_id = engine().execute(RebuildCaseFile(str(case_file)), actor=actor())
    _build(str(case_file))
    flash("正在重新生成案卷。", "success")
    return redirect(url_for(".case", instance_id=instance_id), 303)


def _file(session: Session, case_file: Any) -> CaseFile:
    """The case file when the reader may see all of it; :class:`NotFound` otherwise."""
    row = session.scalar(
        sa.select(CaseFile).where(CaseFile.id == str(case_file), instance_in_scope(actor(), CaseFile.instance_id))
    )
    if row is None or not _may_read(session, session.get_one(ProcessInstance, row.instance_id)):
        raise NotFound("没有找到这个案卷，可能链接有误，或者包含您不能查看的部门记录。")
    return row


@blueprint.get("/archives/<uuid:case_file>/file.<any(pdf, zip):kind>")
@signed_in
def download(case_file: Any, kind: str) -> ResponseReturnValue:
    """The bound volume or the package, sent block by block."""
    with database().read() as session:
        row = _file(session, case_file)
    if row.state != "ready":
        raise Conflict("案卷还没有生成完毕，请稍后再下载。")
    response = Response(_blocks(database(), row.id, kind), content_type=TYPES[kind])
    response.content_length = row.pdf_size if kind == "pdf" else row.zip_size
    name_file(response, f"{row.archive_number}{f'-{row.part}' if row.part > 1 else ''}.{kind}", inline=kind == "pdf")
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _blocks(source: Database, case_file: str, kind: str) -> Iterator[bytes]:
    position = 0
    while True:
        with source.read() as session:
            piece = session.scalar(
                sa.select(CaseFileBlock.content).where(
                    CaseFileBlock.case_file_id == case_file, CaseFileBlock.kind == kind,
                    CaseFileBlock.position == position,
                )
            )  # fmt: skip
        if piece is None:
            return
        yield piece
        position += 1


@blueprint.get("/archives/<uuid:case_file>/link-<int:size>.json")
@signed_in
def link(case_file: Any, size: int) -> ResponseReturnValue:
    """The proof that leads from the case file's root to another published one (RFC 6962)."""
    with database().read() as session:
        row = _file(session, case_file)
        if row.root_size is None or session.get(HistoryRoot, (size, settings().district_id)) is None:
            raise NotFound("没有公布过这个大小的历史根，请核对根文件里的 size。")
        first, second = sorted((row.root_size, size))
        path = SealedLog(session, settings().district_id, second).consistency_proof(first)
    response = jsonify({"format": "lianjian-history-link/1", "first": first, "second": second, "path": path})
    name_file(response, f"衔接-{first}-{second}.json")
    return response


@blueprint.get("/public/history-roots.json")
@public
def roots() -> ResponseReturnValue:
    """Every published root of the history; a root tells nothing about any case."""
    district = settings().district_id
    with database().read() as session:
        rows = session.scalars(
            sa.select(HistoryRoot).where(HistoryRoot.district_id == district).order_by(HistoryRoot.size)
        ).all()
    found = [{"size": r.size, "root": r.root, "at": r.at.isoformat()} for r in rows]
    response = jsonify({"format": "lianjian-history-roots/1", "district_id": district, "roots": found})
    name_file(response, f"历史根-{district}.json", inline=True)
    return response
