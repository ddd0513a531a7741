"""Visits outside the draw by file: kept for a preview, taken in when confirmed."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.commands.context import CommandContext
from engine.db import new_id
from engine.errors import Forbidden, InvalidInput, NotFound
from engine.inspection.item_models import OutsideVisit, StagedFile
from engine.inspection.outside_entry import store
from engine.inspection.outside_judging import ENTERING, Judge
from engine.inspection.registry_import.columns import COLUMNS
from engine.inspection.registry_import.reading import open_sheet
from engine.inspection.registry_import.report import REJECTED, RowProblem
from engine.inspection.registry_import.rows import make_reader, score
from engine.inspection.registry_import.surroundings import surroundings_of
from engine.settings import Settings

KIND = "outside-visits"
MAX_BYTES = 10_000_000
MAX_ROWS = 5_000
#: A file nobody confirmed is removed when the next one is staged after this time.
KEPT = timedelta(days=1)

NEW, KNOWN, REFUSED = "新增", "已登记", "拒绝"
#: What a file says that lacks a column.
_BLANK = {column.field: column.default() for column in COLUMNS[KIND] if not column.required}


@dataclass(frozen=True)
class Line:
    """One row of a file: what would become of it, and what is wrong with it."""

    number: int
    fate: str  # 新增 | 已登记 | 拒绝
    entry: dict[str, Any]
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


def check_size(content: bytes) -> None:
    """Raises :class:`InvalidInput` for a file that is missing or too large to be looked at."""
    if not content:
        raise InvalidInput("请选择文件。", fields={"file": ["请选择要导入的文件（CSV 或 Excel）。"]})
    if len(content) > MAX_BYTES:
        said = f"文件超过 {MAX_BYTES // 1_000_000} MB，请分成几个文件导入。"
        raise InvalidInput(said, fields={"file": [said]})


def read_visits(
    session: Session, settings: Settings, district_id: str, actor: Actor, today: date, content: bytes
) -> Reading:
    """Judge every row of a file without changing anything.

    Raises :class:`InvalidInput` when the file as a whole cannot be read or is too long.
    """
    sheet = open_sheet(io.BytesIO(content), score(KIND))
    reader, ignored = make_reader(KIND, sheet.header, surroundings_of(session, KIND, district_id))
    judge = Judge(session, settings, district_id, actor, today)
    lines: list[Line] = []
    seen: dict[tuple[Any, ...], int] = {}
    known = _known(session, district_id)
    for number, cells, broken in sheet.rows:
        if len(lines) >= MAX_ROWS:
            raise InvalidInput(f"文件超过 {MAX_ROWS:,} 行，请分成几个文件导入。", fields={"file": ["行数太多。"]})
        if broken:
            problem = RowProblem(number, REJECTED, "整行", "".join(cells)[:200], broken, "请修正这一行后重新导入。")
            lines.append(Line(number, REFUSED, {}, [problem]))
            continue
        record = reader.read(number, cells)
        if record is None:
            lines.append(Line(number, REFUSED, {}, list(reader.problems)))
            continue
        entry = judge.complete(_BLANK | record, number)
        problems = [*reader.problems, *judge.found]
        if entry is None:
            lines.append(Line(number, REFUSED, record, problems))
            continue
        key = _key(entry)
        first = seen.setdefault(key, number)
        if first != number:
            said = RowProblem(
                number, REJECTED, "整行", entry["uscc"], f"与第 {first} 行重复", "同一机关同一天的同类检查只登记一次。"
            )
            lines.append(Line(number, REFUSED, entry, [said]))
        else:
            lines.append(Line(number, KNOWN if key in known else NEW, entry, problems))
    return Reading(lines, ignored)


def _key(entry: dict[str, Any]) -> tuple[Any, ...]:
    return entry["uscc"], entry["organ"], entry["visited_on"], entry["kind"]


def _known(session: Session, district_id: str) -> set[tuple[Any, ...]]:
    rows = session.execute(
        sa.select(OutsideVisit.uscc, OutsideVisit.organ, OutsideVisit.visited_on, OutsideVisit.kind).where(
            OutsideVisit.district_id == district_id, OutsideVisit.withdrawn_at.is_(None)
        )
    )
    return {tuple(row) for row in rows}


# ---------------------------------------------------------------- commands


@dataclass(frozen=True)
class StageOutsideVisits:
    """Keep an uploaded file until its preview is confirmed; returns its id.

    Raises :class:`Forbidden` or :class:`InvalidInput` for a file that is missing or too large.
    """

    file_name: str
    content: bytes = field(repr=False)

    def run(self, ctx: CommandContext) -> str:
        user = _may_enter(ctx)
        check_size(self.content)
        ctx.session.execute(
            sa.delete(StagedFile).where(StagedFile.purpose == KIND, StagedFile.at < ctx.now - KEPT)
        )  # fmt: skip
        row = StagedFile(
            id=new_id(), district_id=ctx.district_id, purpose=KIND, file_name=self.file_name[:200],
            content=self.content, by_user=user, at=ctx.now,
        )  # fmt: skip
        ctx.session.add(row)
        return row.id


@dataclass(frozen=True)
class ImportOutsideVisits:
    """Take in a staged file: every good row, whatever is wrong with others; returns its reading."""

    staged_id: str

    def run(self, ctx: CommandContext) -> Reading:
        _may_enter(ctx)
        staged = staged_file(ctx.session, ctx.district_id, ctx.actor, self.staged_id)
        today = date.fromisoformat(ctx.today)
        reading = read_visits(ctx.session, ctx.kernel.settings, ctx.district_id, ctx.actor, today, staged.content)
        import_id = new_id()
        for line in _new(reading):
            store(ctx, line.entry, source="import", import_id=import_id)
        ctx.record(
            None, "outside-visits-imported",
            {
                "import": import_id, "file": staged.file_name, "rows": len(reading.lines),
                "entered": reading.count(NEW), "known": reading.count(KNOWN), "refused": reading.count(REFUSED),
            },
        )  # fmt: skip
        ctx.session.delete(staged)
        return reading


def _new(reading: Reading) -> Iterator[Line]:
    return (line for line in reading.lines if line.fate == NEW)


def staged_file(session: Session, district_id: str, actor: Actor, staged_id: str) -> StagedFile:
    """The actor's own staged file.  Raises :class:`NotFound`."""
    row = session.get(StagedFile, staged_id) if staged_id else None
    if row is None or (row.district_id, row.by_user, row.purpose) != (district_id, actor.user_id, KIND):
        raise NotFound("没有找到待确认的文件，可能已经导入或超过一天，请重新上传。")
    return row


def _may_enter(ctx: CommandContext) -> str:
    if ctx.actor.user_id is None or not any(ctx.actor.has_role(role) for role in ENTERING):
        raise Forbidden("只有承办人和联席会议办公室可以导入双随机以外的检查。")
    return ctx.actor.user_id
