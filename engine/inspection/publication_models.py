"""Tables around a publication: every state it went through, and the applications to correct or withdraw it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Id, pk


class PublicationVersion(Base):
    """公示的一个版本: what a publication said from one step to the next; written once, never altered.

    Previews are versions too, so that the second person sees what changed since the first one.
    """

    __tablename__ = "publication_version"
    id: Mapped[str] = pk()
    publication_id: Mapped[str] = mapped_column(Id)
    number: Mapped[int]  # 1, 2, 3 … of this publication
    #: preview | published | corrected | withdrawn | withheld | disclosed
    stage: Mapped[str] = mapped_column(sa.String(12))
    content: Mapped[dict[str, Any]] = mapped_column(sa.JSON)  # public form at that step, verbatim
    #: internal: {"lines": original beside public form, "choices": what the officer decided of each hit}
    detail: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    #: public: [{"label", "old", "new"}]; ``old`` is None where the old words must not be repeated
    changes: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    note: Mapped[str] = mapped_column(sa.String(500), default="")  # public: why
    release: Mapped[int] = mapped_column(default=0)  # which message to the platform; 0 = none
    receipt: Mapped[str] = mapped_column(sa.String(200), default="")
    received_at: Mapped[datetime | None]
    by_user: Mapped[str | None] = mapped_column(Id)
    by_name: Mapped[str] = mapped_column(sa.String(64), default="")
    at: Mapped[datetime]
    __table_args__ = (sa.UniqueConstraint("publication_id", "number"),)


class PublicationCorrection(Base):
    """更正或撤回公示的申请: what is to change, why, and what became of it."""

    __tablename__ = "publication_correction"
    id: Mapped[str] = pk()
    number: Mapped[str] = mapped_column(sa.String(60))  # business key of its process
    publication_id: Mapped[str] = mapped_column(Id, index=True)
    department: Mapped[str] = mapped_column(sa.String(32))
    kind: Mapped[str] = mapped_column(sa.String(4), default="")  # 更正 | 撤回
    cause: Mapped[str] = mapped_column(sa.String(40), default="")  # code table correction-cause
    reason: Mapped[str] = mapped_column(sa.String(500), default="")  # public
    changes: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)  # [{"path", "label", "old", "new"}]
    origin: Mapped[str] = mapped_column(sa.String(200), default="")  # the objection (异议) it answers
    state: Mapped[str] = mapped_column(sa.String(12))  # 申请 | 审批中 | 已生效 | 未同意 | 已撤销
    proposed_by: Mapped[str | None] = mapped_column(Id)
    created_at: Mapped[datetime]
    applied_at: Mapped[datetime | None]
    __table_args__ = (
        sa.UniqueConstraint("district_id", "number"),
        sa.Index("ix_publication_correction_state", "district_id", "state"),
    )


class WithheldPublication(Base):
    """不予公开: the legal ground, who decided with whom, and when it must be looked at again."""

    __tablename__ = "withheld_publication"
    id: Mapped[str] = pk()
    publication_id: Mapped[str] = mapped_column(Id, unique=True)
    department: Mapped[str] = mapped_column(sa.String(32))
    ground: Mapped[str] = mapped_column(sa.String(40))  # code table withhold-ground
    article: Mapped[str] = mapped_column(sa.String(200))  # as the table said when it was decided
    note: Mapped[str] = mapped_column(sa.String(500))
    review_on: Mapped[date]  # the day the ground is expected to end
    decided_by: Mapped[str] = mapped_column(sa.String(64), default="")
    approved_by: Mapped[str] = mapped_column(sa.String(64), default="")
    decided_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]  # made public after all
    reviews: Mapped[int] = mapped_column(default=0)  # how often it was looked at again
    __table_args__ = (sa.Index("ix_withheld_publication_open", "district_id", "ended_at", "review_on"),)
