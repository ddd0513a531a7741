"""Working-day arithmetic against a literal day-by-day count by an independent source."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar
from hypothesis import given
from hypothesis import strategies as st

from engine.calendar import Calendar, announced_years
from engine.periods import Period, count

ZONE = ZoneInfo("Asia/Shanghai")
YEARS = announced_years()
CALENDAR = Calendar({d.day: d.works for days in YEARS.values() for d in days}, frozenset(YEARS), ZONE)

known_days = st.dates(date(2004, 1, 1), date(2026, 6, 30))
any_days = st.dates(date(2004, 1, 1), date(2099, 1, 1))


def count_by_hand(start: date, n: int) -> date:
    """The n-th working day after start, asking chinesecalendar itself for each day."""
    day, left = start, n
    while left > 0:
        day = date.fromordinal(day.toordinal() + 1)
        if chinese_calendar.is_workday(day):
            left -= 1
    return day


@given(known_days)
def test_every_announced_day_agrees_with_its_notice(day: date) -> None:
    assert CALENDAR.is_working_day(day) == chinese_calendar.is_workday(day)


@given(known_days, st.integers(0, 90))
def test_adding_working_days_agrees_with_a_count_day_by_day(start: date, n: int) -> None:
    assert CALENDAR.add_working_days(start, n) == count_by_hand(start, n)


@given(any_days, st.integers(0, 60))
def test_between_undoes_add(start: date, n: int) -> None:
    last = CALENDAR.add_working_days(start, n)
    assert CALENDAR.working_days_between(start, last) == n
    assert n == 0 or CALENDAR.is_working_day(last)


@given(any_days, st.integers(0, 30), st.integers(0, 30))
def test_working_days_add_up(start: date, a: int, b: int) -> None:
    assert CALENDAR.add_working_days(CALENDAR.add_working_days(start, a), b) == CALENDAR.add_working_days(start, a + b)


@given(any_days, st.integers(1, 400))
def test_calendar_days_end_on_the_first_working_day_not_before_their_last(start: date, n: int) -> None:
    due = count(CALENDAR, Period(f"{n}d", datetime(start.year, start.month, start.day, 12, tzinfo=ZONE))).due_at
    assert due is not None
    nominal = start + timedelta(days=n)
    assert due.date() >= nominal
    assert CALENDAR.is_working_day(due.date())
    assert all(not CALENDAR.is_working_day(nominal + timedelta(days=i)) for i in range((due.date() - nominal).days))


@given(
    st.datetimes(datetime(2004, 1, 2), datetime(2098, 12, 1)),
    st.sampled_from(["America/Los_Angeles", "UTC", "Pacific/Auckland", "Europe/Berlin"]),
    st.sampled_from(["20wd", "15d", "24h", "7wd"]),
)
def test_the_zone_an_instant_is_written_in_changes_nothing(at: datetime, zone: str, rule: str) -> None:
    instant = at.replace(tzinfo=UTC)
    elsewhere = Period(rule, instant.astimezone(ZoneInfo(zone)))
    assert count(CALENDAR, Period(rule, instant)) == count(CALENDAR, elsewhere)
