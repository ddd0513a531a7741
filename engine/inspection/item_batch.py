"""A department's changes of its items by file (成批): previewed, then one adjustment like any other (R6–R8).

The file has the columns of the item list's export, so that an official takes the list out, changes it in
a spreadsheet and brings it back; columns it lacks stay as they are, and so do items it does not name.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.commands.context import CommandContext
from engine.db import new_id
from engine.errors import Forbidden, InvalidInput, NotFound
from engine.inspection import item_fields
from engine.inspection.item_adjustments import BATCH, open_adjustment, under_way
from engine.inspection.item_models import StagedFile
from engine.inspection.models import Item
from engine.inspection.opening import OFFICER
from engine.inspection.registry_import.judging import accepted
from engine.inspection.registry_import.reading import open_sheet
from engine.inspection.registry_import.report import ImportReport, ProblemList, RowProblem
from engine.inspection.registry_import.rows import make_reader, score
from engine.inspection.registry_import.surroundings import surroundings_of

#: ``purpose`` of the staged file, before the department's code.
PURPOSE = "item-batch"
MAX_BYTES = 5_000_000
#: As many as one adjustment may name (form ``item-selection``).
MAX_ITEMS = 500
#: A file nobody confirmed is removed when the next one is staged after this time.
KEPT = timedelta(days=1)
NEW, CHANGED, SAME, REFUSED = "新增", "变更", "不变", "不能提出"


@dataclass(frozen=True)
class Line:
    """One item of the file; ``change`` is what the adjustment would hold, None for what is the same or refused."""

    code: str
    name: str
    fate: str
    fields: Sequence[tuple[str, Any, Any]] = ()
    change: dict[str, Any] | None = None
    why: str = ""


@dataclass(frozen=True)
class Reading:
    """A whole file, judged against the list as it is now."""

    lines: Sequence[Line]
    problems: Sequence[RowProblem] = ()
    ignored_columns: Sequence[str] = ()

    def count(self, fate: str) -> int:
        """Items with this fate."""
        return sum(line.fate == fate for line in self.lines)

    @property
    def changes(self) -> list[dict[str, Any]]:
        """What the adjustment would hold."""
        return [line.change for line in self.lines if line.change is not None]


def check_size(content: bytes) -> None:
    """Raises :class:`InvalidInput` for a file that is missing or too large to be looked at."""
    if not content:
        raise InvalidInput("请选择文件。", fields={"file": ["请选择事项文件（CSV 或 Excel）。"]})
    if len(content) > MAX_BYTES:
        said = f"文件超过 {MAX_BYTES // 1_000_000} MB，请分成几个文件。"
        raise InvalidInput(said, fields={"file": [said]})


def read_batch(session: Session, district_id: str, department: str, content: bytes) -> Reading:
    """Judge every row of a file without changing anything.

    Raises :class:`InvalidInput` when the file as a whole cannot be read or has too many items.
    """
    sheet = open_sheet(io.BytesIO(content), score("items"))
    reader, ignored = make_reader("items", sheet.header, surroundings_of(session, "items", district_id))
    report = ImportReport("items", encoding=sheet.encoding, ignored_columns=ignored)
    records = [item_fields.plain(record) for _, record in accepted(reader, sheet, report, ProblemList(report, None))]
    if len(records) > MAX_ITEMS:
        said = f"文件有 {len(records):,} 项，一次最多 {MAX_ITEMS} 项，请分成几个文件。"
        raise InvalidInput(said, fields={"file": [said]})
    codes = [str(record["code"]) for record in records]
    items = {
        item.code: item
        for item in session.scalars(sa.select(Item).where(Item.district_id == district_id, Item.code.in_(codes)))
    }
    busy = under_way(session, district_id, codes)
    stated = [name for name in reader.fields() if name not in item_fields.STANDING]
    lines = [
        _judged(record, items.get(str(record["code"])), department, busy.get(str(record["code"]), ""), stated)
        for record in records
    ]
    return Reading(lines, report.errors, ignored)


def _judged(
    record: Mapping[str, Any], item: Item | None, department: str, busy: str, stated: Sequence[str]
) -> Line:  # fmt: skip
    code, name = str(record["code"]), str(record.get("name") or (item.name if item else ""))
    if record["department"] != department or (item is not None and item.department != department):
        return Line(code, name, REFUSED, why="不由本部门负责；改变责任部门请办理“移交”。")
    if busy:
        return Line(code, name, REFUSED, why=f"正在办理 {busy}，办结后才能再次提出。")
    if item is None:
        after = {field: record[field] for field in stated}
        shown = [(field, None, value) for field, value in after.items() if value not in (None, "", [])]
        return Line(code, name, NEW, shown, {"code": code, "name": name, "before": {}, "after": after})
    before = item_fields.values_of(item)
    changed = item_fields.differences(before, record, [field for field in item_fields.LABELS if field in stated])
    if not changed:
        return Line(code, name, SAME)
    change = {
        "code": code, "name": item.name, "before": {f: old for f, old, _ in changed},
        "after": {f: new for f, _, new in changed},
    }  # fmt: skip
    return Line(code, name, CHANGED, changed, change)


# ---------------------------------------------------------------- commands


@dataclass(frozen=True)
class StageItemFile:
    """Keep a file until its preview is confirmed; returns its id.

    Raises :class:`Forbidden` unless an officer of the department acts, :class:`InvalidInput` for a file that is
    missing, too large or cannot be read.
    """

    department: str
    file_name: str
    content: bytes = field(repr=False)

    def run(self, ctx: CommandContext) -> str:
        user = _officer(ctx, self.department)
        check_size(self.content)
        read_batch(ctx.session, ctx.district_id, self.department, self.content)
        ctx.session.execute(
            sa.delete(StagedFile).where(StagedFile.purpose.startswith(PURPOSE), StagedFile.at < ctx.now - KEPT)
        )
        row = StagedFile(
            id=new_id(), district_id=ctx.district_id, purpose=f"{PURPOSE}/{self.department}"[:40],
            file_name=self.file_name[:200], content=self.content, by_user=user, at=ctx.now,
        )  # fmt: skip
        ctx.session.add(row)
        return row.id


@dataclass(frozen=True)
class OpenBatchAdjustment:
    """Open an adjustment with everything a staged file changes; returns its number.

    Raises :class:`InvalidInput` when the file changes nothing.
    """

    staged_id: str

    def run(self, ctx: CommandContext) -> str:
        staged = staged_file(ctx.session, ctx.district_id, ctx.actor, self.staged_id)
        department = department_of(staged)
        _officer(ctx, department)
        changes = read_batch(ctx.session, ctx.district_id, department, staged.content).changes
        if not changes:
            raise InvalidInput("文件与现行清单没有不同，不需要调整。", fields={"file": ["没有改动任何事项。"]})
        ctx.session.delete(staged)
        return open_adjustment(ctx, department, BATCH, [change["code"] for change in changes], changes)


def staged_file(session: Session, district_id: str, actor: Actor, staged_id: str) -> StagedFile:
    """The actor's own staged file.  Raises :class:`NotFound`."""
    row = session.get(StagedFile, staged_id) if staged_id else None
    if row is None or (row.district_id, row.by_user) != (district_id, actor.user_id) or not department_of(row):
        raise NotFound("没有找到待确认的文件，可能已经提出调整或超过一天，请重新上传。")
    return row


def department_of(staged: StagedFile) -> str:
    """Whose items the file is about; empty for a file of another purpose."""
    purpose, _, department = staged.purpose.partition("/")
    return department if purpose == PURPOSE else ""


def _officer(ctx: CommandContext, department: str) -> str:
    if ctx.actor.user_id is None or not ctx.actor.has_role(OFFICER, department):
        raise Forbidden("只有本部门的承办人可以提出事项调整。")
    return ctx.actor.user_id
