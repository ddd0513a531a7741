"""Tables around plans: their versions, merges of rows into one visit, campaigns of a row, and the gate's decisions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Id, pk


class PlanVersion(Base):
    """计划版本: what a plan said from one publication to the next; never altered once it is in force (R28).

    Version 1 is the plan as first approved.  A later one is prepared by the process
    ``plan-adjustment`` under the business key ``number`` and takes effect when it is filed
    and published.
    """

    __tablename__ = "plan_version"
    id: Mapped[str] = pk()
    plan: Mapped[str] = mapped_column(sa.String(200))  # business key of the plan
    version: Mapped[int]
    number: Mapped[str] = mapped_column(sa.String(200))  # business key of the process that made it
    content: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    document_number: Mapped[str] = mapped_column(sa.String(60), default="")
    state: Mapped[str] = mapped_column(sa.String(12))  # 起草 | 审批中 | 已生效 | 已终止
    prepared_by: Mapped[str | None] = mapped_column(Id)
    created_at: Mapped[datetime]
    effective_at: Mapped[datetime | None]  # filed and published at this moment
    __table_args__ = (
        sa.UniqueConstraint("district_id", "plan", "version"),
        sa.UniqueConstraint("district_id", "number"),
    )


class PlanMerge(Base):
    """合并建议的处理: two departments' plan rows whose objects overlap become one visit, or not, and why (R25, R31).

    A row is named ``<plan business key>#<row code>``; the figures are objects as counted when
    it was decided.
    """

    __tablename__ = "plan_merge"
    id: Mapped[str] = pk()
    plan: Mapped[str] = mapped_column(sa.String(200))  # business key of the joint plan
    first_row: Mapped[str] = mapped_column(sa.String(220))
    second_row: Mapped[str] = mapped_column(sa.String(220))
    first_objects: Mapped[int]
    second_objects: Mapped[int]
    overlap: Mapped[int]
    accepted: Mapped[bool]
    reason: Mapped[str] = mapped_column(sa.String(300), default="")
    joint_code: Mapped[str] = mapped_column(sa.String(20), default="")  # row of the joint plan it became
    decided_by: Mapped[str | None] = mapped_column(Id)
    decided_name: Mapped[str] = mapped_column(sa.String(64), default="")
    at: Mapped[datetime]
    __table_args__ = (sa.UniqueConstraint("district_id", "plan", "first_row", "second_row"),)


class PlanCampaign(Base):
    """计划任务: the campaign (抽查任务) that carries out a row of a plan."""

    __tablename__ = "plan_campaign"
    id: Mapped[str] = pk()
    plan: Mapped[str] = mapped_column(sa.String(200))
    row: Mapped[str] = mapped_column(sa.String(20))  # code of the row, the same in every version
    campaign: Mapped[str] = mapped_column(sa.String(60))
    at: Mapped[datetime]
    __table_args__ = (
        sa.UniqueConstraint("district_id", "campaign"),
        sa.Index("ix_plan_campaign_row", "district_id", "plan", "row"),
    )


class VisitMerge(Base):
    """合并进门: a firm in two open campaigns that is to be visited once for both (R25)."""

    __tablename__ = "visit_merge"
    id: Mapped[str] = pk()
    campaign: Mapped[str] = mapped_column(sa.String(60))  # whose gate decided it
    other: Mapped[str] = mapped_column(sa.String(60))  # the open campaign the firm is already in
    inspection: Mapped[str] = mapped_column(sa.String(100))  # its inspection there
    uscc: Mapped[str] = mapped_column(sa.String(18))
    decided_by: Mapped[str | None] = mapped_column(Id)
    decided_name: Mapped[str] = mapped_column(sa.String(64), default="")
    at: Mapped[datetime]
    __table_args__ = (
        sa.UniqueConstraint("district_id", "campaign", "uscc"),
        sa.Index("ix_visit_merge_other", "district_id", "other"),
    )


class DrawBasis(Base):
    """抽取依据: which version of the ratio and frequency tables the lists of a draw were made by."""

    __tablename__ = "draw_basis"
    id: Mapped[str] = pk()
    draw_id: Mapped[str] = mapped_column(sa.String(60))
    campaign: Mapped[str] = mapped_column(sa.String(60))
    process_version: Mapped[int]  # of the process the ratio table was deployed with; 0 = the shipped file
    ratio_sha256: Mapped[str] = mapped_column(sa.String(64))
    frequency_sha256: Mapped[str] = mapped_column(sa.String(64))
    marks_sha256: Mapped[str] = mapped_column(sa.String(64))
    tables: Mapped[dict[str, Any]] = mapped_column(sa.JSON, deferred=True)  # their texts, for whoever audits the draw
    at: Mapped[datetime]
    __table_args__ = (sa.UniqueConstraint("district_id", "draw_id"),)
