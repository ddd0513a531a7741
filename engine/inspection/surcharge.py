"""加处罚款: what is added to a fine for every day it is late (PL72), day by day and in exact decimals.

A day is late when part of the fine was due before it and not paid before it; so the first day after the last day
of a term is the first late day, and the day of payment the last one.  Days of review or lawsuit do not count
(PL73), nor do days that a deferral or an instalment plan put off (PL66): then nothing was due.  The sum never
passes the row's share of the fine.  Amounts are fen (分), whole; the sum is rounded once a day, half up, so that
rounding never adds up.

Pure: no clock, no database, no table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

_ONE_DAY = timedelta(days=1)
UNPAID, WHOLE = "未缴部分", "罚款数额"


@dataclass(frozen=True, slots=True)
class Rate:
    """A dated row: ``percent`` a day of ``base`` (what is late of the fine, or the whole fine while any of it is
    late), at most ``cap_percent`` of the fine.
    """

    percent: Decimal
    cap_percent: Decimal
    base: str = UNPAID


@dataclass(frozen=True, slots=True)
class Plan:
    """Terms in force from ``since`` on: ``(last day, amount)``; what no term names was due before."""

    since: date
    terms: tuple[tuple[date, int], ...]


@dataclass(frozen=True, slots=True)
class Pause:
    """Days that do not count, both ends included; ``until`` None while it lasts."""

    since: date
    until: date | None
    ground: str


@dataclass(frozen=True, slots=True)
class LateDay:
    """One day: what of the fine was late on it, why it does not count (or ""), what it added, the sum so far."""

    day: date
    late: int
    pause: str
    added: int
    total: int


@dataclass(frozen=True, slots=True)
class Fine:
    """Everything the surcharge of one fine follows from; ``paid`` are ``(day, amount)`` of the fine alone.

    ``plans`` in the order they were granted, the first being the decision's own term.
    """

    amount: int
    plans: tuple[Plan, ...]
    paid: tuple[tuple[date, int], ...] = ()
    pauses: tuple[Pause, ...] = ()


def late_on(fine: Fine, day: date) -> int:
    """What of the fine is late on ``day``: due before it, not paid before it."""
    plan = next((plan for plan in reversed(fine.plans) if plan.since <= day), None)
    if plan is None:
        return 0
    not_yet = sum(amount for last, amount in plan.terms if last >= day)
    paid = sum(amount for on, amount in fine.paid if on < day)
    return max(0, fine.amount - not_yet - paid)


def late_days(fine: Fine, rate: Rate, until: date) -> Iterator[LateDay]:
    """Every late day up to and including ``until``, also those that do not count."""
    cap = _fen(fine.amount * rate.cap_percent / 100)
    exact, total = Decimal(0), 0
    for day in _candidates(fine, until):
        late = late_on(fine, day)
        if not late:
            continue
        ground = next((p.ground for p in fine.pauses if p.since <= day and (p.until is None or day <= p.until)), "")
        if not ground:
            exact += (late if rate.base == UNPAID else fine.amount) * rate.percent / 100
        before, total = total, min(_fen(exact), cap)
        yield LateDay(day, late, ground, total - before, total)


def surcharge(fine: Fine, rate: Rate, until: date) -> int:
    """The sum up to and including ``until``, in fen."""
    return max((day.total for day in late_days(fine, rate, until)), default=0)


def spans(days: Sequence[LateDay]) -> list[tuple[LateDay, LateDay]]:
    """Days one after the other on which the same happened, as first and last: what an official reads."""
    found: list[tuple[LateDay, LateDay]] = []
    for day in days:
        if found:
            first, last = found[-1]
            same = (last.late, last.pause, last.added) == (day.late, day.pause, day.added)
            if same and last.day + _ONE_DAY == day.day:
                found[-1] = (first, day)
                continue
        found.append((day, day))
    return found


def _candidates(fine: Fine, until: date) -> Iterator[date]:
    """Days that may be late: none before a plan is in force, none after everything was paid."""
    first = min((plan.since for plan in fine.plans), default=until)
    paid, end = 0, until
    for on, amount in sorted(fine.paid):
        paid += amount
        if paid >= fine.amount:
            end = min(until, on)
            break
    while first <= end:
        yield first
        first += _ONE_DAY


def _fen(exact: Decimal) -> int:
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))
