"""The process library (流程库): every version, readable; what differs; deploying a new one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import orjson
import sqlalchemy as sa
from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from engine.bpmn.xml import decode
from engine.commands.deploy import Deploy, Deployment
from engine.documents import pdf
from engine.documents.reading import FUNCTIONS, read
from engine.errors import InvalidInput, ModelRefused, NotFound
from engine.inspection.installation import roles
from engine.lint.bundle import folder_of
from engine.lint.finding import WORDS
from engine.lint.folding import fold
from engine.lint.linter import lint
from engine.models import ProcessDefinition, ProcessInstance, User
from engine.scope import not_kept_from
from engine.web import process_view
from engine.web.context import actor, database, engine, now, settings
from engine.web.downloads import name_file
from engine.web.guards import requires_role, signed_in
from engine.web.navigation import NavItem
from engine.web.unpacking import unpack

DESIGNERS = ("流程设计", "系统管理员")
blueprint = Blueprint("library", __name__, url_prefix="/processes")
NAV = (NavItem("流程库", "library.index", "flow", 80, "/processes", group="管理"),)

KEY = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
MAX_FILES = 60
ORIGINS = {"shipped": "随系统提供", "office": "本单位"}
_COLUMNS = (
    ProcessDefinition.id, ProcessDefinition.key, ProcessDefinition.version, ProcessDefinition.name,
    ProcessDefinition.origin, ProcessDefinition.deployed_at, ProcessDefinition.deployed_by, ProcessDefinition.note,
    ProcessDefinition.digest, ProcessDefinition.current,
)  # fmt: skip


def _versions(session: Session, key: str = "") -> list[Any]:
    """Versions without their bundles, the newest first, with who deployed them and how many run."""
    running = (
        sa.select(ProcessInstance.definition_id, sa.func.count().label("running"))
        .where(
            ProcessInstance.district_id == settings().district_id,
            ProcessInstance.status == "running",
            not_kept_from(actor(), ProcessInstance.id),
        )
        .group_by(ProcessInstance.definition_id)
        .subquery()
    )
    statement = (
        sa.select(*_COLUMNS, sa.func.coalesce(running.c.running, 0).label("running"), User.name.label("deployer"))
        .outerjoin(running, running.c.definition_id == ProcessDefinition.id)
        .outerjoin(User, User.id == ProcessDefinition.deployed_by)
        .where(ProcessDefinition.district_id == settings().district_id)
    )
    if key:
        statement = statement.where(ProcessDefinition.key == key)
    rows = session.execute(statement.order_by(ProcessDefinition.key, ProcessDefinition.version.desc())).all()
    return list(rows)


@blueprint.get("")
@signed_in
def index() -> ResponseReturnValue:
    """Every process with the version new cases start from."""
    with database().read() as session:
        rows = _versions(session)
    processes: dict[str, list[Any]] = {}
    for row in rows:
        processes.setdefault(row.key, []).append(row)
    for versions in processes.values():
        versions.sort(key=lambda version: not version.current)
    return render_template("library/index.html", processes=processes, origins=ORIGINS, designers=DESIGNERS)


@blueprint.get("/<key>")
@signed_in
def process(key: str) -> ResponseReturnValue:
    """The versions of one process."""
    with database().read() as session:
        rows = _versions(session, key)
    if not rows:
        raise NotFound("没有找到这个流程，请从流程库进入。")
    return render_template("library/process.html", key=key, rows=rows, origins=ORIGINS, designers=DESIGNERS)


def find_definition(session: Session, key: str, version: int) -> ProcessDefinition:
    row = session.scalar(
        sa.select(ProcessDefinition).where(
            ProcessDefinition.district_id == settings().district_id,
            ProcessDefinition.key == key,
            ProcessDefinition.version == version,
        )
    )
    if row is None:
        raise NotFound("没有找到这个流程版本，请从流程库进入。")
    return row


@blueprint.get("/<key>/<int(max=1000000):version>")
@signed_in
def version(key: str, version: int) -> ResponseReturnValue:
    """One version: picture, steps, forms, tables, findings of the linter, scenarios."""
    with database().read() as session:
        row = find_definition(session, key, version)
        (listed,) = [v for v in _versions(session, key) if v.version == version]
    findings = lint(row.bundle, roles=roles(), services=engine().kernel.services)
    steps = process_view.steps(row.bundle)
    known = {step.id for step in steps}
    badges = {f.element: {"text": WORDS[f.severity], "label": f.message} for f in findings if f.element in known}
    return render_template(
        "library/version.html", row=row, listed=listed, steps=steps, forms=process_view.forms(row.bundle),
        tables=process_view.tables(row.bundle), documents=process_view.documents(row.bundle),
        findings=fold(f.as_dict() for f in findings),
        badges=badges, known=known, origins=ORIGINS, words=WORDS,
        scenarios=_scenarios(settings().process_dir, key) if row.origin == "shipped" else [], designers=DESIGNERS,
    )  # fmt: skip


def _scenarios(folder: Path, key: str) -> list[dict[str, Any]]:
    """Scenario tests that are shipped beside a process."""
    if not KEY.fullmatch(key):
        return []
    found = []
    for path in sorted((folder / key / "scenarios").glob("*.json")):
        raw = orjson.loads(path.read_bytes())
        found.append({"file": path.name, "name": raw.get("name", path.stem), "steps": len(raw.get("steps", []))})
    return found


@blueprint.get("/<key>/<int(max=1000000):version>/diagram.bpmn")
@signed_in
def diagram(key: str, version: int) -> ResponseReturnValue:
    """The diagram as deployed."""
    with database().read() as session:
        bundle = find_definition(session, key, version).bundle
    response = make_response(next(text for name, text in sorted(bundle.items()) if name.endswith(".bpmn")))
    response.headers["Content-Type"] = "application/xml; charset=utf-8"
    return response


@blueprint.get("/<key>/<int(max=1000000):version>/documents/<template>.<any(json, pdf):kind>")
@signed_in
def document(key: str, version: int, template: str, kind: str) -> ResponseReturnValue:
    """The template of a document as deployed, or the form it makes with nothing filled in."""
    with database().read() as session:
        text = find_definition(session, key, version).bundle.get(f"documents/{template}.json")
    if text is None:
        raise NotFound("这个版本没有该文书模板。")
    if kind == "json":
        response = make_response(text)
        response.headers["Content-Type"] = "application/json; charset=utf-8"
    else:
        response = make_response(pdf.render(read(text).blank(FUNCTIONS, now(), settings().timezone)))
        response.headers["Content-Type"] = "application/pdf"
    name_file(response, f"{template}.{kind}", inline=kind == "pdf")
    return response


@blueprint.get("/<key>/compare")
@signed_in
def compare(key: str) -> ResponseReturnValue:
    """What differs between two versions of a process."""
    with database().read() as session:
        rows = _versions(session, key)
        if len(rows) < 2:
            raise NotFound("这个流程只有一个版本，没有可比较的内容。")
        new = find_definition(session, key, request.args.get("to", type=int) or rows[0].version)
        old = find_definition(session, key, request.args.get("from", type=int) or rows[1].version)
    return render_template(
        "library/compare.html", key=key, rows=rows, old=old, new=new,
        changes=process_view.compare(old.bundle, new.bundle),
    )  # fmt: skip


# -- deploying --------------------------------------------------------------------------


@blueprint.get("/deploy")
@requires_role(*DESIGNERS)
def deploy() -> ResponseReturnValue:
    """Choose the files of a new version."""
    return _deploy_page({"key": request.args.get("key", ""), "keep": "1"})


def _deploy_page(
    typed: Mapping[str, str], *, errors: Mapping[str, list[str]] | None = None,
    findings: list[dict[str, Any]] | None = None, files: Mapping[str, str] | None = None, status: int = 200,
) -> ResponseReturnValue:  # fmt: skip
    with database().read() as session:
        known = {row.key: row.name for row in _versions(session)}
    names = {step.id: f"{step.kind}“{step.name or step.id}”" for step in process_view.steps(files or {})}
    page = render_template(
        "library/deploy.html",
        typed=typed,
        errors=errors or {},
        count=len(findings or []),
        findings=fold(findings or []),
        names=names,
        known=known,
        words=WORDS,
    )
    return make_response(page, status)


@blueprint.post("/deploy")
@requires_role(*DESIGNERS)
def deploy_submit() -> ResponseReturnValue:
    """Lint and deploy; every finding at once when the model cannot be run exactly."""
    typed = {name: request.form.get(name, "").strip() for name in ("key", "note", "keep")}
    files: dict[str, str] = {}
    try:
        if not KEY.fullmatch(typed["key"]) or typed["key"] == "deploy" or len(typed["key"]) > 60:
            raise InvalidInput(
                "流程标识有误。", fields={"key": ["流程标识由小写字母、数字和连字符组成，例如 joint-inspection。"]}
            )
        files = _bundle(typed["key"], bool(typed["keep"]), request.files.getlist("files"))
        done: Deployment = engine().execute(
            Deploy(typed["key"], files, origin="office", note=typed["note"][:500]), actor=actor()
        )
    except ModelRefused as error:
        return _deploy_page(typed, findings=error.findings, files=files, status=422)
    except InvalidInput as error:
        return _deploy_page(typed, errors=error.fields or {"files": [error.message]}, status=422)
    if done.created:
        flash(f"已部署第 {done.version} 版。新事项按新版办理，在办事项继续按原版本办理。", "success")
    else:
        flash(f"内容与第 {done.version} 版完全相同，没有产生新版本；新事项按第 {done.version} 版办理。", "info")
    return redirect(url_for(".version", key=done.key, version=done.version), 303)


@blueprint.post("/<key>/<int(max=1000000):version>/restore")
@requires_role(*DESIGNERS)
def restore(key: str, version: int) -> ResponseReturnValue:
    """Let new cases start from an earlier version again; running ones keep theirs."""
    with database().read() as session:
        bundle = dict(find_definition(session, key, version).bundle)
    try:
        engine().execute(Deploy(key, bundle, origin="office", note="恢复使用"), actor=actor())
    except ModelRefused as error:
        flash(error.message, "error")
    else:
        flash(f"新事项改按第 {version} 版办理，在办事项不受影响。", "success")
    return redirect(url_for(".process", key=key), 303)


def _bundle(key: str, keep: bool, uploads: list[FileStorage]) -> dict[str, str]:
    """The uploaded files, on top of the present version's tables and forms when ``keep``."""
    chosen = [upload for upload in uploads if upload.filename]
    if not chosen:
        raise InvalidInput(
            "没有文件。",
            fields={"files": ["请选择流程图（.bpmn），以及新的决策表（.dmn）、表单（.json）或 .zip。"]},
        )
    if len(chosen) > MAX_FILES:
        raise InvalidInput("文件过多。", fields={"files": [f"一次最多上传 {MAX_FILES} 个文件。"]})
    files: dict[str, str] = {}
    problems: list[str] = []
    for upload in chosen:
        name = PurePosixPath((upload.filename or "").replace("\\", "/")).name
        try:
            data = upload.read()
            for one, content in unpack(data, MAX_FILES) if name.lower().endswith(".zip") else [(name, data)]:
                name = PurePosixPath(one).name
                stored, text = _file(name, content)
                files[stored] = text
        except ValueError as error:
            problems.append(f"{name}：{error}")
    if problems:
        raise InvalidInput("有文件不能使用。", fields={"files": problems})
    base = _present(key) if keep else {}
    if any(name.endswith(".bpmn") for name in files):
        base = {name: text for name, text in base.items() if not name.endswith(".bpmn")}
    return {**base, **files}


