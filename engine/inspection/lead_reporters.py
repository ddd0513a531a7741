"""Who reported a lead, and what they sent: protected, shown to those who handle it and to nobody else.

Complainants are never public; State Council order 684 article 9 asks for their secrecy by name.

Every look at a reporter stands in the lead's history.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.commands.add_attachment import ALLOWED, MAX_BYTES
from engine.commands.context import CommandContext
from engine.db import new_id
from engine.errors import Conflict, Forbidden, InvalidInput
from engine.inspection import redaction
from engine.inspection.lead_models import CaseLead, LeadFile, LeadReporter
from engine.inspection.leads import PROCESS, lead
from engine.inspection.models import FollowUp
from engine.models import ProcessInstance, TaskCandidate, UserTask

#: Fields of the steps that name somebody else, who may be called the same.
_PARTIES = frozenset({"subject_name", "subject_address", "uscc", "met", "organ", "by"})


def handles(session: Session, actor: Actor, row: CaseLead) -> bool:
    """Whether the actor handles the lead: registered it, did one of its steps, or has one to do now.

    Supervision, audit and administration are not enough: they see the case and not who reported it.
    """
    if actor.user_id is None:
        return False
    if row.registered_by == actor.user_id:
        return True
    mine = sa.or_(
        UserTask.closed_by == actor.user_id,
        UserTask.assignee_id == actor.user_id,
        sa.and_(
            UserTask.state == "open", UserTask.assignee_id.is_(None),
            sa.or_(
                UserTask.group.in_(sorted(actor.groups)),
                sa.exists().where(TaskCandidate.task_id == UserTask.id, TaskCandidate.user_id == actor.user_id),
            ),
        ),
    )  # fmt: skip
    statement = sa.select(
        sa.exists().where(
            UserTask.district_id == row.district_id, UserTask.process_key == PROCESS,
            UserTask.business_key == row.number, mine,
        )
    )  # fmt: skip
    return bool(session.scalar(statement))


def reporter_of(session: Session, row: CaseLead) -> LeadReporter | None:
    """The reporter's row; the caller has asked :func:`handles` first."""
    return session.scalar(
        sa.select(LeadReporter).where(LeadReporter.district_id == row.district_id, LeadReporter.lead == row.number)
    )


def reporter_words(session: Session, district_id: str, number: str) -> list[str]:
    """What tells who reported: names and contacts of the lead ``number`` and of leads joined to that case.

    For looking for them in texts, never for showing.
    """
    found = session.execute(
        sa.select(LeadReporter.name, LeadReporter.contact)
        .join(CaseLead, sa.and_(CaseLead.district_id == LeadReporter.district_id, CaseLead.number == LeadReporter.lead))
        .where(CaseLead.district_id == district_id, sa.or_(CaseLead.number == number, CaseLead.merged_into == number))
    )
    return [word for name, contact in found for word in words_of(name, contact)]


def reporters_behind(session: Session, district_id: str, number: str) -> list[str]:
    """The :func:`reporter_words` of the lead a case began with, and of those joined to where it began."""
    root = session.scalar(
        sa.select(FollowUp.root).where(FollowUp.district_id == district_id, FollowUp.number == number)
    )
    return reporter_words(session, district_id, root or number)


def words_of(name: str, contact: str) -> list[str]:
    """A name, a contact, and the numbers and addresses of a machine inside it."""
    parts = re.findall(r"[A-Za-z0-9_.@+-]{6,}", contact)
    return [word for word in dict.fromkeys((name, contact, *parts)) if len(word.strip(" -")) > 1]


def reporter_faults(words: Collection[str], values: Mapping[str, Any]) -> dict[str, list[str]]:
    """Free texts of a form that say who reported, by field; who was met and what the case is about may be so named."""
    return {
        key: ["其中写了投诉举报人的姓名或者联系方式，请删去；应当只填在“投诉举报人”里。"]
        for key, text in values.items()
        if key not in _PARTIES and isinstance(text, str) and redaction.named(text, words)
    }


