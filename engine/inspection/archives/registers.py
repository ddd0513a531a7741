"""What stands of a case in registers of its own: service, hearings, things held, money, lists, education, leads.

Each register gives tables for the volume as (title, head, rows, relative widths); one without rows gives none.
Who reported a lead stands in no volume: that register is kept apart and protected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.documents.model import Listing
from engine.inspection import hearings, leads, service_records
from engine.inspection.archives.visit_registers import campaign_rows, duty_rows, publication_rows, visit_rows
from engine.inspection.credit_models import CreditListing, CreditMeasureNotice
from engine.inspection.enforcement_models import Payment, PenaltyDebt, PenaltyRemedy
from engine.inspection.held_models import HeldItem
from engine.inspection.rectification_models import EducationRecord, Reinspection

Rows = list[tuple[str, list[str], list[list[str]], list[int]]]
Register = Callable[[Session, str, Sequence[str]], Rows]


def listings(session: Session, district_id: str, numbers: Sequence[str]) -> Iterator[Listing]:
    """The tables of every register for some business keys."""
    for register in REGISTERS:
        for title, head, rows, widths in register(session, district_id, numbers):
            yield Listing(head, rows, [float(width) for width in widths], title=title)


def _cells(*values: Any) -> list[str]:
    return [value.isoformat()[:10] if isinstance(value, date | datetime) else str(value or "—") for value in values]


def _yuan(fen: int | None) -> str:
    return "—" if fen is None else f"{fen / 100:.2f}"


def _table(title: str, head: str, rows: Iterable[list[str]], widths: str) -> Rows:
    found = list(rows)
    return [(title, head.split(), found, [int(width) for width in widths.split()])] if found else []


def _reinspections(session: Session, district_id: str, numbers: Sequence[str]) -> Rows:
    rows = session.scalars(
        sa.select(Reinspection)
        .where(Reinspection.district_id == district_id, Reinspection.follow_up.in_(numbers))
        .order_by(Reinspection.follow_up, Reinspection.round)
    )
    return _table(
        "复查", "次数 方式 时间 复查人员 情况 结果",
        (
            [f"第 {r.round} 次", *_cells(r.way, r.began_at),
             "、".join(str(c.get("name") or c.get("code")) for c in r.certificates) or "、".join(r.inspectors),
             *_cells(r.situation, r.result)]
            for r in rows
        ),
        "2 2 3 4 6 2",
    )  # fmt: skip


def _education(session: Session, district_id: str, numbers: Sequence[str]) -> Rows:
    rows = session.scalars(
        sa.select(EducationRecord)
        .where(EducationRecord.district_id == district_id, EducationRecord.case.in_(numbers))
        .order_by(EducationRecord.at)
    )
    return _table(
        "教育记录", "日期 方式 受教育人 内容 登记人",
        (_cells(r.educated_on, r.way, r.person, r.content, r.by_name) for r in rows), "3 3 3 8 3",
    )  # fmt: skip


def _held(session: Session, district_id: str, numbers: Sequence[str]) -> Rows:
    rows = session.scalars(
        sa.select(HeldItem)
        .where(HeldItem.district_id == district_id, HeldItem.measure.in_(numbers))
        .order_by(HeldItem.measure, HeldItem.serial)
    )
    return _table(
        "登记保存和查封、扣押的物品", "名称和标记 数量 保存地点和保管人 起 止 现状",
        (
            [f"{r.name} {r.mark}".strip(), f"{r.quantity}{r.unit}", f"{r.place} {r.keeper}".strip(),
             *_cells(r.held_from, r.ended_at, r.state)]
            for r in rows
        ),
        "5 2 5 3 3 3",
    )  # fmt: skip


def _money(session: Session, district_id: str, numbers: Sequence[str]) -> Rows:
    debts = session.scalars(
        sa.select(PenaltyDebt)
        .where(PenaltyDebt.district_id == district_id, PenaltyDebt.number.in_(numbers))
        .order_by(PenaltyDebt.number)
    ).all()
    payments = session.scalars(
        sa.select(Payment)
        .where(Payment.district_id == district_id, Payment.debt.in_(numbers))
        .order_by(Payment.debt, Payment.serial)
    )
    found = _table(
        "应当履行的处罚", "决定书 送达日期 罚款（元） 没收违法所得（元） 催告日期 申请执行日期 状态",
        (
            [*_cells(r.decision_number, r.served_on), _yuan(r.fine), _yuan(r.confiscated),
             *_cells(r.reminded_on, r.applied_on, r.state)]
            for r in debts
        ),
        "4 3 3 3 3 3 3",
    )  # fmt: skip
    return found + _table(
        "缴纳和退还", "日期 方向 款项 金额（元） 票据号 登记人 说明",
        (
            [*_cells(r.paid_on, r.direction, r.purpose), _yuan(r.amount),
             *_cells(r.receipt_number, r.entered_by_name, r.withdrawn_reason and f"已撤销：{r.withdrawn_reason}")]
            for r in payments
        ),
        "3 2 3 3 4 3 4",
    )  # fmt: skip


def _remedies(session: Session, district_id: str, numbers: Sequence[str]) -> Rows:
    rows = session.scalars(
        sa.select(PenaltyRemedy)
        .where(PenaltyRemedy.district_id == district_id, PenaltyRemedy.number.in_(numbers))
        .order_by(PenaltyRemedy.number)
    )
    return _table(
        "行政复议和行政诉讼", "种类 机关 案号 收到日期 结果 文书 生效日期",
        (
            _cells(r.kind, r.body, r.case_number, r.received_on, r.outcome, r.outcome_document, r.effective_on)
            for r in rows
        ),
        "3 4 4 3 3 4 3",
    )  # fmt: skip


def _credit(session: Session, district_id: str, numbers: Sequence[str]) -> Rows:
    entries = session.scalars(
        sa.select(CreditListing)
        .where(CreditListing.district_id == district_id, CreditListing.number.in_(numbers))
        .order_by(CreditListing.number)
    ).all()
    notices = session.scalars(
        sa.select(CreditMeasureNotice)
        .where(CreditMeasureNotice.district_id == district_id, CreditMeasureNotice.listing.in_(numbers))
        .order_by(CreditMeasureNotice.number)
    )
    found = _table(
        "列入和移出", "事由 决定书 列入日期 移出日期 移出事由 状态",
        (
            _cells(r.ground_name, r.document_number, r.listed_on, r.removed_on, r.removal_reason, r.state)
            for r in entries
        ),
        "5 4 3 3 4 3",
    )  # fmt: skip
    return found + _table(
        "失信惩戒措施的通知", "单位 通知日期 签收日期 签收人 反馈 解除日期 状态",
        (
            _cells(r.unit, r.notified_at, r.received_at, r.received_by, r.report, r.ended_at, r.state)
            for r in notices
        ),
        "3 3 3 3 5 3 3",
    )  # fmt: skip


REGISTERS: tuple[Register, ...] = (
    campaign_rows, visit_rows, publication_rows, duty_rows, leads.archive_rows, _reinspections,
    _education, service_records.archive_rows, hearings.archive_rows, _held, _money, _remedies, _credit,
)  # fmt: skip
