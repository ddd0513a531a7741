"""Tables of sampling (抽样送检): every sample with its own life, and every test of it."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Id, pk


class Sample(Base):
    """样品: taken at a visit, sent to a laboratory, its result told to the party, tested again when asked for.

    ``number`` is the business key of its process ``sample-testing``.  ``state``: 待送检 | 检验中 | 待告知 |
    复检期内 | 待送复检 | 已有结论 | 未送检.  ``result`` is what counts in the end: 合格 | 不合格 | 无法检验.
    """

    __tablename__ = "visit_sample"
    id: Mapped[str] = pk()
    number: Mapped[str] = mapped_column(sa.String(220))
    department_inspection: Mapped[str] = mapped_column(sa.String(140))
    department: Mapped[str] = mapped_column(sa.String(32))
    item: Mapped[str] = mapped_column(sa.String(32))  # the item whose result depends on it
    kind: Mapped[str] = mapped_column(sa.String(20))  # code of the table sample-kind
    name: Mapped[str] = mapped_column(sa.String(100))
    specification: Mapped[str] = mapped_column(sa.String(100), default="")
    quantity: Mapped[str] = mapped_column(sa.String(40))
    reserve: Mapped[str] = mapped_column(sa.String(100), default="")  # 备样: how much, kept where
    seal: Mapped[str] = mapped_column(sa.String(60))
    intended_for: Mapped[str] = mapped_column(sa.String(100), default="")  # laboratory named when it was taken
    signed: Mapped[str] = mapped_column(sa.String(12))  # 签名 | 拒绝签名 | 无人在场
    signer: Mapped[str] = mapped_column(sa.String(64), default="")
    taken_by: Mapped[list[str]] = mapped_column(sa.JSON)  # names of the inspectors
    taken_at: Mapped[datetime]
    place: Mapped[str] = mapped_column(sa.String(400), default="")
    state: Mapped[str] = mapped_column(sa.String(12), default="待送检")
    result: Mapped[str] = mapped_column(sa.String(12), default="")
    not_sent_reason: Mapped[str] = mapped_column(sa.String(300), default="")
    retest: Mapped[str] = mapped_column(sa.String(12), default="")  # 受理 | 不予受理 | 放弃 | 期满未申请
    retest_on: Mapped[date | None]  # when it was asked for, or given up
    retest_reason: Mapped[str] = mapped_column(sa.Text, default="")  # why it was asked for, or why refused
    settled_at: Mapped[datetime | None]
    at: Mapped[datetime]
    __table_args__ = (
        sa.UniqueConstraint("district_id", "number"),
        sa.Index("ix_visit_sample_part", "district_id", "department_inspection"),
    )


class SampleTest(Base):
    """检验: one test of a sample, the first or the second (复检): sent where, expected when, what came back."""

    __tablename__ = "sample_test"
    id: Mapped[str] = pk()
    sample: Mapped[str] = mapped_column(sa.String(220))
    round: Mapped[int]  # 1 检验, 2 复检
    laboratory: Mapped[str] = mapped_column(sa.String(100))
    accreditation: Mapped[str] = mapped_column(sa.String(100), default="")  # 资质认定证书编号
    commission_number: Mapped[str] = mapped_column(sa.String(100), default="")
    asked: Mapped[str] = mapped_column(sa.String(500), default="")  # 检验项目和依据
    sent_on: Mapped[date]
    sent_by: Mapped[str] = mapped_column(sa.String(64))
    expected_on: Mapped[date]
    report_number: Mapped[str] = mapped_column(sa.String(100), default="")
    reported_on: Mapped[date | None]
    received_on: Mapped[date | None]
    result: Mapped[str] = mapped_column(sa.String(12), default="")
    conclusion: Mapped[str] = mapped_column(sa.Text, default="")
    files: Mapped[list[str]] = mapped_column(sa.JSON, default=list)  # attachment ids of the report
    told_on: Mapped[date | None]
    told_how: Mapped[str] = mapped_column(sa.String(40), default="")
    recipient: Mapped[str] = mapped_column(sa.String(100), default="")
    by_user: Mapped[str | None] = mapped_column(Id)
    at: Mapped[datetime]
    __table_args__ = (sa.UniqueConstraint("district_id", "sample", "round"),)
