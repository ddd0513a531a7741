"""Leads by file from the complaint platform (全国12315平台): kept for a preview, taken in when confirmed."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.commands.context import CommandContext
from engine.db import new_id
from engine.errors import Forbidden, InvalidInput, NotFound
from engine.inspection import records, tables
from engine.inspection.item_models import StagedFile
from engine.inspection.lead_entry import ENTERING, judged, known_platform_number, may_enter
from engine.inspection.leads import NewLead, open_lead
from engine.inspection.outside_import import KEPT, check_size
from engine.inspection.registry_import.columns import COLUMNS
from engine.inspection.registry_import.reading import open_sheet
from engine.inspection.registry_import.report import REJECTED, RowProblem
from engine.inspection.registry_import.rows import department_key, make_reader, score
from engine.inspection.registry_import.surroundings import surroundings_of
from engine.settings import Settings

KIND = "leads"
MAX_ROWS = 2_000
NEW, KNOWN, REFUSED = "新增", "已登记", "拒绝"
_HEADERS = {column.field: column.header for column in COLUMNS[KIND]}
#: What a file says that lacks a column.
_BLANK = {column.field: column.default() for column in COLUMNS[KIND] if not column.required}


@dataclass(frozen=True)
class Line:
    """One row of a file: what would become of it, and what is wrong with it."""

    number: int
    fate: str  # 新增 | 已登记 | 拒绝
    title: str
    subject: str
    lead: NewLead | None = field(default=None, repr=False)
    problems: Sequence[RowProblem] = ()


@dataclass(frozen=True)
class Reading:
    """A whole file, judged."""

    lines: Sequence[Line]
    ignored_columns: Sequence[str] = ()

    def count(self, fate: str) -> int:
        return sum(line.fate == fate for line in self.lines)

    @property
    def problems(self) -> list[RowProblem]:
        return [problem for line in self.lines for problem in line.problems]


def read_leads(
    session: Session, settings: Settings, district_id: str, actor: Actor, today: date, content: bytes
) -> Reading:
    """Judge every row of a file without changing anything.

    Raises :class:`InvalidInput` when the file as a whole cannot be read or is too long.
    """
    sheet = open_sheet(io.BytesIO(content), score(KIND))
    reader, ignored = make_reader(KIND, sheet.header, surroundings_of(session, KIND, district_id))
    judge = _Judge(session, settings, district_id, actor, today)
    lines: list[Line] = []
    for number, cells, broken in sheet.rows:
        if len(lines) >= MAX_ROWS:
            raise InvalidInput(f"文件超过 {MAX_ROWS:,} 行，请分成几个文件导入。", fields={"file": ["行数太多。"]})
        if broken:
            problem = RowProblem(number, REJECTED, "整行", "".join(cells)[:40], broken, "请修正这一行后重新导入。")
            lines.append(Line(number, REFUSED, "", "", problems=[problem]))
            continue
        record = reader.read(number, cells)
        problems = [_hidden(problem) for problem in reader.problems]
        lines.append(
            Line(number, REFUSED, "", "", problems=problems) if record is None
            else judge.line(number, _BLANK | record, problems)
        )  # fmt: skip
    return Reading(lines, ignored)


def _hidden(problem: RowProblem) -> RowProblem:
    """A problem with a reporter's cell does not repeat it: the preview is no place for protected data."""
    if problem.field not in (_HEADERS["reporter_name"], _HEADERS["reporter_contact"]):
        return problem
    return RowProblem(problem.line, problem.level, problem.field, "", problem.message, problem.remedy)


