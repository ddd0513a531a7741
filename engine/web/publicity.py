"""宣传培训 (R63–R64): the list with its yearly counts, entering one, one with its materials, export."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.errors import Conflict, InvalidInput, NotFound
from engine.inspection import publicity, tables
from engine.inspection.oversight_models import PublicityFile, PublicityRecord
from engine.inspection.publicity import ENTERING, AddPublicityFile, RecordPublicity, WithdrawPublicity
from engine.web import own_lists
from engine.web.context import actor, database, department_name, departments, engine, now, settings
from engine.web.downloads import name_file
from engine.web.form_view import form_view
from engine.web.guards import requires_role, signed_in
from engine.web.navigation import NavItem
from engine.web.table_export import table_response
from engine.web.task_lookup import is_id

READERS = frozenset({"承办人", "联席会议办公室", "监管督查"})
blueprint = Blueprint("publicity", __name__)
NAV = (NavItem("宣传培训", "publicity.index", "book", 59, "/publicity", roles=READERS, group="监管"),)
PAGE = 50


def _wanted() -> tuple[dict[str, str], sa.Select[tuple[PublicityRecord]]]:
    filters = {name: request.args.get(name, "").strip()[:100] for name in ("q", "kind", "department", "year")}
    row = PublicityRecord
    statement = sa.select(row).where(row.district_id == settings().district_id)
    if filters["q"]:
        like = own_lists.like(filters["q"])
        statement = statement.where(sa.or_(row.title.like(like), row.audience.like(like), row.number.like(like)))
    if filters["kind"]:
        statement = statement.where(row.kind == filters["kind"])
    if filters["department"]:
        statement = statement.where(row.department == filters["department"])
    if filters["year"].isdecimal() and 2000 <= int(filters["year"]) <= 2100:
        year = int(filters["year"])
        statement = statement.where(row.held_on.between(date(year, 1, 1), date(year, 12, 31)))
    else:
        filters["year"] = ""
    return filters, statement


@blueprint.get("/publicity")
@signed_in
def index() -> ResponseReturnValue:
    """Records of all organs, the newest first, and how many there were each year."""
    filters, statement = _wanted()
    if is_id(after := request.args.get("after", "")):
        with database().read() as session:
            last = session.get(PublicityRecord, after)
        if last is not None:
            older = sa.and_(PublicityRecord.held_on == last.held_on, PublicityRecord.id < after)
            statement = statement.where(sa.or_(PublicityRecord.held_on < last.held_on, older))
    with database().read() as session:
        order = (PublicityRecord.held_on.desc(), PublicityRecord.id.desc())
        rows = session.scalars(statement.order_by(*order).limit(PAGE + 1)).all()
        years = publicity.yearly(session, settings().district_id)
    chosen: dict[str, Any] = {k: v for k, v in filters.items() if v}
    return render_template(
        "publicity/index.html", rows=rows[:PAGE], filters=filters, chosen=chosen, years=years,
        following=url_for(".index", after=rows[PAGE - 1].id, **chosen) if len(rows) > PAGE else None,
        kinds=tables.options(settings(), "publicity-kind", now().date()), organs=list(departments().items()),
        may_enter=any(actor().has_role(role) for role in ENTERING),
    )  # fmt: skip


HEAD = ("编号", "种类", "名称", "日期", "组织单位", "对象", "地点或渠道", "学时", "人数", "内容", "撤销理由")


@blueprint.get("/publicity/export.<form>")
@signed_in
def export(form: str) -> ResponseReturnValue:
    """The filtered records as CSV or XLSX."""
    _, statement = _wanted()
    with database().read() as session:
        found = session.scalars(statement.order_by(PublicityRecord.held_on, PublicityRecord.id).limit(20_000)).all()
        names = departments()
    return table_response(form, "宣传培训记录", HEAD, _lines(found, names))


def _lines(rows: Any, names: dict[str, str]) -> Iterator[list[str]]:
    for row in rows:
        yield [
            row.number, row.kind, row.title, row.held_on.isoformat(), names.get(row.department, row.department),
            row.audience, row.place, "" if row.hours is None else f"{row.hours:g}", str(row.participants), row.content,
            row.withdrawn_reason,
        ]  # fmt: skip


@blueprint.get("/publicity/new")
@requires_role(*ENTERING)
def new() -> ResponseReturnValue:
    """The empty form."""
    return _form({}, None, 200)


def _form(values: dict[str, Any], errors: dict[str, list[str]] | None, status: int) -> ResponseReturnValue:
    form = publicity.entry_form(settings())
    with database().read() as session:
        context = publicity.form_context(session, settings(), settings().district_id, actor(), now().date())
    filled = values if errors is not None else form.with_defaults(context, values)
    view = form_view(form, filled, errors, context, now())
    return make_response(render_template("publicity/new.html", form=view), status)


@blueprint.post("/publicity/new")
@requires_role(*ENTERING)
def enter() -> ResponseReturnValue:
    """Enter one; whatever is wrong, everything typed comes back."""
    values = publicity.entry_form(settings()).from_multidict(request.form)
    try:
        number = engine().execute(RecordPublicity(values), actor=actor())
    except InvalidInput as error:
        return _form(values, error.fields or {"": [error.message]}, 422)
    flash("已登记，请在下面上传课件、签到表、照片等材料。", "success")
    return redirect(url_for(".show", number=number), 303)


@blueprint.get("/publicity/<number>")
@signed_in
def show(number: str) -> ResponseReturnValue:
    """One record with its materials."""
    return _page(number, "", 200)


def _page(number: str, message: str, status: int) -> ResponseReturnValue:
    with database().read() as session:
        row = publicity.publicity_record(session, settings().district_id, number)
        files = publicity.files_of(session, settings().district_id, number)
    page = render_template(
        "publicity/show.html", row=row, files=files, message=message, organ=department_name(row.department),
        may_change=row.withdrawn_at is None and publicity.may_enter(actor(), row.department),
    )  # fmt: skip
    return make_response(page, status)


@blueprint.post("/publicity/<number>/files")
@requires_role(*ENTERING)
def upload(number: str) -> ResponseReturnValue:
    """Keep one or more files with the record."""
    files = [file for file in request.files.getlist("file") if file.filename]
    try:
        if not files:
            raise InvalidInput("请选择文件。", fields={"file": ["请选择要上传的材料。"]})
        for file in files:
            command = AddPublicityFile(
                number, file.filename or "", file.mimetype or "application/octet-stream", file.read()
            )
            engine().execute(command, actor=actor())
    except (InvalidInput, Conflict) as error:
        said = "".join(error.fields.get("file", [])) if isinstance(error, InvalidInput) else ""
        return _page(number, said or error.message, 422)
    flash(f"已上传 {len(files)} 个文件。", "success")
    return redirect(url_for(".show", number=number), 303)


@blueprint.get("/publicity/<number>/files/<file_id>")
@signed_in
def download(number: str, file_id: str) -> ResponseReturnValue:
    """A file as it was uploaded; never rendered inside our origin."""
    with database().read() as session:
        file = session.get(PublicityFile, file_id) if is_id(file_id) else None
        if file is None or file.record != number or file.district_id != settings().district_id:
            raise NotFound("没有找到该材料，可能链接有误。")
        response = make_response(file.content)
    response.headers["Content-Type"] = file.media_type
    name_file(response, file.file_name)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@blueprint.post("/publicity/<number>/withdraw")
@requires_role(*ENTERING)
def withdraw(number: str) -> ResponseReturnValue:
    """Withdraw a wrong record with its reason."""
    try:
        engine().execute(WithdrawPublicity(number, request.form.get("reason", "")), actor=actor())
    except (InvalidInput, Conflict) as error:
        said = "".join(error.fields.get("reason", [])) if isinstance(error, InvalidInput) else ""
        return _page(number, said or error.message, 422)
    flash("已撤销，不再计入统计。", "success")
    return redirect(url_for(".show", number=number), 303)
