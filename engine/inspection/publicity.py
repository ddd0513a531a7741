"""宣传培训记录 (R63–R64): entered by the organ that held it, withdrawn with a reason, counted by year."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.commands.context import CommandContext
from engine.db import new_id
from engine.errors import Conflict, Forbidden, InvalidInput, NotFound
from engine.forms import Form
from engine.inspection import records, tables
from engine.inspection.numbers import next_number
from engine.inspection.opening import OFFICE, OFFICER
from engine.inspection.oversight_models import PublicityFile, PublicityRecord
from engine.settings import Settings

FORM = "publicity-record"
ENTERING = (OFFICER, OFFICE)
#: A file of more bytes is refused.
MAX_FILE = 20 * 1024 * 1024


def entry_form(settings: Settings) -> Form:
    """The form of ``forms/publicity-record.json`` as it stands now."""
    path = settings.form_dir / f"{FORM}.json"
    return _parsed(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _parsed(path: Path, _changed: int) -> Form:
    return Form.parse(path.read_text("utf-8"))


def may_enter(actor: Actor, department: str) -> bool:
    """The organ's officers enter for it, the conference office for everybody."""
    return bool(actor.has_role(OFFICE) or actor.has_role(OFFICER, department))


def form_context(session: Session, settings: Settings, district_id: str, actor: Actor, today: date) -> dict[str, Any]:
    """The options of the form: kinds, and organs the actor may enter for."""
    names = records.department_names(session, district_id)
    may = [code for code in names if may_enter(actor, code)]
    return {
        "publicity_kinds": tables.options(settings, "publicity-kind", today),
        "organs": [{"value": code, "label": names[code]} for code in may],
        "department": actor.department if actor.department in may else (may[0] if may else ""),
    }


@dataclass(frozen=True)
class RecordPublicity:
    """Enter a training or act of publicity from the form's raw values; returns its number.

    Raises :class:`Forbidden` for people who may not enter any, :class:`InvalidInput` naming every faulty field.
    """

    values: Mapping[str, Any]

    def run(self, ctx: CommandContext) -> str:
        if not any(ctx.actor.has_role(role) for role in ENTERING):
            raise Forbidden("宣传培训由承办人和联席会议办公室登记。")
        settings = ctx.kernel.settings
        today = date.fromisoformat(ctx.today)
        context = form_context(ctx.session, settings, ctx.district_id, ctx.actor, today)
        clean = entry_form(settings).validate(dict(self.values), context, ctx.now)
        held = date.fromisoformat(clean["held_on"])
        if held > today:
            raise InvalidInput("日期有误。", fields={"held_on": ["日期晚于今天，请在举办之后登记。"]})
        serial = next_number(ctx.session, ctx.district_id, f"publicity/{held.year}")
        row = PublicityRecord(
            id=new_id(), district_id=ctx.district_id, number=f"宣培-{held.year}-{serial:04d}", kind=clean["kind"],
            title=clean["title"], held_on=held, department=clean["department"], audience=clean["audience"],
            place=clean.get("place") or "", hours=clean.get("hours"), participants=int(clean["participants"]),
            participant_list=clean.get("participant_list") or "", content=clean["content"],
            entered_by=ctx.actor.user_id, entered_by_name=ctx.actor.name, entered_at=ctx.now,
        )  # fmt: skip
        ctx.session.add(row)
        ctx.record(None, "publicity-entered", {"number": row.number, "kind": row.kind, "department": row.department})
        return row.number


