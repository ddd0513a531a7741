"""部门报送: results of departments without log-ins, by file or signed letter, entered by the lead's officer (代录)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from engine.errors import InvalidInput, NotFound
from engine.inspection.archive_models import ResultReport
from engine.inspection.batches import STEPS, batch_count
from engine.inspection.models import Campaign, DepartmentInspection
from engine.inspection.reports.columns import columns, heads
from engine.inspection.reports.commands import (
    KeepReport,
    SetReport,
    StageReport,
    check_report,
    enter_report,
    may_report,
    staged,
    template_rows,
)
from engine.inspection.shared_scan import AddSharedScan, scan_of
from engine.web.campaigns import find_campaign
from engine.web.context import actor, database, department_name, engine, now, settings
from engine.web.csv_export import csv_response
from engine.web.guards import requires_role
from engine.web.paper_entry import PAPER_FILE, PAPER_TEXTS, paper_of
from engine.web.table_export import table_response
from engine.web.task_lookup import is_id

CLERK = "承办人"
blueprint = Blueprint("reports", __name__)
STATES = {
    "checking": ("正在核对", "chip-blue"), "checked": ("待录入", "chip-amber"), "entering": ("正在录入", "chip-blue"),
    "entered": ("已录入", "chip-green"), "given_up": ("已放弃", ""),
}  # fmt: skip
MOVING = ("checking", "entering")
#: Steps entered as a list from a signed letter, in their order.
LISTS = ("review", "result-notice", "publication-preview", "second-signoff")


@blueprint.get("/campaigns/<number>/reports")
@requires_role(CLERK)
def index(number: str) -> ResponseReturnValue:
    """Which departments still owe results, the file to fill, the upload, and what came in."""
    return _index(number)


def _index(
    number: str, errors: dict[str, list[str]] | None = None, post: MultiDict[str, str] | None = None
) -> ResponseReturnValue:
    given = post if post is not None else MultiDict[str, str]()
    with database().read() as session:
        campaign, _ = find_campaign(session, number)
        mine = _departments(campaign)
        counts = _counts(session, number)
        lists = {
            code: [(name, STEPS[name], batch_count(session, actor(), STEPS[name], department=code)) for name in LISTS]
            for code in mine
            if code not in actor().departments
        }
        reports = session.scalars(
            sa.select(ResultReport)
            .where(
                ResultReport.district_id == campaign.district_id, ResultReport.campaign == number,
                ResultReport.department.in_(mine),
            )
            .order_by(ResultReport.id.desc())
        ).all()  # fmt: skip
        page = render_template(
            "reports/index.html", campaign=campaign, departments=mine, counts=counts, lists=lists, reports=reports,
            states=STATES, errors=errors or {}, typed=given,
            paper={k: given.get(k, "") for k in (*PAPER_TEXTS, PAPER_FILE)},
            paper_errors={k: v for k, v in (errors or {}).items() if k.startswith("paper_")},
            attachments=_scan(session, given.get(PAPER_FILE, "")), may_act=False,
            kept=staged(session, actor(), given["staged"]) if is_id(given.get("staged", "")) else None,
        )  # fmt: skip
    return make_response(page, 422 if errors else 200)


def _departments(campaign: Campaign) -> list[str]:
    """Departments of the campaign for which the signed-in officer may enter."""
    return [code for code in (campaign.lead, *campaign.participants) if may_report(actor(), campaign, code)]


def _counts(session: Session, number: str) -> dict[str, dict[str, int]]:
    """Inspections by department and state."""
    found: dict[str, dict[str, int]] = {}
    rows = session.execute(
        sa.select(DepartmentInspection.department, DepartmentInspection.state, sa.func.count())
        .where(DepartmentInspection.district_id == settings().district_id, DepartmentInspection.campaign == number)
        .group_by(DepartmentInspection.department, DepartmentInspection.state)
    )
    for department, state, count in rows:
        found.setdefault(department, {})[state] = count
    return found


def _scan(session: Session, attachment_id: str) -> dict[str, dict[str, Any]]:
    row = scan_of(session, actor(), attachment_id) if is_id(attachment_id) else None
    if row is None:
        return {}
    return {row.id: {"file_name": row.file_name, "url": url_for("attachments.show", attachment_id=row.id)}}


@blueprint.get("/campaigns/<number>/reports/<department>.<any(xlsx, csv):form>")
@requires_role(CLERK)
def template(number: str, department: str, form: str) -> ResponseReturnValue:
    """The file to fill, with the department's inspections that wait for a result."""
    with database().read() as session:
        campaign, _ = find_campaign(session, number)
        if department not in _departments(campaign):
            raise NotFound("您不能为这个部门录入结果。")
        rows = template_rows(session, settings().district_id, number, department)
    head = heads(columns(settings(), now().date()))
    blank = [""] * (len(head) - 5)
    return table_response(
        form, f"{department_name(department)}-检查结果报送-{number}", head, [[*r, *blank] for r in rows]
    )


