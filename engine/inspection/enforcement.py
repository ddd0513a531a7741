"""处罚执行: what a penalised party owes, has paid and has still to pay, on any day (PL66–73)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.calendar import Calendar
from engine.errors import NotFound, ServiceTaskFailed
from engine.inspection.enforcement_models import Payment, PaymentRequest, PaymentTerm, PenaltyDebt, SurchargePause
from engine.inspection.surcharge import Fine, LateDay, Pause, Plan, Rate, late_days, late_on
from engine.inspection.tables import rows
from engine.settings import Settings

PROCESS = "penalty-enforcement"
FINE, CONFISCATED, SURCHARGE = "罚款", "没收违法所得", "加处罚款"
PURPOSES = (FINE, CONFISCATED, SURCHARGE)
PAID, REFUNDED = "缴纳", "退还"
#: States of a debt until it is closed; then its state is the outcome.
WAITING, OVERDUE, APPLIED, IN_COURT, STAYED = "待缴纳", "逾期", "已申请法院执行", "法院执行中", "停止执行"
OPEN_STATES = (WAITING, OVERDUE, APPLIED, IN_COURT, STAYED)
PAID_UP, PERFORMED, NOTHING, ENDED, ANNULLED = "缴清", "已履行", "无需执行", "终结执行", "处罚决定已撤销"
GRANTED, REFUSED = "批准", "不批准"
#: A request nobody decides on any more: the money came in, or the enforcement ended, before the head looked at it.
DROPPED = "不再审批"
DEFERRAL, INSTALMENTS, RELIEF = "延期缴纳", "分期缴纳", "减免加处罚款"


def fen(yuan: Any) -> int:
    """A number of a form, in yuan, as fen; nothing is 0."""
    return int((Decimal(str(yuan or 0)) * 100).to_integral_value(ROUND_HALF_UP))


def yuan(amount: int) -> str:
    """Fen in yuan, as people write it: ``12,345.60``."""
    return f"{Decimal(amount) / 100:,.2f}"


@dataclass(frozen=True)
class Balance:
    """Who owes what on the day ``on``, all in fen; ``surcharge`` is what accrued, ``waived`` was let off of it."""

    on: date
    fine: int
    confiscated: int
    surcharge: int
    waived: int
    paid: dict[str, int]
    late: int  # of the fine
    next_on: date | None  # the last day of what falls due next, or fell due and was not paid
    next_amount: int

    @property
    def owed(self) -> dict[str, int]:
        """By purpose, before anything was paid."""
        return {
            FINE: self.fine, CONFISCATED: self.confiscated, SURCHARGE: max(0, self.surcharge - self.waived)
        }  # fmt: skip

    @property
    def rest(self) -> dict[str, int]:
        """Still to be paid, by purpose."""
        return {purpose: max(0, owed - self.paid[purpose]) for purpose, owed in self.owed.items()}

    @property
    def rest_sum(self) -> int:
        return sum(self.rest.values())

    @property
    def paid_sum(self) -> int:
        return sum(self.paid.values())

    @property
    def too_much(self) -> dict[str, int]:
        """Paid beyond what is owed (a decision was annulled or changed), by purpose."""
        return {purpose: max(0, self.paid[purpose] - owed) for purpose, owed in self.owed.items()}

    @property
    def overdue(self) -> bool:
        """Should anything have been paid before today?"""
        return bool(self.rest_sum) and (self.next_on is None or self.next_on < self.on)


def debt(session: Session, district_id: str, number: str, *, lock: bool = False) -> PenaltyDebt:
    """The enforcement ``number``.  Raises :class:`NotFound`."""
    found = session.scalar(
        _locked(sa.select(PenaltyDebt), lock).where(
            PenaltyDebt.district_id == district_id, PenaltyDebt.number == number
        )
    )
    if found is None:
        raise NotFound(f"没有找到处罚执行 {number}，请核对编号。")
    return found


def debt_of_penalty(session: Session, district_id: str, penalty: str, *, lock: bool = False) -> PenaltyDebt | None:
    """The enforcement of a penalty, None when nothing was to be enforced."""
    return session.scalar(
        _locked(sa.select(PenaltyDebt), lock).where(
            PenaltyDebt.district_id == district_id, PenaltyDebt.penalty == penalty
        )
    )


def _locked(statement: sa.Select[tuple[PenaltyDebt]], lock: bool) -> sa.Select[tuple[PenaltyDebt]]:
    return statement.with_for_update() if lock else statement


def payments_of(session: Session, row: PenaltyDebt) -> Sequence[Payment]:
    """Every entry, withdrawn ones too, in the order they were made."""
    wanted = sa.select(Payment).where(Payment.district_id == row.district_id, Payment.debt == row.number)
    return session.scalars(wanted.order_by(Payment.serial)).all()


def entered_elsewhere(session: Session, row: PenaltyDebt, receipt: str) -> str | None:
    """The other enforcement of the same department in which the receipt number stands."""
    of_department = sa.select(PenaltyDebt.number).where(
        PenaltyDebt.district_id == row.district_id, PenaltyDebt.department == row.department
    )
    wanted = sa.select(Payment.debt).where(
        Payment.district_id == row.district_id, Payment.receipt_number == receipt, Payment.debt != row.number,
        Payment.withdrawn_at.is_(None), Payment.debt.in_(of_department),
    )  # fmt: skip
    return session.scalar(wanted.limit(1))


def terms_of(session: Session, row: PenaltyDebt) -> Sequence[PaymentTerm]:
    """Every term ever granted, plan by plan."""
    wanted = sa.select(PaymentTerm).where(PaymentTerm.district_id == row.district_id, PaymentTerm.debt == row.number)
    return session.scalars(wanted.order_by(PaymentTerm.plan, PaymentTerm.position)).all()


def requests_of(session: Session, row: PenaltyDebt) -> Sequence[PaymentRequest]:
    """The party's requests, the oldest first."""
    wanted = sa.select(PaymentRequest).where(
        PaymentRequest.district_id == row.district_id, PaymentRequest.debt == row.number
    )
    return session.scalars(wanted.order_by(PaymentRequest.serial)).all()


