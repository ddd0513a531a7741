"""The original files of a case as they lie in its ZIP: what was uploaded, what was issued."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection.archives.case import Case
from engine.models import Attachment, User, UserTask

#: What no file system of a reader may take for something else than a name.
_UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]')
LONGEST = 80


@dataclass(frozen=True)
class Enclosure:
    """One original file: where it lies in the ZIP, what it is, and who gave it when."""

    id: str
    path: str
    name: str
    media_type: str
    size: int
    sha256: str
    instance_id: str
    step: str  # the step it was given in, in words
    by: str
    at: datetime


def enclosures(session: Session, case: Case) -> list[Enclosure]:
    """Uploaded files of the case, oldest first; their contents stay in the database."""
    rows = session.execute(
        sa.select(
            Attachment.id, Attachment.file_name, Attachment.media_type, Attachment.size, Attachment.sha256,
            Attachment.instance_id, Attachment.uploaded_at, UserTask.name.label("step"), User.name.label("by"),
        )
        .outerjoin(UserTask, UserTask.id == Attachment.task_id)
        .outerjoin(User, User.id == Attachment.uploaded_by)
        .where(Attachment.instance_id.in_(case.streams))
        .order_by(Attachment.uploaded_at, Attachment.id)
    )  # fmt: skip
    return [
        Enclosure(
            row.id, f"原件/{n:04d}-{safe_name(row.file_name)}", row.file_name, row.media_type, row.size, row.sha256,
            row.instance_id, row.step or "", row.by or "系统", row.uploaded_at,
        )
        for n, row in enumerate(rows, start=1)
    ]  # fmt: skip


def content(session: Session, attachment_id: str) -> bytes:
    """The bytes of one uploaded file as they were given."""
    found = session.scalar(sa.select(Attachment.content).where(Attachment.id == attachment_id))
    assert found is not None
    return found


def safe_name(name: str) -> str:
    """A file name that every system can unpack; its end, with what it is, stays."""
    plain = _UNSAFE.sub("_", name).strip(" .") or "未命名"
    if len(plain) <= LONGEST:
        return plain
    stem, dot, end = plain.rpartition(".")
    return f"{stem[: LONGEST - len(end) - 1]}.{end}" if dot and len(end) < 10 else plain[:LONGEST]


def paths(found: Sequence[Enclosure]) -> dict[str, str]:
    """Path in the ZIP by attachment id."""
    return {e.id: e.path for e in found}
