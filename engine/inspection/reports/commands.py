"""A department's file from its upload to its entry: kept, checked line by line, entered, nothing lost."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.commands.complete_task import Paper
from engine.commands.context import CommandContext
from engine.commands.task_access import CLERK
from engine.db import new_id
from engine.errors import Conflict, Forbidden, InvalidInput, LianjianError, NotFound
from engine.inspection import records
from engine.inspection.archive_models import ResultReport
from engine.inspection.item_models import StagedFile
from engine.inspection.models import Campaign, DepartmentInspection, Inspection, Item
from engine.inspection.registry_import.reading import open_sheet
from engine.inspection.reports.columns import ITEM, NUMBER, PREFILLED, Column, columns, heads
from engine.inspection.reports.entry import EnterInspection, Undone
from engine.inspection.shared_scan import scan_of
from engine.models import User, UserRole
from engine.process_engine import ProcessEngine

CHECK, ENTER = "check-report", "enter-report"
PURPOSE = "result-report"
MAX_BYTES = 5 * 1024 * 1024
#: Inspections of one file; a campaign of more is reported in several.
MOST = 2_000
WAITING = ("待检查", "检查中", "待结论", "待录入")


def may_report(actor: Actor, campaign: Campaign, department: str) -> bool:
    """The lead's officer enters for any department of the campaign, a department's officer for their own."""
    return actor.has_role(CLERK, campaign.lead) or actor.has_role(CLERK, department)


@dataclass(frozen=True)
class KeepReport:
    """Keep the file and the signed letter; returns the report's id.  Whoever keeps it enters it later.

    Raises :class:`InvalidInput` naming the faulty fields.
    """

    campaign: str
    department: str
    file_name: str
    content: bytes = field(repr=False)
    paper: Paper

    def run(self, ctx: CommandContext) -> str:
        campaign = records.campaign(ctx.session, ctx.district_id, self.campaign)
        if self.department not in {campaign.lead, *campaign.participants}:
            raise InvalidInput("部门有误。", fields={"department": ["请选择参加本次抽查的部门。"]})
        if not may_report(ctx.actor, campaign, self.department):
            raise Forbidden("由牵头部门或者该部门的承办人录入。")
        faults = {
            f"paper_{name}": [f"请填写{label}。"]
            for name, label in (("document_number", "文号"), ("signed_by", "签署人"), ("signed_on", "签署日期"))
            if not getattr(self.paper, name)
        }
        if not scan_of(ctx.session, ctx.actor, self.paper.attachment_id):
            faults["paper_attachment_id"] = ["请上传该部门签字盖章的结果汇总表扫描件。"]
        if not self.content or len(self.content) > MAX_BYTES:
            faults["file"] = ["请选择填好的文件（XLSX 或 CSV，不超过 5 MB）。"]
        else:
            try:
                read(self.content, columns(ctx.kernel.settings, ctx.calendar.local_date(ctx.now)))
            except InvalidInput as error:
                faults["file"] = [error.message]
        if faults:
            raise InvalidInput("报送的资料不完整。", fields=faults)
        report = ResultReport(
            id=new_id(), district_id=ctx.district_id, campaign=campaign.number, department=self.department,
            file_name=self.file_name[:255], sha256=hashlib.sha256(self.content).hexdigest(), content=self.content,
            document_number=self.paper.document_number[:100], signed_on=self.paper.signed_on,
            signed_by=self.paper.signed_by[:64], attachment_id=self.paper.attachment_id,
            created_by=ctx.actor.user_id, created_at=ctx.now,
            rows=[],
        )  # fmt: skip
        ctx.session.add(report)
        ctx.session.flush()
        ctx.record(
            None, "report-kept",
            {"report": report.id, "campaign": campaign.number, "department": self.department, "sha256": report.sha256,
             "document_number": report.document_number},
        )  # fmt: skip
        ctx.enqueue(CHECK, report.id, {"report": report.id})
        return report.id


@dataclass(frozen=True)
class StageReport:
    """Keep the file for a day while something else of the upload is put right; returns its id."""

    file_name: str
    content: bytes = field(repr=False)

    def run(self, ctx: CommandContext) -> str:
        ctx.session.execute(
            sa.delete(StagedFile).where(StagedFile.purpose == PURPOSE, StagedFile.at < ctx.now - timedelta(days=1))
        )
        row = StagedFile(
            id=new_id(), district_id=ctx.district_id, purpose=PURPOSE, file_name=self.file_name[:200],
            content=self.content, by_user=ctx.actor.user_id, at=ctx.now,
        )  # fmt: skip
        ctx.session.add(row)
        return row.id


def staged(session: Session, actor: Actor, staged_id: str) -> StagedFile | None:
    """The actor's own file kept by :class:`StageReport`."""
    row = session.get(StagedFile, staged_id)
    return row if row is not None and (row.by_user, row.purpose) == (actor.user_id, PURPOSE) else None