def waiting_request(session: Session, row: PenaltyDebt) -> PaymentRequest | None:
    """The request that waits for a decision."""
    return next((one for one in requests_of(session, row) if not one.decision), None)


def pauses_of(session: Session, row: PenaltyDebt) -> Sequence[SurchargePause]:
    """Reviews and lawsuits about the penalty, the oldest first."""
    wanted = sa.select(SurchargePause).where(
        SurchargePause.district_id == row.district_id, SurchargePause.penalty == row.penalty
    )
    return session.scalars(wanted.order_by(SurchargePause.since)).all()


def rate_on(settings: Settings, on: date) -> Rate:
    """The surcharge of decisions made on ``on``.  Raises :class:`ServiceTaskFailed` when the table has none."""
    row = next(iter(rows(settings, "surcharge-rate", on)), None)
    if row is None:
        raise ServiceTaskFailed(f"加处罚款标准表中没有 {on} 有效的一行，请系统管理员补充。")
    return Rate(Decimal(str(row["percent"])), Decimal(str(row["cap_percent"])), row["base"])


def _net(entries: Iterable[Payment], purpose: str) -> list[tuple[date, int]]:
    return [
        (p.paid_on, p.amount if p.direction == PAID else -p.amount)
        for p in entries
        if p.withdrawn_at is None and p.purpose == purpose
    ]


def plans_of(terms: Iterable[PaymentTerm], calendar: Calendar) -> tuple[Plan, ...]:
    """Terms as the surcharge reads them; a last day of rest is the next working day."""
    found: dict[int, list[PaymentTerm]] = {}
    for term in terms:
        found.setdefault(term.plan, []).append(term)
    return tuple(
        Plan(plan[0].since, tuple((calendar.roll_forward(term.due_on), term.amount) for term in plan))
        for _, plan in sorted(found.items())
    )


