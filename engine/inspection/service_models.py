"""Tables of service of documents (送达) and of hearings (听证)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Id, pk


class ServiceRecord(Base):
    """One attempt to serve one document on one party: how, when, by whom, and what came of it (PL61).

    Attempts follow one another under the same ``number``; one that failed stays.  Somebody was told what the
    document says exactly when a row is 已送达, on ``served_on``.
    """

    __tablename__ = "service_record"
    id: Mapped[str] = pk()
    number: Mapped[str] = mapped_column(sa.String(160))  # business key of the process document-service
    position: Mapped[int]  # 1, 2, 3 …: the attempts in their order
    origin: Mapped[str] = mapped_column(sa.String(160))  # the case the document belongs to
    root: Mapped[str] = mapped_column(sa.String(160))
    department: Mapped[str] = mapped_column(sa.String(32))
    document: Mapped[str] = mapped_column(sa.String(100))  # e.g. 行政处罚决定书
    document_number: Mapped[str] = mapped_column(sa.String(60), default="")  # 文号
    template: Mapped[str] = mapped_column(sa.String(64), default="")
    recipient: Mapped[str] = mapped_column(sa.String(200))  # 受送达人
    mode: Mapped[str] = mapped_column(sa.String(20))  # code of processes/tables/service-mode.json
    mode_name: Mapped[str] = mapped_column(sa.String(40))
    attempted_on: Mapped[date]
    #: 待回执 | 公告中 | 已送达 | 未送达
    state: Mapped[str] = mapped_column(sa.String(12))
    served_on: Mapped[date | None]  # the day it counts as served
    receiver: Mapped[str] = mapped_column(sa.String(64), default="")
    reason: Mapped[str] = mapped_column(sa.String(300), default="")  # why it failed
    announced_until: Mapped[date | None]  # last day of an announcement
    public_note: Mapped[str] = mapped_column(sa.String(200), default="")  # where an announced document is collected
    values: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)  # the forms, verbatim
    recorded_by: Mapped[str | None] = mapped_column(Id)
    recorded_by_name: Mapped[str] = mapped_column(sa.String(64), default="")
    recorded_at: Mapped[datetime]
    __table_args__ = (
        sa.UniqueConstraint("district_id", "number", "position"),
        sa.Index("ix_service_record_root", "district_id", "root"),
        sa.Index("ix_service_record_origin", "district_id", "origin"),
        sa.Index("ix_service_record_announced", "district_id", "state", "announced_until"),
    )


class Hearing(Base):
    """听证: one hearing before a penalty, from the party's request to its close (PL63–65)."""

    __tablename__ = "hearing"
    id: Mapped[str] = pk()
    number: Mapped[str] = mapped_column(sa.String(160))  # business key of its process
    origin: Mapped[str] = mapped_column(sa.String(160))
    department: Mapped[str] = mapped_column(sa.String(32))
    party: Mapped[str] = mapped_column(sa.String(200))
    cause: Mapped[str] = mapped_column(sa.String(300), default="")  # 案由
    #: 待审查 | 不予受理 | 已受理 | 已通知 | 中止 | 已举行 | 已办结
    state: Mapped[str] = mapped_column(sa.String(12), default="待审查")
    requested_on: Mapped[date | None]
    last_request_day: Mapped[date | None]  # end of the days for asking, as known when it was reviewed
    chair: Mapped[str | None] = mapped_column(Id)
    chair_name: Mapped[str] = mapped_column(sa.String(64), default="")
    recorder: Mapped[str | None] = mapped_column(Id)
    recorder_name: Mapped[str] = mapped_column(sa.String(64), default="")
    members: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)  # 听证员: user ids
    recused: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)  # user ids that may not be appointed again
    held_at: Mapped[datetime | None]  # as scheduled
    place: Mapped[str] = mapped_column(sa.String(200), default="")
    is_public: Mapped[bool] = mapped_column(default=True)
    closed_ground: Mapped[str] = mapped_column(sa.String(40), default="")  # why it is not public
    announced_at: Mapped[datetime | None]  # 听证公告 of the day now fixed
    stops: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)  # postponements, suspensions: {code, at, reason}
    outcome: Mapped[str] = mapped_column(sa.String(20), default="")
    opinion: Mapped[str] = mapped_column(sa.String(20), default="")
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    __table_args__ = (
        sa.UniqueConstraint("district_id", "number"),
        sa.Index("ix_hearing_announced", "district_id", "state", "held_at"),
    )
