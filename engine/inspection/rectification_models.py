"""Tables of what follows an order to correct: re-inspections, and the education given where nothing is punished."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Id, pk


class Reinspection(Base):
    """复查: one look at whether an order to correct was followed, on the spot by two inspectors or in writing (R41)."""

    __tablename__ = "reinspection"
    id: Mapped[str] = pk()
    follow_up: Mapped[str] = mapped_column(sa.String(160), index=True)  # business key of the rectification
    round: Mapped[int]  # 1 … n
    way: Mapped[str] = mapped_column(sa.String(12))  # 实地复查 | 书面复查
    began_at: Mapped[datetime]  # arrival, or when the papers were looked at
    ended_at: Mapped[datetime | None]
    inspectors: Mapped[list[str]] = mapped_column(sa.JSON)  # codes; at least two
    certificates: Mapped[list[Any]] = mapped_column(sa.JSON)  # [{code, name, number, until}] as valid on the day
    place: Mapped[str] = mapped_column(sa.String(300), default="")
    met: Mapped[str] = mapped_column(sa.String(140), default="")  # who was there for the party
    situation: Mapped[str] = mapped_column(sa.Text)
    result: Mapped[str] = mapped_column(sa.String(12))  # 已改正 | 部分改正 | 未改正 | 当事人无法联系
    files: Mapped[list[str]] = mapped_column(sa.JSON, default=list)  # attachment ids
    recording: Mapped[str] = mapped_column(sa.String(200), default="")  # 执法记录仪编号 (R60)
    by_user: Mapped[str | None] = mapped_column(Id)
    at: Mapped[datetime]
    __table_args__ = (sa.UniqueConstraint("district_id", "follow_up", "round"),)


class EducationRecord(Base):
    """教育记录: the party was educated where the law is broken but not punished (PL33, R62)."""

    __tablename__ = "education_record"
    id: Mapped[str] = pk()
    case: Mapped[str] = mapped_column("case_key", sa.String(200), index=True)  # business key of the case
    department: Mapped[str] = mapped_column(sa.String(32))
    uscc: Mapped[str] = mapped_column(sa.String(18), default="")
    subject_name: Mapped[str] = mapped_column(sa.String(200), default="")
    exemption: Mapped[str] = mapped_column(sa.String(40), default="")  # code of the table exemption; empty: none
    educated_on: Mapped[date]
    way: Mapped[str] = mapped_column(sa.String(20))  # code of the table education-way
    content: Mapped[str] = mapped_column(sa.Text)
    person: Mapped[str] = mapped_column(sa.String(64))  # who was spoken to
    signature: Mapped[str] = mapped_column(sa.Text, default="")  # image as signed; empty: on paper
    by_user: Mapped[str | None] = mapped_column(Id)
    by_name: Mapped[str] = mapped_column(sa.String(64), default="")
    at: Mapped[datetime]
    __table_args__ = (
        sa.UniqueConstraint("district_id", "case_key"),
        sa.Index("ix_education_record_subject", "district_id", "uscc"),
    )
