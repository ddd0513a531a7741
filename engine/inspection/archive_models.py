"""Tables of archived case files (归档) and of results that departments report by file."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Id, pk


class CaseFile(Base):
    """案卷: one closed case as it was archived.  A later event of the case makes a further part (补充归档)."""

    __tablename__ = "case_file"
    id: Mapped[str] = pk()
    archive_number: Mapped[str] = mapped_column(sa.String(120))  # 档号
    part: Mapped[int] = mapped_column(default=1)
    instance_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("process_instance.id"), index=True)
    process_key: Mapped[str] = mapped_column(sa.String(100))
    business_key: Mapped[str] = mapped_column(sa.String(200))
    title: Mapped[str] = mapped_column(sa.String(300), default="")
    department: Mapped[str] = mapped_column(sa.String(32))
    category: Mapped[str] = mapped_column(sa.String(40))  # 案卷类别
    retention: Mapped[str] = mapped_column(sa.String(20))  # 保管期限 as people say it: 永久, 30年, 10年
    keep_until: Mapped[date | None]  # last day of the retention period; None: for ever
    state: Mapped[str] = mapped_column(sa.String(12), default="building")  # building | ready | failed
    missing: Mapped[list[str]] = mapped_column(sa.JSON, default=list)  # what the check before archiving missed
    reason: Mapped[str] = mapped_column(sa.Text, default="")  # why it was archived all the same, or archived again
    events: Mapped[int] = mapped_column(default=0)  # history events of the case when it was archived
    pages: Mapped[int] = mapped_column(default=0)
    pdf_sha256: Mapped[str] = mapped_column(sa.String(64), default="")
    pdf_size: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    zip_sha256: Mapped[str] = mapped_column(sa.String(64), default="")
    zip_size: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    root_size: Mapped[int | None] = mapped_column(sa.BigInteger)  # the published root its proofs lead to
    archived_by: Mapped[str | None] = mapped_column(Id)
    archived_at: Mapped[datetime]
    built_at: Mapped[datetime | None]
    failure: Mapped[str] = mapped_column(sa.Text, default="")
    __table_args__ = (
        sa.UniqueConstraint("district_id", "archive_number", "part"),
        sa.UniqueConstraint("instance_id", "part"),
        sa.Index("ix_case_file_department", "district_id", "department", "archived_at"),
    )


class CaseFileBlock(Base):
    """A piece of a case file's PDF or ZIP: files of any size go in and out piece by piece."""

    __tablename__ = "case_file_block"
    case_file_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("case_file.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(4), primary_key=True)  # pdf | zip
    position: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(sa.LargeBinary)


class ResultReport(Base):
    """A department's results as it sent them on paper and by file, entered by the lead's officer (代录)."""

    __tablename__ = "result_report"
    id: Mapped[str] = pk()
    campaign: Mapped[str] = mapped_column(sa.String(60), index=True)
    department: Mapped[str] = mapped_column(sa.String(32))
    file_name: Mapped[str] = mapped_column(sa.String(255))
    sha256: Mapped[str] = mapped_column(sa.String(64))
    content: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True)
    #: checking → checked → entering → entered; given_up
    state: Mapped[str] = mapped_column(sa.String(12), default="checking")
    #: a line each: {"line", "inspection", "name", "cells", "problems", "entered"}
    rows: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    document_number: Mapped[str] = mapped_column(sa.String(100))
    signed_on: Mapped[str] = mapped_column(sa.String(10))
    signed_by: Mapped[str] = mapped_column(sa.String(64))
    attachment_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("attachment.id"))  # the signed scan
    created_by: Mapped[str | None] = mapped_column(Id)
    created_at: Mapped[datetime]
    entered_at: Mapped[datetime | None]
    failure: Mapped[str] = mapped_column(sa.Text, default="")
