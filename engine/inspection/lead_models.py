"""Tables of case leads: what was reported, who reported it (protected), and the files that came with it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Id, pk


class CaseLead(Base):
    """线索: a sign of a violation that did not come out of a draw (R45); the business row of ``case-lead``.

    Nothing in this row names the reporter: that stands in :class:`LeadReporter`.
    """

    __tablename__ = "case_lead"
    id: Mapped[str] = pk()
    number: Mapped[str] = mapped_column(sa.String(60))  # business key, e.g. SCJG-线索-2026-0001
    department: Mapped[str] = mapped_column(sa.String(32))
    source: Mapped[str] = mapped_column(sa.String(20))  # code of processes/tables/lead-source.json
    received_on: Mapped[date]  # the statutory limits run from this day
    title: Mapped[str] = mapped_column(sa.String(100))
    content: Mapped[str] = mapped_column(sa.Text)
    uscc: Mapped[str] = mapped_column(sa.String(18), default="")  # empty: not known, or not registered at all
    subject_name: Mapped[str] = mapped_column(sa.String(200))
    subject: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)  # as follow_up_roots.SUBJECT
    real_name: Mapped[bool] = mapped_column(default=False)  # 实名: the reporter is told
    platform_number: Mapped[str] = mapped_column(sa.String(60), default="")  # of the complaint platform (12315)
    handed_from: Mapped[str] = mapped_column(sa.String(160), default="")  # case of ours that handed it over
    handed_by: Mapped[str] = mapped_column(sa.String(100), default="")  # organ that handed it over or ordered it
    #: one of ``leads.STATES``
    state: Mapped[str] = mapped_column(sa.String(12), default="待受理")
    merged_into: Mapped[str] = mapped_column(sa.String(160), default="")  # department inspection or other lead
    verdict: Mapped[str] = mapped_column(sa.String(20), default="")  # code of processes/tables/lead-verdict.json
    verdict_words: Mapped[str] = mapped_column(sa.Text, default="")
    decided_on: Mapped[date | None]  # day of the decision the reporter is told of
    facts: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)  # by step
    registered_by: Mapped[str | None] = mapped_column(Id)
    registered_by_name: Mapped[str] = mapped_column(sa.String(64), default="")
    registered_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    __table_args__ = (
        sa.UniqueConstraint("district_id", "number"),
        sa.Index("ix_case_lead_firm", "district_id", "uscc"),
        sa.Index("ix_case_lead_merged", "district_id", "merged_into"),
        sa.Index(
            "ix_case_lead_platform",
            "district_id",
            "platform_number",
            unique=True,
            postgresql_where=sa.text("platform_number <> ''"),
            sqlite_where=sa.text("platform_number <> ''"),
        ),
    )


class LeadReporter(Base):
    """举报人: protected; read through ``lead_reporters`` alone, by those who handle the lead."""

    __tablename__ = "lead_reporter"
    id: Mapped[str] = pk()
    lead: Mapped[str] = mapped_column(sa.String(60))
    name: Mapped[str] = mapped_column(sa.String(100), default="")
    contact: Mapped[str] = mapped_column(sa.String(200), default="")
    __table_args__ = (sa.UniqueConstraint("district_id", "lead"),)


class LeadFile(Base):
    """线索材料: a file that came with a lead, protected like the reporter because letters name who wrote them."""

    __tablename__ = "lead_file"
    id: Mapped[str] = pk()
    lead: Mapped[str] = mapped_column(sa.String(60))
    file_name: Mapped[str] = mapped_column(sa.String(255))
    media_type: Mapped[str] = mapped_column(sa.String(100))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(sa.String(64))
    content: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True)
    uploaded_by: Mapped[str | None] = mapped_column(Id)
    uploaded_at: Mapped[datetime]
    __table_args__ = (sa.UniqueConstraint("district_id", "lead", "sha256"),)
