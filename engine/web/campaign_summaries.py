"""抽查情况汇总表: the joint summary as a page, a spreadsheet and an official form."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from typing import Any

import xlsxwriter
from flask import Blueprint, make_response, render_template, send_file
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine.documents import pdf
from engine.errors import NotFound
from engine.inspection import campaign_summary
from engine.inspection.joint_models import CampaignSummary
from engine.inspection.joint_papers import summary_paper
from engine.inspection.models import Campaign
from engine.models import UserTask
from engine.web.campaigns import find_campaign
from engine.web.case_view import open_tasks
from engine.web.context import database, departments, now, settings
from engine.web.csv_export import defused
from engine.web.downloads import name_file
from engine.web.guards import signed_in
from engine.web.table_export import XLSX_TYPE

blueprint = Blueprint("summaries", __name__)

CHIPS = {"待审批": "chip-amber", "已退回": "chip-red", "已审批": "chip-green"}


@blueprint.get("/campaigns/<number>/summary")
@signed_in
def show(number: str) -> ResponseReturnValue:
    """The table as submitted; before that its figures as they will be, or what is still missing."""
    with database().read() as session:
        campaign, instance = find_campaign(session, number)
        row = campaign_summary.summary_of(session, campaign)
        left = campaign_summary.unpublished(session, campaign) if row is None else 0
        ready = row is None and campaign.total > 0 and left == 0 and campaign.state != "已作废"
        figures: dict[str, Any] | None = row.figures if row is not None else None
        if ready:
            figures = campaign_summary.figures(session, settings(), campaign, now().date())
        task: UserTask | None = next(
            (t for t in open_tasks(session, [instance.id]) if t.element_id in ("summary", "summary_approval")), None
        )
        return make_response(
            render_template(
                "campaign_summary.html", campaign=campaign, row=row, figures=figures, left=left, task=task,
                words=campaign_summary.WORDS, columns=campaign_summary.DEPARTMENT_COLUMNS, chips=CHIPS,
            )
        )  # fmt: skip


@blueprint.get("/campaigns/<number>/summary.pdf")
@signed_in
def as_pdf(number: str) -> ResponseReturnValue:
    """The official form, marked while it is not approved."""
    with database().read() as session:
        campaign, row = _submitted(session, number)
        day = row.compiled_at.astimezone(settings().timezone).date().isoformat()
        document = summary_paper(campaign, row, departments(), day)
    response = make_response(pdf.render(document))
    response.content_type = "application/pdf"
    name_file(response, f"抽查情况汇总表 {number}.pdf")
    return response


@blueprint.get("/campaigns/<number>/summary.xlsx")
@signed_in
def as_workbook(number: str) -> ResponseReturnValue:
    """The same figures as a workbook, one sheet a table."""
    with database().read() as session:
        campaign, row = _submitted(session, number)
        sheets = _sheets(campaign, row)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - sent, and closed, after the view has returned
    book = xlsxwriter.Workbook(file, {"strings_to_formulas": False, "strings_to_urls": False})
    bold = book.add_format({"bold": True})
    for title, head, rows in sheets:
        sheet = book.add_worksheet(title)
        sheet.freeze_panes(1, 0)
        for column, cell in enumerate(head):
            sheet.write_string(0, column, cell, bold)
            sheet.set_column(column, column, min(max(len(cell) * 2 + 2, 12), 40))
        for line, cells in enumerate(rows, start=1):
            for column, cell in enumerate(cells):
                if isinstance(cell, int):
                    sheet.write_number(line, column, cell)
                else:
                    sheet.write_string(line, column, defused(str(cell)))
    book.close()
    file.seek(0)
    return send_file(file, mimetype=XLSX_TYPE, as_attachment=True, download_name=f"抽查情况汇总表 {number}.xlsx")


def _submitted(session: Session, number: str) -> tuple[Campaign, CampaignSummary]:
    campaign, _ = find_campaign(session, number)
    row = campaign_summary.summary_of(session, campaign)
    if row is None:
        raise NotFound("还没有编制抽查情况汇总表，全部结果公示之后由牵头部门编制。")
    return campaign, row


def _sheets(campaign: Campaign, row: CampaignSummary) -> list[tuple[str, Sequence[str], list[list[Any]]]]:
    figures = row.figures
    names = [each["name"] for each in figures["departments"]]
    columns = campaign_summary.DEPARTMENT_COLUMNS

    def counted(key: str) -> list[list[Any]]:
        return [[each["name"], *each["counts"], each["total"]] for each in figures[key]]

    words = [[title, row.words.get(key) or ""] for key, title in campaign_summary.WORDS]
    return [
        ("各部门", [label for _, label in columns], [[d[key] for key, _ in columns] for d in figures["departments"]]),
        ("结果类别", ["结果类别", *names, "合计"], counted("categories")),
        ("处置", ["处置", *names, "合计"], counted("handling")),
        ("逐户结果", ["检查对象", "统一社会信用代码", "部门", "检查结果", "处置", "公示日期"], [
            [o["name"], o["uscc"], r["department"], r["result"], r["handling"], r["published_on"]]
            for o in figures["objects"] for r in o["results"]
        ]),
        ("文字说明", ["项目", "内容"], [["抽查任务", f"{campaign.name}（{campaign.number}）"],
                                  ["文号", row.document_number], ["状态", row.state], *words]),
    ]  # fmt: skip
