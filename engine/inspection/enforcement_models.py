"""Tables of carrying out a penalty: what is owed and paid, and what review and lawsuit made of it.

Money is kept in fen (分), whole numbers: both databases keep them exactly.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Id, pk


class PenaltyDebt(Base):
    """处罚执行: what a penalty decision obliges its party to, and how far carrying it out is (PL66–73)."""

    __tablename__ = "penalty_debt"
    id: Mapped[str] = pk()
    number: Mapped[str] = mapped_column(sa.String(200))  # business key, <penalty>/enforcement
    penalty: Mapped[str] = mapped_column(sa.String(200))  # follow-up with the decision
    department: Mapped[str] = mapped_column(sa.String(32))
    subject_name: Mapped[str] = mapped_column(sa.String(200), default="")
    uscc: Mapped[str] = mapped_column(sa.String(18), default="")
    decision_number: Mapped[str] = mapped_column(sa.String(60), default="")  # 决定书文号
    decided_on: Mapped[date]
    served_on: Mapped[date]
    fine: Mapped[int] = mapped_column(sa.BigInteger, default=0)  # 罚款, fen
    confiscated: Mapped[int] = mapped_column(sa.BigInteger, default=0)  # 没收违法所得, fen
    duties: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON, default=list)  # {kind, content}
    #: The last day to ask for review or bring suit; None until known to run (again).
    remedy_ends_on: Mapped[date | None]
    overdue_since: Mapped[date | None]  # day after the term that was missed; None while nothing is overdue
    reminded_on: Mapped[date | None]  # 催告书 served
    applied_on: Mapped[date | None]  # to the court
    court: Mapped[str] = mapped_column(sa.String(100), default="")
    court_state: Mapped[str] = mapped_column(sa.String(20), default="")  # what the court said last
    court_missed: Mapped[bool] = mapped_column(default=False)  # the three months passed without an application
    stayed_since: Mapped[date | None]  # 停止执行 by the body or court that reviews (PL73)
    #: 待缴纳 | 逾期 | 申请法院执行 | 法院执行 | 已停止 | closed: outcome
    state: Mapped[str] = mapped_column(sa.String(20), default="待缴纳")
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    __table_args__ = (
        sa.UniqueConstraint("district_id", "number"),
        sa.Index("ix_penalty_debt_penalty", "district_id", "penalty"),
        sa.Index("ix_penalty_debt_open", "district_id", "department", "closed_at"),
    )


class Payment(Base):
    """缴款或者退还: one receipt of the treasury's bank; a wrong entry is withdrawn and stays to be read."""

    __tablename__ = "payment"
    id: Mapped[str] = pk()
    debt: Mapped[str] = mapped_column(sa.String(200))  # number of the PenaltyDebt
    serial: Mapped[int]
    direction: Mapped[str] = mapped_column(sa.String(8), default="缴纳")  # 缴纳 | 退还
    purpose: Mapped[str] = mapped_column(sa.String(12))  # 罚款 | 没收违法所得 | 加处罚款
    amount: Mapped[int] = mapped_column(sa.BigInteger)  # fen
    paid_on: Mapped[date]
    receipt_number: Mapped[str] = mapped_column(sa.String(60))  # 票据号
    way: Mapped[str] = mapped_column(sa.String(20), default="")
    slips: Mapped[list[str]] = mapped_column(sa.JSON, default=list)  # attachments
    remark: Mapped[str] = mapped_column(sa.String(300), default="")
    entered_by: Mapped[str | None] = mapped_column(Id)
    entered_by_name: Mapped[str] = mapped_column(sa.String(64), default="")
    entered_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by_name: Mapped[str] = mapped_column(sa.String(64), default="")
    withdrawn_reason: Mapped[str] = mapped_column(sa.String(300), default="")
    __table_args__ = (sa.UniqueConstraint("district_id", "debt", "serial"),)


