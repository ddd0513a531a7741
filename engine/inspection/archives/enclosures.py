"""The original files of a case as they lie in its ZIP: what was uploaded, what was issued."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection.archives.case import Case
from engine.inspection.document_models import OfficialDocument, OfficialDocumentVersion
from engine.models import Attachment, User, UserTask

#: What no file system of a reader may take for something else than a name.
_UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]')
LONGEST = 80


@dataclass(frozen=True)
class Enclosure:
    """One original file: where it lies in the ZIP, what it is, and who gave it when."""

    id: str
    kind: str  # original: uploaded | document: an issued official document
    path: str
    name: str
    media_type: str
    size: int
    sha256: str
    instance_id: str
    step: str  # the step it was given in, or the document's number
    by: str
    at: datetime


def enclosures(session: Session, case: Case) -> list[Enclosure]:
    """Uploaded files of the case, oldest first, then every edition of its documents; contents stay in the database.

    A letter that stands behind many entries lies with its campaign and is enclosed in each case it is named in.
    """
    papers = session.scalars(
        sa.select(UserTask.paper).where(UserTask.instance_id.in_(case.streams), UserTask.paper.is_not(None))
    )
    letters = {str(paper.get("attachment_id")) for paper in papers if paper} - {"None", ""}
    rows = session.execute(
        sa.select(
            Attachment.id, Attachment.file_name, Attachment.media_type, Attachment.size, Attachment.sha256,
            Attachment.instance_id, Attachment.uploaded_at, UserTask.name.label("step"), User.name.label("by"),
        )
        .outerjoin(UserTask, UserTask.id == Attachment.task_id)
        .outerjoin(User, User.id == Attachment.uploaded_by)
        .where(sa.or_(Attachment.instance_id.in_(case.streams), Attachment.id.in_(letters)))
        .order_by(Attachment.uploaded_at, Attachment.id)
    )  # fmt: skip
    uploaded = [
        Enclosure(
            row.id, "original", f"原件/{n:04d}-{safe_name(row.file_name)}", row.file_name, row.media_type, row.size,
            row.sha256, row.instance_id, row.step or "", row.by or "系统", row.uploaded_at,
        )
        for n, row in enumerate(rows, start=1)
    ]  # fmt: skip
    return [*uploaded, *_documents(session, case)]


def _documents(session: Session, case: Case) -> list[Enclosure]:
    rows = session.execute(
        sa.select(
            OfficialDocumentVersion.id, OfficialDocumentVersion.version, OfficialDocumentVersion.pdf_sha256,
            sa.func.length(OfficialDocumentVersion.pdf).label("size"), OfficialDocumentVersion.made_by_name,
            OfficialDocumentVersion.made_at, OfficialDocument.number, OfficialDocument.title,
            OfficialDocument.instance_id,
        )
        .join(OfficialDocument, OfficialDocument.id == OfficialDocumentVersion.document_id)
        .where(OfficialDocument.instance_id.in_(case.streams))
        .order_by(OfficialDocument.issued_at, OfficialDocument.id, OfficialDocumentVersion.version)
    )  # fmt: skip
    found = []
    for n, row in enumerate(rows, start=1):
        name = f"{row.number}{row.title}" + (f"（第 {row.version} 版）" if row.version > 1 else "") + ".pdf"
        found.append(
            Enclosure(
                row.id, "document", f"公文/{n:04d}-{safe_name(name)}", name, "application/pdf", row.size,
                row.pdf_sha256, row.instance_id, row.number, row.made_by_name or "系统", row.made_at,
            )
        )  # fmt: skip
    return found


def content(session: Session, enclosure: Enclosure) -> bytes:
    """The bytes of one file as they were given or handed over."""
    column = Attachment.content if enclosure.kind == "original" else OfficialDocumentVersion.pdf
    found = session.scalar(sa.select(column).where(column.class_.id == enclosure.id))
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
    """Path in the ZIP by the file's id."""
    return {e.id: e.path for e in found}