def refuse_reporter(session: Session, row: CaseLead, values: Mapping[str, Any]) -> None:
    """Raises :class:`InvalidInput` when a step of a lead would hand on who reported it in a text."""
    if faults := reporter_faults(reporter_words(session, row.district_id, row.number), values):
        raise InvalidInput("其中有投诉举报人的信息。", fields=faults)


def files_of(session: Session, row: CaseLead) -> list[LeadFile]:
    """The files that came with a lead, the oldest first, for those who handle it."""
    return list(
        session.scalars(
            sa.select(LeadFile)
            .where(LeadFile.district_id == row.district_id, LeadFile.lead == row.number)
            .order_by(LeadFile.uploaded_at, LeadFile.id)
        )
    )


@dataclass(frozen=True)
class Reporter:
    """Name and contact of a reporter as given."""

    name: str
    contact: str


@dataclass(frozen=True)
class ShowReporter:
    """Look up who reported a lead; the look stands in its history.

    Raises :class:`Forbidden` for everybody who does not handle it.
    """

    number: str

    def run(self, ctx: CommandContext) -> Reporter | None:
        row = lead(ctx.session, ctx.district_id, self.number)
        if not handles(ctx.session, ctx.actor, row):
            raise Forbidden("举报人的信息只有办理这条线索的人员可以查看。")
        ctx.record(_stream(ctx, row), "lead-reporter-shown", {"lead": row.number})
        found = reporter_of(ctx.session, row)
        return None if found is None else Reporter(found.name, found.contact)


@dataclass(frozen=True)
class AddLeadFile:
    """Keep a file with a lead; the same file again is a no-op.  Returns its id.

    Raises :class:`Forbidden`, :class:`Conflict` when the lead is closed, :class:`InvalidInput` for a file that is
    empty, too large or of a type that is not taken.
    """

    number: str
    file_name: str
    media_type: str
    content: bytes = field(repr=False)

    def run(self, ctx: CommandContext) -> str:
        row = lead(ctx.session, ctx.district_id, self.number)
        if not handles(ctx.session, ctx.actor, row):
            raise Forbidden("线索材料由办理这条线索的人员上传。")
        if row.closed_at is not None:
            raise Conflict("这条线索已经办结，不能再加材料。")
        if not self.content or not self.file_name:
            raise _refused("请选择要上传的材料，文件不能是空的。")
        if len(self.content) > MAX_BYTES:
            raise _refused("单个文件不超过 20 MB，请压缩或者分开上传。")
        if self.media_type not in ALLOWED:
            raise _refused(f"不支持“{self.file_name}”这种文件，请上传图片、PDF、Word、Excel、音频、视频或者压缩包。")
        digest = hashlib.sha256(self.content).hexdigest()
        known = next((one.id for one in files_of(ctx.session, row) if one.sha256 == digest), None)
        if known is not None:
            return known
        file = LeadFile(
            id=new_id(), district_id=ctx.district_id, lead=row.number, file_name=self.file_name[:255],
            media_type=self.media_type[:100], size=len(self.content), sha256=digest, content=self.content,
            uploaded_by=ctx.actor.user_id, uploaded_at=ctx.now,
        )  # fmt: skip
        ctx.session.add(file)
        ctx.record(_stream(ctx, row), "lead-file-added", {"lead": row.number, "sha256": digest})
        return file.id


def _refused(words: str) -> InvalidInput:
    return InvalidInput(words, fields={"file": [words]})


def _stream(ctx: CommandContext, row: CaseLead) -> str | None:
    return ctx.session.scalar(
        sa.select(ProcessInstance.id).where(
            ProcessInstance.district_id == row.district_id, ProcessInstance.process_key == PROCESS,
            ProcessInstance.business_key == row.number,
        )
    )  # fmt: skip