@dataclass(frozen=True)
class SetReport:
    """Move a report on: to be entered, given up, or with what a job found out about its lines."""

    report: str
    state: str
    rows: Sequence[Any] | None = None

    def run(self, ctx: CommandContext) -> None:
        row = ctx.session.get(ResultReport, self.report, with_for_update=True)
        if row is None or row.district_id != ctx.district_id:
            raise NotFound("没有找到这次报送，可能链接有误。")
        if not ctx.actor.is_system:
            if row.created_by != ctx.actor.user_id:
                raise Forbidden("由上传这份文件的人员录入或者放弃。")
            if row.state != "checked":
                raise Conflict("这份文件正在核对或者已经录入，请刷新页面。")
        if self.rows is not None:
            row.rows = list(self.rows)
        row.state = self.state
        if self.state == "entered":
            row.entered_at = ctx.now
            done = [line["number"] for line in row.rows if line["entered"]]
            ctx.record(None, "report-entered", {"report": row.id, "campaign": row.campaign, "entered": done})
        if self.state == "entering":
            ctx.enqueue(ENTER, row.id, {"report": row.id})


def read(content: bytes, found: Sequence[Column]) -> list[tuple[int, dict[str, str]]]:
    """Line number and cells by column name.  Raises :class:`InvalidInput` for a file that is none of ours."""
    names = set(heads(found))
    sheet = open_sheet(io.BytesIO(content), lambda cells: sum(str(c).strip() in names for c in cells))
    header = [cell.strip() for cell in sheet.header]
    if missing := [name for name in (NUMBER, ITEM) if name not in header]:
        raise InvalidInput(f"文件缺少{'、'.join(missing)}列，请使用本页下载的模板填写。")
    lines = []
    for line, cells, problem in sheet.rows:
        if problem:
            raise InvalidInput(f"第 {line} 行不能读取：{problem}")
        texts = dict(zip(header, (str(c).strip() for c in cells), strict=False))
        if any(texts.values()):
            lines.append((line, texts))
    if not lines:
        raise InvalidInput("文件里没有填写任何行。")
    if len({texts.get(NUMBER) for _, texts in lines}) > MOST:
        raise InvalidInput(f"一份文件最多 {MOST} 户，请分成几份报送。")
    return lines


def template_rows(session: Session, district_id: str, campaign: str, department: str) -> list[list[str]]:
    """The department's inspections that wait for a result, a row an item, prefilled."""
    parts = session.execute(
        sa.select(DepartmentInspection, Inspection.object)
        .join(
            Inspection,
            sa.and_(
                Inspection.district_id == DepartmentInspection.district_id,
                Inspection.number == DepartmentInspection.inspection,
            ),
        )
        .where(
            DepartmentInspection.district_id == district_id, DepartmentInspection.campaign == campaign,
            DepartmentInspection.department == department, DepartmentInspection.state.in_(WAITING),
        )
        .order_by(DepartmentInspection.number)
    ).all()  # fmt: skip
    codes = {code for part, _ in parts for code in part.items}
    names = dict(session.execute(sa.select(Item.code, Item.name).where(Item.code.in_(codes))).tuples().all())
    return [
        [part.number, thing.get("name", ""), thing.get("uscc", ""), code, names.get(code, "")]
        for part, thing in parts
        for code in part.items
    ]


