"""Tables of the field side: every arrival at a firm, adopted conclusions, evidence, applications for recusal."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Id, pk


class VisitAttempt(Base):
    """到场: one arrival at the firm's door and what came of it; a firm not found needs two (category 5)."""

    __tablename__ = "visit_attempt"
    id: Mapped[str] = pk()
    department_inspection: Mapped[str] = mapped_column(sa.String(140), index=True)
    attempt: Mapped[int]  # 1 … n
    arrived_at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(sa.String(40))  # code of the table entry-outcome
    inspectors: Mapped[list[str]] = mapped_column(sa.JSON)  # who went, codes; at least two
    certificates: Mapped[list[Any]] = mapped_column(sa.JSON)  # [{code, name, number, until}] as valid on the day
    place: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)  # {address, lat, lng, accuracy, at}
    met: Mapped[str] = mapped_column(sa.String(140), default="")  # 现场负责人, name and post
    situation: Mapped[str] = mapped_column(sa.Text, default="")  # why there was no check
    recording: Mapped[str] = mapped_column(sa.String(200), default="")  # 执法记录仪编号 (R60)
    next_at: Mapped[datetime | None]  # when the inspectors come again
    by_user: Mapped[str | None] = mapped_column(Id)
    at: Mapped[datetime]
    __table_args__ = (sa.UniqueConstraint("district_id", "department_inspection", "attempt"),)


class Adoption(Base):
    """采用: a conclusion of others taken over for an item, or an opinion beside it (R20, R36, R37, R43).

    ``replaces`` says that the item needs no check of its own; experts and commissioned firms never replace one.
    """

    __tablename__ = "adoption"
    id: Mapped[str] = pk()
    department_inspection: Mapped[str] = mapped_column(sa.String(140), index=True)
    stage: Mapped[str] = mapped_column(sa.String(20))  # element of the form it was entered in
    item: Mapped[str] = mapped_column(sa.String(32))
    kind: Mapped[str] = mapped_column(sa.String(40))  # code of the table adopted-kind
    replaces: Mapped[bool]
    source: Mapped[str] = mapped_column(sa.String(200))  # who concluded
    number: Mapped[str] = mapped_column(sa.String(140))  # its document number, or the inspection's here
    dated_on: Mapped[date]
    conclusion: Mapped[str] = mapped_column(sa.Text)
    files: Mapped[list[str]] = mapped_column(sa.JSON, default=list)  # attachment ids
    by_user: Mapped[str | None] = mapped_column(Id)
    at: Mapped[datetime]


class Evidence(Base):
    """证据: one file or sample of a visit: who took it, when, where, and the file's hash (R43, R59–R61)."""

    __tablename__ = "evidence"
    id: Mapped[str] = pk()
    department_inspection: Mapped[str] = mapped_column(sa.String(140), index=True)
    stage: Mapped[str] = mapped_column(sa.String(20))  # element of the form it was entered in
    kind: Mapped[str] = mapped_column(sa.String(20))  # 照片 | 音像 | 书证 | 样品
    item: Mapped[str] = mapped_column(sa.String(32), default="")  # empty: of the visit as a whole
    name: Mapped[str] = mapped_column(sa.String(255))
    attachment: Mapped[str | None] = mapped_column(Id)  # None for a sample
    sha256: Mapped[str] = mapped_column(sa.String(64), default="")
    detail: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)  # sample: specification, quantity, seal, …
    taken_by: Mapped[str] = mapped_column(sa.String(64))  # name of who uploaded or took it
    taken_at: Mapped[datetime]
    place: Mapped[str] = mapped_column(sa.String(400))
    at: Mapped[datetime]


class WrittenMaterial(Base):
    """书面检查材料: one thing the firm is asked to hand in, when it came and whether it is complete (R35)."""

    __tablename__ = "written_material"
    id: Mapped[str] = pk()
    department_inspection: Mapped[str] = mapped_column(sa.String(140))
    serial: Mapped[int]  # 1 … n, as in the notice
    name: Mapped[str] = mapped_column(sa.String(200))
    note: Mapped[str] = mapped_column(sa.String(200), default="")  # in which form it is asked for
    asked_on: Mapped[date]
    due_on: Mapped[date]
    received_on: Mapped[date | None]
    complete: Mapped[bool] = mapped_column(default=False)
    remarks: Mapped[str] = mapped_column(sa.String(300), default="")
    #: [{on, by, person, due_on, official}], the first one first
    reminders: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    at: Mapped[datetime]
    __table_args__ = (sa.UniqueConstraint("district_id", "department_inspection", "serial"),)


class FindingCorrection(Base):
    """检查结论更正: what an organ changed of its own finding after review; the old words stay (R39, R57)."""

    __tablename__ = "finding_correction"
    id: Mapped[str] = pk()
    number: Mapped[str] = mapped_column(sa.String(220))  # business key of the case
    department_inspection: Mapped[str] = mapped_column(sa.String(140))
    item: Mapped[str] = mapped_column(sa.String(32))  # empty: the conclusion of the whole
    old: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    new: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    cause: Mapped[str] = mapped_column(sa.String(40))
    reason: Mapped[str] = mapped_column(sa.Text)
    proposed_by: Mapped[str] = mapped_column(sa.String(64))
    reviewed_by: Mapped[str] = mapped_column(sa.String(64))
    at: Mapped[datetime]
    __table_args__ = (sa.Index("ix_finding_correction_part", "district_id", "department_inspection"),)


class RecusalApplication(Base):
    """回避申请: asked by the party or an inspector, decided by the organ's head while the work goes on (PL43)."""

    __tablename__ = "recusal_application"
    id: Mapped[str] = pk()
    department_inspection: Mapped[str] = mapped_column(sa.String(140), index=True)
    applicant: Mapped[str] = mapped_column(sa.String(64))
    inspector: Mapped[str] = mapped_column(sa.String(32), default="")  # code; empty until the head names the person
    reason: Mapped[str] = mapped_column(sa.Text)
    requested_at: Mapped[datetime]
    decision: Mapped[str] = mapped_column(sa.String(20), default="")  # 决定回避 | 不予回避
    ground: Mapped[str] = mapped_column(sa.Text, default="")
    #: whether what the recused person did before the decision stands: 有效 | 重新检查
    prior_work: Mapped[str] = mapped_column(sa.String(20), default="")
    successor: Mapped[str] = mapped_column(sa.String(32), default="")
    told_on: Mapped[date | None]
    decided_by: Mapped[str | None] = mapped_column(Id)
    decided_at: Mapped[datetime | None]