@dataclass(frozen=True)
class Account:
    """The rows of one debt, read once; amounts on any day follow from them."""

    row: PenaltyDebt
    entries: Sequence[Payment]
    plans: tuple[Plan, ...]
    pauses: tuple[Pause, ...]
    waived: int
    rate: Rate

    @property
    def fine(self) -> Fine:
        """The fine as :mod:`engine.inspection.surcharge` reads it."""
        return Fine(self.row.fine, self.plans, tuple(_net(self.entries, FINE)), self.pauses)

    def late_days(self, on: date) -> list[LateDay]:
        """Each late day up to ``on``."""
        return list(late_days(self.fine, self.rate, on))

    def balance(self, on: date) -> Balance:
        """What is owed, paid and left on ``on``."""
        days = self.late_days(on)
        paid = {purpose: sum(amount for _, amount in _net(self.entries, purpose)) for purpose in PURPOSES}
        next_on, amount = self._next(paid)
        return Balance(
            on, self.row.fine, self.row.confiscated, days[-1].total if days else 0, self.waived, paid,
            late_on(self.fine, on), next_on, amount,
        )  # fmt: skip

    def _next(self, paid: dict[str, int]) -> tuple[date | None, int]:
        """The first last day whose money has not all come, and what is missing of it."""
        missing: dict[date, int] = {}
        if self.plans and (left := self.row.confiscated - paid[CONFISCATED]) > 0:
            missing[self.plans[0].terms[0][0]] = left  # the decision's own term: only the fine is put off (PL66)
        rest = self.row.fine - paid[FINE]
        if self.plans and rest > 0:
            later = sum(amount for _, amount in self.plans[-1].terms)
            for last, amount in self.plans[-1].terms:
                later -= amount
                if rest > later:
                    missing[last] = missing.get(last, 0) + rest - later
                    break
        first = min(missing, default=None)
        return first, missing[first] if first else 0


def account(session: Session, settings: Settings, calendar: Calendar, row: PenaltyDebt) -> Account:
    """The account of a debt."""
    return accounts(session, settings, calendar, [row])[0]


def accounts(
    session: Session, settings: Settings, calendar: Calendar, found: Sequence[PenaltyDebt]
) -> list[Account]:  # fmt: skip
    """The accounts of some debts of one district, in their order."""
    numbers, penalties = [row.number for row in found], [row.penalty for row in found]
    district = found[0].district_id if found else ""

    def by(model: Any, column: Any, keys: list[str], *order: Any) -> dict[str, list[Any]]:
        groups: dict[str, list[Any]] = {key: [] for key in keys}
        wanted = sa.select(model).where(model.district_id == district, column.in_(keys)).order_by(*order)
        for one in session.scalars(wanted):
            groups[getattr(one, column.key)].append(one)
        return groups

    entries = by(Payment, Payment.debt, numbers, Payment.serial)
    terms = by(PaymentTerm, PaymentTerm.debt, numbers, PaymentTerm.plan, PaymentTerm.position)
    asked = by(PaymentRequest, PaymentRequest.debt, numbers, PaymentRequest.serial)
    pauses = by(SurchargePause, SurchargePause.penalty, penalties, SurchargePause.since)
    return [
        Account(
            row, entries[row.number], plans_of(terms[row.number], calendar),
            tuple(Pause(p.since, p.until, p.ground) for p in pauses[row.penalty]),
            sum(r.waived for r in asked[row.number] if r.kind == RELIEF and r.decision == GRANTED),
            rate_on(settings, row.decided_on),
        )
        for row in found
    ]  # fmt: skip


def balance(session: Session, settings: Settings, calendar: Calendar, row: PenaltyDebt, on: date) -> Balance:
    """What is owed, paid and left of a debt on ``on``."""
    return account(session, settings, calendar, row).balance(on)
