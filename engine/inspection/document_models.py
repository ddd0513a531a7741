"""Tables of official documents (公文): what was issued under which number, and the very bytes that were handed over."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Id, pk


class OfficialDocument(Base):
    """文书: one document number and what it stands on.  Rows are never deleted: a voided number stays listed.

    ``sole`` documents stand once for a case and an organ; the others (送达回证, 询问笔录) as often as needed.
    """

    __tablename__ = "official_document"
    id: Mapped[str] = pk()
    instance_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("process_instance.id"), index=True)
    business_key: Mapped[str] = mapped_column(sa.String(200))
    subject: Mapped[str] = mapped_column(sa.String(300))  # title of the case
    template: Mapped[str] = mapped_column(sa.String(64))
    title: Mapped[str] = mapped_column(sa.String(200))
    department: Mapped[str] = mapped_column(sa.String(32))  # the issuing organ
    sole: Mapped[bool] = mapped_column(default=True)
    series: Mapped[str] = mapped_column(sa.String(80))
    year: Mapped[int]
    serial: Mapped[int]
    number: Mapped[str] = mapped_column(sa.String(60))  # 文号
    state: Mapped[str] = mapped_column(sa.String(12), default="issued")  # issued | voided
    version: Mapped[int] = mapped_column(default=1)  # the current one
    issued_at: Mapped[datetime]
    issued_by: Mapped[str | None] = mapped_column(Id)
    issued_by_name: Mapped[str] = mapped_column(sa.String(64), default="")
    voided_at: Mapped[datetime | None]
    voided_by_name: Mapped[str] = mapped_column(sa.String(64), default="")
    void_reason: Mapped[str] = mapped_column(sa.String(300), default="")
    __table_args__ = (
        sa.UniqueConstraint("district_id", "series", "serial"),
        sa.UniqueConstraint("district_id", "number"),
        sa.Index(
            "uq_official_document_standing", "instance_id", "template", "department", unique=True,
            postgresql_where=sa.text("state = 'issued' AND sole"), sqlite_where=sa.text("state = 'issued' AND sole"),
        ),
        sa.Index("ix_official_document_register", "district_id", "department", "year", "series", "serial"),
    )  # fmt: skip


class OfficialDocumentVersion(Base):
    """One edition of a document: its PDF as it was handed over, kept unchanged."""

    __tablename__ = "official_document_version"
    id: Mapped[str] = pk()
    document_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("official_document.id"), index=True)
    version: Mapped[int]
    content_sha256: Mapped[str] = mapped_column(sa.String(64))  # of what it says: equal as long as the data are
    pdf: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True)
    pdf_sha256: Mapped[str] = mapped_column(sa.String(64))
    reason: Mapped[str] = mapped_column(sa.String(300), default="")  # why there is a further version
    made_at: Mapped[datetime]
    made_by: Mapped[str | None] = mapped_column(Id)
    made_by_name: Mapped[str] = mapped_column(sa.String(64), default="")
    __table_args__ = (sa.UniqueConstraint("document_id", "version"),)
