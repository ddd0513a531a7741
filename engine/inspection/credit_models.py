"""Tables of credit supervision: who is on which list and why, and which unit was told to apply which measure."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, pk


class CreditListing(Base):
    """列入名单: one entry of 经营异常名录 (标记为经营异常状态 for sole traders) or 严重违法失信名单, for good.

    ``number`` is the follow-up of kind ``credit-measures`` that proposed it.  Removed entries stay.
    """

    __tablename__ = "credit_listing"
    id: Mapped[str] = pk()
    number: Mapped[str] = mapped_column(sa.String(160))
    list_code: Mapped[str] = mapped_column(sa.String(12))  # abnormal | serious
    ground: Mapped[str] = mapped_column(sa.String(40))  # code table credit-ground
    ground_name: Mapped[str] = mapped_column(sa.String(200))  # as the table said on the day of decision
    legal_basis: Mapped[str] = mapped_column(sa.String(300), default="")
    facts: Mapped[str] = mapped_column(sa.Text, default="")
    uscc: Mapped[str] = mapped_column(sa.String(18))
    subject_name: Mapped[str] = mapped_column(sa.String(200))
    subject_kind: Mapped[str] = mapped_column(sa.String(40), default="")
    department: Mapped[str] = mapped_column(sa.String(32))
    found_on: Mapped[date]  # 查实之日: the ten working days run from here
    document_number: Mapped[str] = mapped_column(sa.String(60), default="")
    listed_on: Mapped[date]
    until: Mapped[date | None]  # serious: the last day of the years the table gives; abnormal: None
    repairable_on: Mapped[date | None]  # last day of the shortest time; None: at any time
    removed_on: Mapped[date | None]
    removal_reason: Mapped[str] = mapped_column(sa.String(500), default="")
    removal_document: Mapped[str] = mapped_column(sa.String(60), default="")
    state: Mapped[str] = mapped_column(sa.String(12))  # 已列入 | 已移出 | 已撤销
    created_at: Mapped[datetime]
    __table_args__ = (
        sa.UniqueConstraint("district_id", "number"),
        sa.Index("ix_credit_listing_listed", "district_id", "list_code", "state", "listed_on"),
        sa.Index("ix_credit_listing_uscc", "district_id", "uscc"),
    )


class CreditMeasureNotice(Base):
    """失信惩戒措施通知: listed measures one unit was told to apply because of one listing, and what it answered."""

    __tablename__ = "credit_measure_notice"
    id: Mapped[str] = pk()
    number: Mapped[str] = mapped_column(sa.String(200))  # business key, <listing>/<unit>
    listing: Mapped[str] = mapped_column(sa.String(160))
    unit: Mapped[str] = mapped_column(sa.String(32))  # department code
    #: as the catalogue said on the day of notice: [{"code", "name", "legal_basis"}]
    measures: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    notified_at: Mapped[datetime]
    received_at: Mapped[datetime | None]
    received_by: Mapped[str] = mapped_column(sa.String(64), default="")
    report: Mapped[str] = mapped_column(sa.Text, default="")
    reported_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]  # when the unit was told that the measures end
    end_reason: Mapped[str] = mapped_column(sa.String(500), default="")
    end_received_at: Mapped[datetime | None]
    end_received_by: Mapped[str] = mapped_column(sa.String(64), default="")
    end_report: Mapped[str] = mapped_column(sa.Text, default="")
    state: Mapped[str] = mapped_column(sa.String(12))  # 待签收 | 已签收 | 已反馈 | 待签收解除 | 已解除
    __table_args__ = (
        sa.UniqueConstraint("district_id", "number"),
        sa.Index("ix_credit_measure_notice_listing", "district_id", "listing"),
        sa.Index("ix_credit_measure_notice_unit", "district_id", "unit", "state"),
    )