@dataclass(frozen=True)
class AddPublicityFile:
    """Keep a file (courseware, sign-in sheet, photo) with a record; the same file again is a no-op.

    Raises :class:`NotFound`, :class:`Forbidden`, :class:`InvalidInput` for an empty or too large file,
    :class:`Conflict` when the record was withdrawn.
    """

    number: str
    file_name: str
    media_type: str
    content: bytes

    def run(self, ctx: CommandContext) -> str:
        row = _own(ctx, self.number)
        if not self.content or not self.file_name:
            raise InvalidInput("请选择文件。", fields={"file": ["请选择要上传的材料，文件不能是空的。"]})
        if len(self.content) > MAX_FILE:
            raise InvalidInput("文件太大。", fields={"file": ["单个文件不超过 20 MB，请压缩或者分开上传。"]})
        digest = hashlib.sha256(self.content).hexdigest()
        known = sa.select(PublicityFile.id).where(
            PublicityFile.district_id == ctx.district_id, PublicityFile.record == row.number,
            PublicityFile.sha256 == digest,
        )  # fmt: skip
        if (found := ctx.session.scalar(known)) is not None:
            return found
        file = PublicityFile(
            id=new_id(), district_id=ctx.district_id, record=row.number, file_name=self.file_name[:255],
            media_type=self.media_type[:100], size=len(self.content), sha256=digest, content=self.content,
            uploaded_by=ctx.actor.user_id, uploaded_at=ctx.now,
        )  # fmt: skip
        ctx.session.add(file)
        ctx.record(None, "publicity-file-added", {"number": row.number, "name": file.file_name, "sha256": digest})
        return file.id


@dataclass(frozen=True)
class WithdrawPublicity:
    """Withdraw a wrong record: it stays visible with the reason and is counted no longer."""

    number: str
    reason: str

    def run(self, ctx: CommandContext) -> str:
        row = _own(ctx, self.number)
        reason = self.reason.strip()
        if not 2 <= len(reason) <= 300:
            raise InvalidInput("请写明撤销理由。", fields={"reason": ["请用 2 至 300 个字写明撤销理由。"]})
        row.withdrawn_at, row.withdrawn_by_name, row.withdrawn_reason = ctx.now, ctx.actor.name, reason
        ctx.record(None, "publicity-withdrawn", {"number": row.number, "reason": reason})
        return row.number


def _own(ctx: CommandContext, number: str) -> PublicityRecord:
    row = publicity_record(ctx.session, ctx.district_id, number, lock=True)
    if not may_enter(ctx.actor, row.department):
        raise Forbidden("只有组织单位的承办人或者联席会议办公室可以改动这条记录。")
    if row.withdrawn_at is not None:
        raise Conflict("这条记录已经撤销，不能再改动。")
    return row


def publicity_record(session: Session, district_id: str, number: str, *, lock: bool = False) -> PublicityRecord:
    """The record ``number``.  Raises :class:`NotFound`."""
    statement = sa.select(PublicityRecord).where(
        PublicityRecord.district_id == district_id, PublicityRecord.number == number
    )
    row = session.scalar(statement.with_for_update() if lock else statement)
    if row is None:
        raise NotFound("没有找到这条宣传培训记录，可能链接有误。")
    return row


def files_of(session: Session, district_id: str, number: str) -> list[PublicityFile]:
    """The materials of a record, oldest first."""
    return list(
        session.scalars(
            sa.select(PublicityFile)
            .where(PublicityFile.district_id == district_id, PublicityFile.record == number)
            .order_by(PublicityFile.uploaded_at, PublicityFile.id)
        )
    )


def yearly(session: Session, district_id: str) -> list[tuple[int, str, int, int, float]]:
    """Year, kind, how many, how many people, hours: of records that stand, the newest year first."""
    year = sa.extract("year", PublicityRecord.held_on)
    rows = session.execute(
        sa.select(
            year, PublicityRecord.kind, sa.func.count(), sa.func.sum(PublicityRecord.participants),
            sa.func.coalesce(sa.func.sum(PublicityRecord.hours), 0),
        )
        .where(PublicityRecord.district_id == district_id, PublicityRecord.withdrawn_at.is_(None))
        .group_by(year, PublicityRecord.kind)
        .order_by(year.desc(), PublicityRecord.kind)
    )  # fmt: skip
    return [(int(y), kind, int(count), int(people), float(hours)) for y, kind, count, people, hours in rows]