def check_report(engine: ProcessEngine, args: dict[str, Any]) -> None:
    """Try every inspection of the file and undo it; what is wrong is kept with its lines."""
    _each(engine, args["report"], trial=True)


def enter_report(engine: ProcessEngine, args: dict[str, Any]) -> None:
    """Enter every inspection without a problem, each in its own transaction; done ones are passed over."""
    _each(engine, args["report"], trial=False)


def _each(engine: ProcessEngine, report_id: str, *, trial: bool) -> None:
    with engine.read() as session:
        report = session.get_one(ResultReport, report_id)
        content = session.scalars(sa.select(ResultReport.content).where(ResultReport.id == report_id)).one()
        actor = _keeper(session, report)
    today = engine.clock().astimezone(engine.settings.timezone).date()
    found = columns(engine.settings, today)
    before = {row["number"]: row for row in report.rows}
    groups: dict[str, list[tuple[int, dict[str, str]]]] = {}
    for line, texts in read(content, found):
        groups.setdefault(texts.get(NUMBER, ""), []).append((line, texts))
    paper = Paper(report.document_number, report.signed_on, report.signed_by, report.attachment_id)
    rows = []
    for number, lines in groups.items():
        row = before.get(number) or {
            "number": number, "name": lines[0][1].get(PREFILLED[1], ""), "line": lines[0][0],
            "items": len(lines), "problems": [], "entered": False,
        }  # fmt: skip
        if not row["entered"] and not (row["problems"] and not trial):
            row = {**row, **_one(engine, actor, report, number, [t for _, t in lines], found, paper, trial)}
        rows.append(row)
    engine.execute(SetReport(report_id, "checked" if trial else "entered", rows), actor=Actor.system())


def _one(
    engine: ProcessEngine, actor: Actor, report: ResultReport, number: str, rows: list[dict[str, str]],
    found: Sequence[Column], paper: Paper, trial: bool,
) -> dict[str, Any]:  # fmt: skip
    with engine.read() as session:
        part = session.scalar(
            sa.select(DepartmentInspection).where(
                DepartmentInspection.district_id == report.district_id, DepartmentInspection.number == number,
                DepartmentInspection.campaign == report.campaign, DepartmentInspection.department == report.department,
            )
        )  # fmt: skip
    if part is None:
        return {"problems": [f"检查编号“{number}”不在本任务该部门的名单里，请使用模板里的编号。"], "entered": False}
    if lacking := sorted(set(part.items) - {row.get(ITEM, "").strip() for row in rows}):
        return {"problems": [f"缺少事项 {'、'.join(lacking)} 的行，每个事项填写一行。"], "entered": False}
    try:
        engine.execute(EnterInspection(number, rows, found, paper, trial), actor=actor)
    except Undone:
        return {"problems": [], "entered": False}
    except InvalidInput as error:
        said = [m for messages in error.fields.values() for m in messages] or [error.message]
        return {"problems": list(dict.fromkeys(said)), "entered": False}
    except LianjianError as error:
        return {"problems": [error.message], "entered": False}
    return {"problems": [], "entered": True}


def _keeper(session: Session, report: ResultReport) -> Actor:
    """Whoever uploaded the file, with the posts they hold now: what is entered is entered in their name."""
    user = session.get_one(User, report.created_by)
    posts = session.execute(sa.select(UserRole.department, UserRole.role).where(UserRole.user_id == user.id))
    return Actor(user.id, user.name, user.department, frozenset(f"{d}/{r}" for d, r in posts))
