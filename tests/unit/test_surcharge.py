"""The surcharge on the days that matter: the last day of the term, the first late one, the one that reaches the cap."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from engine.inspection.surcharge import WHOLE, Fine, Pause, Plan, Rate, late_days, spans, surcharge

THREE = Rate(Decimal(3), Decimal(100))
LAST = date(2026, 3, 17)
FINE = Fine(10_000_00, (Plan(date(2026, 3, 2), ((LAST, 10_000_00),)),))


def after(days: int) -> date:
    return LAST + timedelta(days=days)


def test_nothing_is_added_on_the_last_day_and_three_percent_on_each_day_after() -> None:
    assert [surcharge(FINE, THREE, after(n)) for n in (-1, 0, 1, 2)] == [0, 0, 300_00, 600_00]


def test_the_day_of_payment_is_the_last_one_counted() -> None:
    paid = Fine(FINE.amount, FINE.plans, ((after(1), 10_000_00),))
    assert surcharge(paid, THREE, after(60)) == 300_00
    in_time = Fine(FINE.amount, FINE.plans, ((LAST, 10_000_00),))
    assert surcharge(in_time, THREE, after(60)) == 0


def test_the_fine_itself_is_the_most_and_is_reached_on_the_thirty_fourth_day() -> None:
    reached = [surcharge(FINE, THREE, after(n)) for n in (33, 34, 35, 300)]
    assert reached == [9_900_00, 10_000_00, 10_000_00, 10_000_00]
    assert [day.added for day in late_days(FINE, THREE, after(35))][-3:] == [300_00, 100_00, 0]


def test_a_part_paid_late_goes_on_with_the_rest_alone_unless_the_row_names_the_whole_fine() -> None:
    partly = Fine(FINE.amount, FINE.plans, ((after(2), 4_000_00),))
    assert surcharge(partly, THREE, after(4)) == 2 * 300_00 + 2 * 180_00
    assert surcharge(partly, Rate(Decimal(3), Decimal(100), WHOLE), after(4)) == 4 * 300_00


def test_days_of_review_are_shown_and_add_nothing() -> None:
    reviewed = Fine(FINE.amount, FINE.plans, (), (Pause(after(2), after(11), "行政复议"),))
    days = list(late_days(reviewed, THREE, after(12)))
    assert [(len(days), days[-1].total)] == [(12, 600_00)]
    told = [((last.day - first.day).days + 1, first.pause) for first, last in spans(days)]
    assert told == [(1, ""), (10, "行政复议"), (1, "")]


def test_a_deferral_puts_the_first_late_day_off_and_instalments_are_late_one_by_one() -> None:
    deferred = Fine(FINE.amount, (*FINE.plans, Plan(date(2026, 3, 10), ((after(30), 10_000_00),))))
    assert [surcharge(deferred, THREE, after(n)) for n in (30, 31)] == [0, 300_00]
    halves = Plan(date(2026, 3, 10), ((after(10), 5_000_00), (after(40), 5_000_00)))
    missed = Fine(FINE.amount, (*FINE.plans, halves))
    assert [surcharge(missed, THREE, after(n)) for n in (10, 11, 12)] == [0, 150_00, 300_00]
    made_good = Fine(FINE.amount, (*FINE.plans, halves), ((after(12), 5_000_00),))
    assert [surcharge(made_good, THREE, after(n)) for n in (40, 41)] == [300_00, 450_00]


def test_fen_are_rounded_on_the_sum_and_do_not_add_up() -> None:
    odd = Fine(33, (Plan(date(2026, 3, 2), ((LAST, 33),)),))  # 0.99 fen a day
    assert [surcharge(odd, THREE, after(n)) for n in (1, 2, 33, 34)] == [1, 2, 33, 33]
