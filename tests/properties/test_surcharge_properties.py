"""The surcharge against an independent count: an account book kept day after day with fractions."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from engine.inspection.surcharge import UNPAID, WHOLE, Fine, Pause, Plan, Rate, late_days, spans, surcharge

DAY = date(2026, 3, 2)


def on(days: int) -> date:
    return DAY + timedelta(days=days)


@st.composite
def fines(draw: st.DrawFn) -> Fine:
    amount = draw(st.integers(1, 3_000_00))
    plans = [Plan(DAY, ((on(draw(st.integers(0, 20))), amount),))]
    for _ in range(draw(st.integers(0, 2))):
        since = max(plans[-1].since, on(draw(st.integers(0, 60))))
        cuts = sorted(draw(st.lists(st.integers(0, amount), max_size=3)))
        parts = [b - a for a, b in zip([0, *cuts], cuts, strict=False)]
        days = sorted(draw(st.lists(st.integers(0, 120), min_size=len(parts), max_size=len(parts))))
        plans.append(Plan(since, tuple((since + timedelta(days=d), p) for d, p in zip(days, parts, strict=True))))
    paid = draw(st.lists(st.tuples(st.integers(0, 150), st.integers(1, amount)), max_size=5))
    pauses = draw(st.lists(st.tuples(st.integers(0, 150), st.none() | st.integers(0, 60)), max_size=3))
    return Fine(
        amount, tuple(plans), tuple((on(d), a) for d, a in paid),
        tuple(Pause(on(d), None if n is None else on(d + n), "行政复议") for d, n in pauses),
    )  # fmt: skip


rates = st.builds(
    Rate, st.sampled_from([Decimal("3"), Decimal("0.5"), Decimal("2.75")]),
    st.sampled_from([Decimal(100), Decimal(50)]), st.sampled_from([UNPAID, WHOLE]),
)  # fmt: skip


def kept_by_hand(fine: Fine, rate: Rate, until: date) -> Fraction:
    """What a clerk writes into a book: each morning what is still owed of what fell due, each evening the sum."""
    money = Fraction(0)
    ceiling = Fraction(fine.amount) * Fraction(rate.cap_percent) / 100
    today = DAY
    while today <= until:
        in_force = [plan for plan in fine.plans if plan.since <= today][-1]
        waiting = {last: Fraction(0) for last, _ in in_force.terms}
        for last, part in in_force.terms:
            waiting[last] += part
        open_of_fine = fine.amount - sum(part for last, part in waiting.items() if not last < today)
        for day, part in fine.paid:
            if day < today:
                open_of_fine -= part
        reviewed = any(p.since <= today <= (p.until or today) for p in fine.pauses)
        if open_of_fine > 0 and not reviewed:
            money += Fraction(rate.percent) / 100 * (fine.amount if rate.base == WHOLE else open_of_fine)
        today += timedelta(days=1)
    return min(money, ceiling)


@given(fines(), rates, st.integers(0, 200))
def test_the_surcharge_agrees_with_a_book_kept_by_hand(fine: Fine, rate: Rate, days: int) -> None:
    total, exact = surcharge(fine, rate, on(days)), kept_by_hand(fine, rate, on(days))
    assert abs(total - exact) <= Fraction(1, 2)
    shown = list(late_days(fine, rate, on(days)))
    assert sum(day.added for day in shown) == total and all(day.added >= 0 for day in shown)
    assert all(day.added == 0 for day in shown if day.pause)
    assert [d.day for d in shown] == sorted({d.day for d in shown})
    read = spans(shown)
    assert sum((last.day - first.day).days + 1 for first, last in read) == len(shown)


@given(fines(), rates, st.integers(0, 150))
def test_another_day_never_makes_it_less_and_a_pause_never_more(fine: Fine, rate: Rate, days: int) -> None:
    total = surcharge(fine, rate, on(days))
    assert total <= surcharge(fine, rate, on(days + 1))
    longer = Fine(fine.amount, fine.plans, fine.paid, (*fine.pauses, Pause(on(10), on(40), "行政诉讼")))
    assert surcharge(longer, rate, on(days)) <= total