@blueprint.post("/campaigns/<number>/reports")
@requires_role(CLERK)
def upload(number: str) -> ResponseReturnValue:
    """Keep the file with its signed letter and check it; whatever is wrong, what was given comes back."""
    post: MultiDict[str, str] = MultiDict(request.form)
    post["paper"] = "1"
    name, content = _content(post)
    scan = request.files.get(f"upload-{PAPER_FILE}")
    try:
        if scan is not None and scan.filename:
            command = AddSharedScan(number, scan.filename, scan.mimetype or "", scan.read())
            post[PAPER_FILE] = engine().execute(command, actor=actor())
        paper = paper_of(post)
        assert paper is not None
        report = engine().execute(KeepReport(number, post.get("department", ""), name, content, paper), actor=actor())
    except InvalidInput as error:
        faults = error.fields or {"file": [error.message]}
        if content and "file" not in faults:
            post["staged"] = engine().execute(StageReport(name, content), actor=actor())
        return _index(number, faults, post)
    if engine().kernel.jobs is None:
        check_report(engine(), {"report": report})
    return redirect(url_for(".show", report=report), 303)


def _content(post: MultiDict[str, str]) -> tuple[str, bytes]:
    """Name and bytes of the file sent now, or of the one kept when the page came back."""
    file = request.files.get("file")
    if file is not None and file.filename:
        return file.filename, file.read()
    with database().read() as session:
        row = staged(session, actor(), post["staged"]) if is_id(post.get("staged", "")) else None
    return (row.file_name, row.content) if row is not None else ("", b"")


def _report(session: Session, report: Any) -> ResultReport:
    row = session.get(ResultReport, str(report))
    if row is None or row.district_id != settings().district_id:
        raise NotFound("没有找到这次报送，可能链接有误。")
    campaign, _ = find_campaign(session, row.campaign)
    if row.department not in _departments(campaign):
        raise NotFound("没有找到这次报送，可能链接有误。")
    return row


@blueprint.get("/reports/<uuid:report>")
@requires_role(CLERK)
def show(report: Any) -> ResponseReturnValue:
    """One file: what would be entered, what is wrong in which line, or what was entered."""
    with database().read() as session:
        row = _report(session, report)
        campaign, _ = find_campaign(session, row.campaign)
    ready = [line for line in row.rows if not line["problems"] and not line["entered"]]
    return render_template(
        "reports/show.html", report=row, campaign=campaign, states=STATES, moving=row.state in MOVING, ready=ready,
        faulty=[line for line in row.rows if line["problems"]], done=[line for line in row.rows if line["entered"]],
        own=row.created_by == actor().user_id,
    )  # fmt: skip


@blueprint.get("/reports/<uuid:report>/problems.csv")
@requires_role(CLERK)
def problems(report: Any) -> ResponseReturnValue:
    """The lines that were not entered, to be sent back to the department."""
    with database().read() as session:
        row = _report(session, report)
    body = [
        [line["line"], line["number"], line["name"], "；".join(line["problems"])]
        for line in row.rows
        if line["problems"]
    ]
    return csv_response(f"{row.file_name}-差错.csv", ["行", "检查编号", "检查对象", "问题"], body)


@blueprint.post("/reports/<uuid:report>/<any(enter, give_up):what>")
@requires_role(CLERK)
def decide(report: Any, what: str) -> ResponseReturnValue:
    """Enter the lines without a problem, or give the file up."""
    with database().read() as session:
        row = _report(session, report)
    engine().execute(SetReport(row.id, "entering" if what == "enter" else "given_up"), actor=actor())
    if what == "enter" and engine().kernel.jobs is None:
        enter_report(engine(), {"report": row.id})
    flash("正在录入，结果见本页。" if what == "enter" else "已放弃这份文件，没有录入任何内容。", "success")
    return redirect(url_for(".show", report=row.id), 303)