@dataclass
class _Judge:
    session: Session
    settings: Settings
    district_id: str
    actor: Actor
    today: date
    seen: dict[str, int] = field(default_factory=dict)

    def line(self, number: int, record: dict[str, Any], problems: list[RowProblem]) -> Line:
        """What becomes of one row whose cells could be read."""
        faults = self._complete(record)
        new = None
        if "source" not in faults:
            new, wrong = judged(self.session, self.settings, self.district_id, self.today, record)
            new, faults = (None if faults else new), faults | wrong
        found = [
            *problems,
            *(
                RowProblem(number, REJECTED, _HEADERS.get(name, name), "", said, "请更正后把文件再导入一次。")
                for name, words in faults.items()
                for said in words
            ),
        ]
        code = str(record["platform_number"])
        first = self.seen.setdefault(code, number)
        if first != number:
            said = RowProblem(
                number, REJECTED, _HEADERS["platform_number"], code, f"与第 {first} 行重复", "请只留一行。"
            )
            return Line(number, REFUSED, str(record["title"]), str(record["subject_name"]), problems=[*found, said])
        if new is None:
            return Line(number, REFUSED, str(record["title"]), str(record["subject_name"]), problems=found)
        known = known_platform_number(self.session, self.district_id, code)
        fate = KNOWN if known else NEW
        return Line(number, fate, new.title, str(new.subject.get("name") or ""), new, found)

    def _complete(self, record: dict[str, Any]) -> dict[str, list[str]]:
        """Names into codes; what the form would offer as choices is asked here."""
        faults: dict[str, list[str]] = {}
        typed = str(record.get("department") or self.actor.department)
        names = records.department_names(self.session, self.district_id)
        by_name = {department_key(text): code for code, name in names.items() for text in (code, name)}
        record["department"] = by_name.get(department_key(typed), "")
        if not record["department"]:
            faults["department"] = [f"系统中没有“{typed}”这个部门，请填写部门代码或者全称。"]
        elif not may_enter(self.actor, record["department"]):
            faults["department"] = ["不是您可以登记的部门，由该部门的承办人或者联席会议办公室导入。"]
        sources = [str(row["code"]) for row in tables.rows(self.settings, "lead-source", self.today)]
        record["source"] = record.get("source") or sources[0]
        if record["source"] not in sources:
            faults["source"] = [f"“{record['source']}”不是线索来源，请填写：{'、'.join(sources)}。"]
        record["real_name"] = "实名" if record["reporter_name"] and record["reporter_contact"] else "匿名"
        return faults


@dataclass(frozen=True)
class StageLeads:
    """Keep an uploaded file until its preview is confirmed; returns its id."""

    file_name: str
    content: bytes = field(repr=False)

    def run(self, ctx: CommandContext) -> str:
        user = _may_enter(ctx)
        check_size(self.content)
        row = StagedFile(
            id=new_id(), district_id=ctx.district_id, purpose=KIND, file_name=self.file_name[:200],
            content=self.content, by_user=user, at=ctx.now,
        )  # fmt: skip
        ctx.session.add(row)
        return row.id


@dataclass(frozen=True)
class ImportLeads:
    """Take in a staged file: every good row that is not known yet; returns its reading."""

    staged_id: str

    def run(self, ctx: CommandContext) -> Reading:
        _may_enter(ctx)
        staged = staged_file(ctx.session, ctx.district_id, ctx.actor, self.staged_id, ctx.now)
        reading = read_leads(
            ctx.session, ctx.settings, ctx.district_id, ctx.actor, date.fromisoformat(ctx.today), staged.content
        )  # fmt: skip
        for line in reading.lines:
            if line.fate == NEW and line.lead is not None:
                open_lead(ctx, line.lead)
        ctx.record(
            None, "leads-imported",
            {
                "file": staged.file_name, "rows": len(reading.lines), "entered": reading.count(NEW),
                "known": reading.count(KNOWN), "refused": reading.count(REFUSED),
            },
        )  # fmt: skip
        ctx.session.delete(staged)
        return reading


@dataclass(frozen=True)
class DropStagedLeads:
    """Delete files nobody confirmed in time: they name reporters."""

    def run(self, ctx: CommandContext) -> None:
        ctx.session.execute(
            sa.delete(StagedFile).where(
                StagedFile.district_id == ctx.district_id, StagedFile.purpose == KIND, StagedFile.at < ctx.now - KEPT
            )
        )


def staged_file(session: Session, district_id: str, actor: Actor, staged_id: str, now: datetime) -> StagedFile:
    """The actor's own staged file.  Raises :class:`NotFound`, also when it was not confirmed in time."""
    row = session.get(StagedFile, staged_id) if staged_id else None
    if (
        row is None
        or (row.district_id, row.by_user, row.purpose) != (district_id, actor.user_id, KIND)
        or (row.at < now - KEPT)
    ):
        raise NotFound("没有找到待确认的文件，可能已经导入或超过一天，请重新上传。")
    return row


def _may_enter(ctx: CommandContext) -> str:
    if ctx.actor.user_id is None or not any(ctx.actor.has_role(role) for role in ENTERING):
        raise Forbidden("线索由承办人和联席会议办公室导入。")
    return ctx.actor.user_id
