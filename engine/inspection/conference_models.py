"""Tables of the joint conference (联席会议): who held its posts when, its matters and what follows from them.

The posts themselves are dated rows of ``processes/tables/conference-post.json``: membership belongs to a
post (R65–R68).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Id, pk


class ConferenceTenure(Base):
    """任职: who held a post from when to when, and the office's notice that said so; rows are never deleted."""

    __tablename__ = "conference_tenure"
    id: Mapped[str] = pk()
    post: Mapped[str] = mapped_column(sa.String(32))  # code of a row of the table of posts
    holder: Mapped[str] = mapped_column(sa.String(64))
    first_day: Mapped[date]
    last_day: Mapped[date | None]  # None: still in post
    notice_number: Mapped[str] = mapped_column(sa.String(60), default="")  # 文号 of the notice
    noticed_on: Mapped[date]
    note: Mapped[str] = mapped_column(sa.String(300), default="")
    entered_by: Mapped[str | None] = mapped_column(Id)
    entered_by_name: Mapped[str] = mapped_column(sa.String(64), default="")
    entered_at: Mapped[datetime]
    __table_args__ = (sa.UniqueConstraint("district_id", "post", "first_day"),)


class ConferenceMatter(Base):
    """联席会议事项: the business row of ``conference-matter`` (R49–R52).

    The conference advises and coordinates: nothing here is read when a finding is made or published.
    """

    __tablename__ = "conference_matter"
    id: Mapped[str] = pk()
    number: Mapped[str] = mapped_column(sa.String(60))  # business key, e.g. 联席-2026-0001
    kind: Mapped[str] = mapped_column(sa.String(12))  # code of processes/tables/conference-matter-kind.json
    title: Mapped[str] = mapped_column(sa.String(200), default="")
    proposer: Mapped[str] = mapped_column(sa.String(32))  # department
    origin: Mapped[str] = mapped_column(sa.String(200), default="")  # business key a hard case came from
    content: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)  # the proposal as submitted
    units: Mapped[list[str]] = mapped_column(sa.JSON, default=list)  # asked for their opinion
    opinions: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)  # [{unit, position, opinion, signed_by, by, on}]
    meeting: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)  # the meeting as recorded
    advice: Mapped[str] = mapped_column(sa.Text, default="")  # decision, or advice to the organs concerned
    resolution_number: Mapped[str] = mapped_column(sa.String(60), default="")
    #: 起草 | 待审核 | 征求意见 | 待上会 | 待签发 | 落实中 | 已办结 | 不予列入 | 已撤回
    state: Mapped[str] = mapped_column(sa.String(12), default="起草")
    created_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    __table_args__ = (
        sa.UniqueConstraint("district_id", "number"),
        sa.Index("ix_conference_matter_state", "district_id", "state"),
        sa.Index("ix_conference_matter_origin", "district_id", "origin"),
    )


class ConferenceAssignment(Base):
    """落实任务: what a resolution asks of one unit, by when, and what the unit reported."""

    __tablename__ = "conference_assignment"
    id: Mapped[str] = pk()
    matter: Mapped[str] = mapped_column(sa.String(60))
    serial: Mapped[int]
    unit: Mapped[str] = mapped_column(sa.String(32))
    task: Mapped[str] = mapped_column(sa.Text)
    due_on: Mapped[date]
    state: Mapped[str] = mapped_column(sa.String(12), default="落实中")  # 落实中 | 待核对 | 已落实
    report: Mapped[str] = mapped_column(sa.Text, default="")
    reported_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    returned: Mapped[int] = mapped_column(default=0)  # how often the office sent the report back
    __table_args__ = (
        sa.UniqueConstraint("district_id", "matter", "serial"),
        sa.Index("ix_conference_assignment_unit", "district_id", "unit", "state"),
    )