def _file(name: str, data: bytes) -> tuple[str, str]:
    """The name in the bundle and the text.  Raises ValueError with a Chinese reason, or :class:`ModelRefused`."""
    lower = name.lower()
    if lower.endswith((".bpmn", ".dmn")):
        return name, decode(data, name)
    if not lower.endswith(".json"):
        raise ValueError("只接受 .bpmn、.dmn、.json 文件和装着它们的 .zip。")
    try:
        text = data.decode("utf-8-sig")
        identity = orjson.loads(text).get("id", "")
    except (ValueError, AttributeError):
        raise ValueError("不是 UTF-8 的表单或文书模板 JSON。") from None
    if not isinstance(identity, str) or not KEY.fullmatch(identity):
        raise ValueError("缺少表单标识或文书标识 id，或标识不是小写字母、数字和连字符。")
    return f"{folder_of(text)}/{identity}.json", text


def _present(key: str) -> dict[str, str]:
    """The files of the version in use; nothing for a new process."""
    with database().read() as session:
        bundle = session.scalar(
            sa.select(ProcessDefinition.bundle)
            .where(ProcessDefinition.district_id == settings().district_id, ProcessDefinition.key == key)
            .order_by(ProcessDefinition.current.desc(), ProcessDefinition.version.desc())
            .limit(1)
        )
    return dict(bundle or {})
