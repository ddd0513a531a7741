"""线索 (R45): the list, entering one, one with its steps and follow-ups, its protected reporter, import by file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.errors import Conflict, InvalidInput, NotFound
from engine.inspection import lead_entry, tables
from engine.inspection.lead_entry import ENTERING, RegisterLead
from engine.inspection.lead_models import CaseLead, LeadFile
from engine.inspection.lead_reporters import AddLeadFile, Reporter, ShowReporter, files_of, handles
from engine.inspection.leads import PROCESS, STATES, merged_into, source_row
from engine.inspection.models import FollowUp
from engine.models import Deadline, ProcessInstance
from engine.queries import deadlines
from engine.scope import scope
from engine.web import own_lists
from engine.web.case_view import history, open_tasks, waiting
from engine.web.context import actor, database, departments, engine, now, settings
from engine.web.downloads import name_file
from engine.web.exports import record_export
from engine.web.form_view import form_view
from engine.web.guards import requires_role, signed_in
from engine.web.navigation import NavItem
from engine.web.submissions import attachment_links
from engine.web.table_export import table_response
from engine.web.task_lookup import is_id

READERS = frozenset({"承办人", "科室负责人", "分管负责人", "机关负责人", "执法检查人员", "联席会议办公室", "监管督查"})
blueprint = Blueprint("leads", __name__)
NAV = (NavItem("线索", "leads.index", "flag", 24, "/leads", roles=READERS, group="监管"),)
EXPORT_CAP = 20_000
CHIPS = {"待受理": "chip-amber", "待告知": "chip-amber", "已办结": "chip-green", "不予受理": "", "已移送": "chip-green"}
_FILTERS = ("q", "state", "source", "department")


def _wanted() -> tuple[dict[str, str], sa.Select[Any]]:
    filters = {name: request.args.get(name, "").strip()[:100] for name in (*_FILTERS, "due")}
    statement = own_lists.visible(sa.select(CaseLead), CaseLead, PROCESS)
    if filters["q"]:
        like = own_lists.like(filters["q"])
        searched = (CaseLead.subject_name, CaseLead.title, CaseLead.number, CaseLead.uscc, CaseLead.platform_number)
        statement = statement.where(sa.or_(*(column.like(like) for column in searched)))
    for name in ("state", "source", "department"):
        if filters[name]:
            statement = statement.where(getattr(CaseLead, name) == filters[name])
    if filters["due"] == "overdue":
        statement = statement.where(
            sa.exists().where(
                Deadline.district_id == CaseLead.district_id, Deadline.business_key == CaseLead.number,
                Deadline.met_at.is_(None), Deadline.due_at < now(),
            )
        )  # fmt: skip
    else:
        filters["due"] = ""
    return filters, statement


@blueprint.get("/leads")
@signed_in
def index() -> ResponseReturnValue:
    """Leads in the reader's scope, the newest first."""
    filters, statement = _wanted()
    rows, mine, following = own_lists.newest(statement, CaseLead, PROCESS, filters)
    with database().read() as session:
        due = _next_due(session, [row.number for row in rows])
    return render_template(
        "leads/index.html", rows=rows, mine=mine, following=following, filters=filters, chips=CHIPS, due=due,
        chosen={name: value for name, value in filters.items() if value}, states=STATES,
        sources=tables.options(settings(), "lead-source", now().date()), organs=_organs(), may_enter=_may_enter(),
    )  # fmt: skip


def _next_due(session: Any, numbers: list[str]) -> dict[str, Deadline]:
    """The open limit of each lead that ends first."""
    found = session.scalars(
        sa.select(Deadline)
        .where(
            Deadline.district_id == settings().district_id, Deadline.business_key.in_(numbers),
            Deadline.met_at.is_(None), Deadline.due_at.is_not(None),
        )
        .order_by(Deadline.due_at.desc())
    )  # fmt: skip
    return {row.business_key: row for row in found}


def _organs() -> list[tuple[str, str]]:
    return [(code, name) for code, name in departments().items() if code != "QZF"]


def _may_enter() -> bool:
    return any(actor().has_role(role) for role in ENTERING)


HEAD = (
    "编号", "来源", "收到日期", "承办部门", "对象", "统一社会信用代码", "事由", "是否实名", "状态", "处理意见",
    "决定日期", "平台登记编号",
)  # fmt: skip


@blueprint.get("/leads/export.<form>")
@signed_in
def export(form: str) -> ResponseReturnValue:
    """The filtered leads as CSV or XLSX; nothing of the reporter is in it."""
    filters, statement = _wanted()
    with database().read() as session:
        rows = session.scalars(statement.order_by(CaseLead.id.desc()).limit(EXPORT_CAP)).all()
    answer = table_response(form, "线索", HEAD, _lines(rows, departments(), _verdicts()))
    asked = {name: value for name, value in filters.items() if value}
    record_export("leads", form, len(rows), asked)
    return answer


def _verdicts() -> dict[str, str]:
    return {one["value"]: one["label"] for one in tables.options(settings(), "lead-verdict", now().date())}


def _lines(rows: Any, names: dict[str, str], verdicts: dict[str, str]) -> Iterator[list[str]]:
    """Rows of the table; written while the answer is sent, so nothing is asked of the request here."""
    for row in rows:
        yield [
            row.number, row.source, row.received_on.isoformat(), names.get(row.department, row.department),
            row.subject_name, row.uscc, row.title, "是" if row.real_name else "否", row.state,
            verdicts.get(row.verdict, row.verdict),
            row.decided_on.isoformat() if row.decided_on else "", row.platform_number,
        ]  # fmt: skip