class PaymentTerm(Base):
    """缴款期次: one instalment of the fine; the rows of the newest ``plan`` count from its ``since`` on (PL66)."""

    __tablename__ = "payment_term"
    id: Mapped[str] = pk()
    debt: Mapped[str] = mapped_column(sa.String(200))
    plan: Mapped[int]  # 0: the term of the decision itself
    position: Mapped[int]  # 1, 2 … within the plan
    since: Mapped[date]  # the plan is in force from this day: that of the party's request
    due_on: Mapped[date]  # as decided; a day of rest rolls to the next working day
    amount: Mapped[int] = mapped_column(sa.BigInteger)  # fen
    granted_on: Mapped[date]
    __table_args__ = (sa.UniqueConstraint("district_id", "debt", "plan", "position"),)


class PaymentRequest(Base):
    """缴款申请: a party's request to pay later or in instalments, or to be let off the surcharge, and its decision."""

    __tablename__ = "payment_request"
    id: Mapped[str] = pk()
    debt: Mapped[str] = mapped_column(sa.String(200))
    serial: Mapped[int]
    kind: Mapped[str] = mapped_column(sa.String(12))  # 延期缴纳 | 分期缴纳 | 减免加处罚款
    requested_on: Mapped[date]
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    terms: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON, default=list)  # {due_on, amount in fen}
    waived: Mapped[int] = mapped_column(sa.BigInteger, default=0)  # fen of surcharge asked for, then granted
    decision: Mapped[str] = mapped_column(sa.String(8), default="")  # 批准 | 不批准 | 不再审批; empty while it waits
    decided_on: Mapped[date | None]
    decided_by_name: Mapped[str] = mapped_column(sa.String(64), default="")
    note: Mapped[str] = mapped_column(sa.String(500), default="")
    __table_args__ = (sa.UniqueConstraint("district_id", "debt", "serial"),)


class PenaltyRemedy(Base):
    """行政复议、行政诉讼、自行纠正: one attack on a penalty decision and what came of it."""

    __tablename__ = "penalty_remedy"
    id: Mapped[str] = pk()
    number: Mapped[str] = mapped_column(sa.String(200))  # business key, <penalty>/remedy-<n>
    penalty: Mapped[str] = mapped_column(sa.String(200))
    department: Mapped[str] = mapped_column(sa.String(32))
    kind: Mapped[str] = mapped_column(sa.String(12), default="")  # 行政复议 | 行政诉讼 | 自行纠正
    body: Mapped[str] = mapped_column(sa.String(100), default="")  # reviewing organ or court
    case_number: Mapped[str] = mapped_column(sa.String(60), default="")  # 案号
    applied_on: Mapped[date | None]
    received_on: Mapped[date | None]
    last_day: Mapped[date | None]  # of the period to apply, as counted
    in_time: Mapped[bool | None]
    answered_on: Mapped[date | None]
    outcome: Mapped[str] = mapped_column(sa.String(20), default="")  # code of remedy-outcome.json
    outcome_document: Mapped[str] = mapped_column(sa.String(60), default="")
    outcome_on: Mapped[date | None]
    effective_on: Mapped[date | None]
    fine: Mapped[int | None] = mapped_column(sa.BigInteger)  # fen, when changed
    confiscated: Mapped[int | None] = mapped_column(sa.BigInteger)
    refund: Mapped[int] = mapped_column(sa.BigInteger, default=0)  # fen to be given back
    lesson: Mapped[str] = mapped_column(sa.Text, default="")
    opened_at: Mapped[datetime]
    __table_args__ = (
        sa.UniqueConstraint("district_id", "number"),
        sa.Index("ix_penalty_remedy_penalty", "district_id", "penalty"),
    )


class SurchargePause(Base):
    """不计加处罚款的期间: review or lawsuit lasts from ``since`` to ``until``, both included (PL73)."""

    __tablename__ = "surcharge_pause"
    id: Mapped[str] = pk()
    penalty: Mapped[str] = mapped_column(sa.String(200))
    remedy: Mapped[str] = mapped_column(sa.String(200))
    ground: Mapped[str] = mapped_column(sa.String(20))
    since: Mapped[date]
    until: Mapped[date | None]
    __table_args__ = (sa.UniqueConstraint("district_id", "remedy"),)
