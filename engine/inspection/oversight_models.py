"""Tables of special inspections, duty reviews, and records of training and publicity."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Id, pk


class SpecialInspection(Base):
    """专项检查: an approved and filed special inspection; who is inspected is always drawn (R47).

    Not the form 专项整治联查 of a joint inspection: ``campaign`` is the one that carries it out.
    """

    __tablename__ = "special_inspection"
    id: Mapped[str] = pk()
    number: Mapped[str] = mapped_column(sa.String(60))  # business key, e.g. SCJG-专项-2026-0001
    name: Mapped[str] = mapped_column(sa.String(200), default="")
    department: Mapped[str] = mapped_column(sa.String(32))
    content: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)  # the form, verbatim
    counts_in_cap: Mapped[bool] = mapped_column(default=True)  # from the decision table (ordered from above: no)
    approver: Mapped[str] = mapped_column(sa.String(60), default="")  # post that the decision table asks for
    approval_number: Mapped[str] = mapped_column(sa.String(60), default="")  # 批准文号
    approved_on: Mapped[date | None]
    filing_number: Mapped[str] = mapped_column(sa.String(60), default="")  # 备案号
    filed_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    campaign: Mapped[str] = mapped_column(sa.String(60), default="")
    #: 起草 | 审批中 | 待备案 | 已转随机抽取 | 已撤回
    state: Mapped[str] = mapped_column(sa.String(12), default="起草")
    created_at: Mapped[datetime]
    __table_args__ = (
        sa.UniqueConstraint("district_id", "number"),
        sa.Index("ix_special_inspection_campaign", "district_id", "campaign"),
    )


class DutyReview(Base):
    """尽职免责认定: what one official did in one case, held against the list of duties (R54–R56).

    ``record`` is generated from the history at a stated moment and is never typed.
    """

    __tablename__ = "duty_review"
    id: Mapped[str] = pk()
    number: Mapped[str] = mapped_column(sa.String(60))  # business key, e.g. 尽职-2026-0001
    case: Mapped[str] = mapped_column("case_key", sa.String(200))  # business key of the case
    person: Mapped[str] = mapped_column(Id)
    person_name: Mapped[str] = mapped_column(sa.String(64))
    person_post: Mapped[str] = mapped_column(sa.String(100), default="")
    department: Mapped[str] = mapped_column(sa.String(32))
    cause: Mapped[str] = mapped_column(sa.String(12))  # 本人申请 | 监督发现 | 上级交办 | 表扬推荐
    facts: Mapped[str] = mapped_column(sa.Text, default="")
    record: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    members: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    leader: Mapped[str | None] = mapped_column(Id)
    statement: Mapped[str] = mapped_column(sa.Text, default="")
    finding: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    objection: Mapped[str] = mapped_column(sa.Text, default="")
    outcome: Mapped[str] = mapped_column(sa.String(12), default="")  # 免责 | 建议追责 | 表扬; empty until issued
    document_number: Mapped[str] = mapped_column(sa.String(60), default="")
    #: 待受理 | 认定中 | 待批准 | 待送达 | 已认定 | 不予受理
    state: Mapped[str] = mapped_column(sa.String(12), default="待受理")
    opened_by: Mapped[str | None] = mapped_column(Id)
    opened_at: Mapped[datetime]
    issued_at: Mapped[datetime | None]
    __table_args__ = (
        sa.UniqueConstraint("district_id", "number"),
        sa.Index("ix_duty_review_person", "district_id", "person"),
    )


class PublicityRecord(Base):
    """宣传培训记录: one training or act of publicity, by whom, for whom, with its materials (R63–R64)."""

    __tablename__ = "publicity_record"
    id: Mapped[str] = pk()
    number: Mapped[str] = mapped_column(sa.String(60))
    kind: Mapped[str] = mapped_column(sa.String(12))  # code of processes/tables/publicity-kind.json
    title: Mapped[str] = mapped_column(sa.String(200))
    held_on: Mapped[date]
    department: Mapped[str] = mapped_column(sa.String(32))
    audience: Mapped[str] = mapped_column(sa.String(200))
    place: Mapped[str] = mapped_column(sa.String(200), default="")
    hours: Mapped[float | None]  # 学时, trainings only
    participants: Mapped[int] = mapped_column(default=0)
    participant_list: Mapped[str] = mapped_column(sa.Text, default="")
    content: Mapped[str] = mapped_column(sa.Text, default="")
    entered_by: Mapped[str | None] = mapped_column(Id)
    entered_by_name: Mapped[str] = mapped_column(sa.String(64), default="")
    entered_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by_name: Mapped[str] = mapped_column(sa.String(64), default="")
    withdrawn_reason: Mapped[str] = mapped_column(sa.String(300), default="")
    __table_args__ = (
        sa.UniqueConstraint("district_id", "number"),
        sa.Index("ix_publicity_record_day", "district_id", "held_on"),
    )


class PublicityFile(Base):
    """材料: a file of a training or publicity record, with its SHA-256."""

    __tablename__ = "publicity_file"
    id: Mapped[str] = pk()
    record: Mapped[str] = mapped_column(sa.String(60), index=True)
    file_name: Mapped[str] = mapped_column(sa.String(255))
    media_type: Mapped[str] = mapped_column(sa.String(100))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(sa.String(64))
    content: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True)
    uploaded_by: Mapped[str | None] = mapped_column(Id)
    uploaded_at: Mapped[datetime]