@blueprint.get("/leads/new")
@requires_role(*ENTERING)
def new() -> ResponseReturnValue:
    """The empty form; ``uscc`` may be given by the object's page."""
    return _form({"uscc": request.args.get("uscc", "")[:30]}, None, 200)


def _form(values: dict[str, Any], errors: dict[str, list[str]] | None, status: int) -> ResponseReturnValue:
    form = lead_entry.entry_form(settings())
    with database().read() as session:
        context = lead_entry.form_context(session, settings(), settings().district_id, actor(), now().date())
    filled = values if errors is not None else form.with_defaults(context, values)
    return make_response(
        render_template("leads/new.html", form=form_view(form, filled, errors, context, now())), status
    )


@blueprint.post("/leads/new")
@requires_role(*ENTERING)
def enter() -> ResponseReturnValue:
    """Enter one; whatever is wrong, everything typed comes back."""
    values = lead_entry.entry_form(settings()).from_multidict(request.form)
    try:
        number = engine().execute(RegisterLead(values), actor=actor())
    except InvalidInput as error:
        return _form(values, error.fields or {"": [error.message]}, 422)
    except Conflict as error:
        return _form(values, {"platform_number": [error.message]}, 409)
    flash(f"已登记为 {number}。材料请在下面上传。", "success")
    return redirect(url_for(".show", number=number), 303)


@blueprint.get("/leads/<number>")
@signed_in
def show(number: str) -> ResponseReturnValue:
    """One lead: what, about whom, where it stands, what came of it."""
    return _page(number)


def _page(
    number: str, *, message: str = "", reporter: Reporter | None = None, shown: bool = False, status: int = 200
) -> ResponseReturnValue:
    with database().read() as session:
        row, instance = own_lists.found(session, CaseLead, PROCESS, number, "线索")
        mine = handles(session, actor(), row)
        known = sa.select(FollowUp, ProcessInstance.id).join(
            ProcessInstance,
            sa.and_(
                ProcessInstance.district_id == FollowUp.district_id, ProcessInstance.process_key == FollowUp.kind,
                ProcessInstance.business_key == FollowUp.number,
            ),
        )  # fmt: skip
        followed = session.execute(  # a crime transfer is told to nobody but those who work on it (ADR 0034)
            scope(known, actor())
            .where(FollowUp.district_id == row.district_id, FollowUp.root == row.number)
            .order_by(FollowUp.opened_at, FollowUp.id)
        ).all()
        today = now().date()
        page = render_template(
            "leads/show.html", row=row, instance=instance, chip=CHIPS.get(row.state, "chip-blue"), handles=mine,
            has_reporter=source_row(settings(), row.source, row.received_on)["reporter"] or row.real_name,
            verdict=_verdicts().get(row.verdict, row.verdict),
            followed=[(one, instance_id) for one, instance_id in followed],
            kinds={one["value"]: one["label"] for one in tables.options(settings(), "follow-up-kind", today)},
            merged=merged_into(session, row.district_id, row.number), message=message, reporter=reporter, shown=shown,
            files=files_of(session, row) if mine else [],
            waiting=waiting(session, open_tasks(session, [instance.id])),
            deadlines=deadlines(session, settings().district_id, [number]),
            events=history(session, [instance]), attachments=attachment_links(session, instance.id),
            task_id=own_lists.to_do(session, PROCESS, [number]).get(number),
        )  # fmt: skip
    answer = make_response(page, status)
    if shown:
        answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.post("/leads/<number>/reporter")
@signed_in
def reporter(number: str) -> ResponseReturnValue:
    """Show who reported it, to those who handle it; the look is recorded."""
    with database().read() as session:
        own_lists.found(session, CaseLead, PROCESS, number, "线索")
    return _page(number, reporter=engine().execute(ShowReporter(number), actor=actor()), shown=True)


@blueprint.post("/leads/<number>/files")
@signed_in
def upload(number: str) -> ResponseReturnValue:
    """Keep one or more files with the lead."""
    with database().read() as session:
        own_lists.found(session, CaseLead, PROCESS, number, "线索")
    files = [file for file in request.files.getlist("file") if file.filename]
    try:
        if not files:
            raise InvalidInput("请选择文件。", fields={"file": ["请选择要上传的材料。"]})
        for file in files:
            kind = file.mimetype or "application/octet-stream"
            engine().execute(AddLeadFile(number, file.filename or "", kind, file.read()), actor=actor())
    except (InvalidInput, Conflict) as error:
        said = "".join(error.fields.get("file", [])) if isinstance(error, InvalidInput) else ""
        return _page(number, message=said or error.message, status=422)
    flash(f"已上传 {len(files)} 个文件。", "success")
    return redirect(url_for(".show", number=number), 303)


@blueprint.get("/leads/<number>/files/<file_id>")
@signed_in
def download(number: str, file_id: str) -> ResponseReturnValue:
    """A file as it was uploaded, for those who handle the lead; never rendered inside our origin."""
    with database().read() as session:
        row, _ = own_lists.found(session, CaseLead, PROCESS, number, "线索")
        file = session.get(LeadFile, file_id) if is_id(file_id) else None
        mine = handles(session, actor(), row)
        if file is None or not mine or (file.district_id, file.lead) != (row.district_id, row.number):
            raise NotFound("没有找到该材料，可能链接有误，或者您不办理这条线索。")
        response = make_response(file.content)
    response.headers["Content-Type"] = file.media_type
    name_file(response, file.file_name)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "no-store"
    return response
