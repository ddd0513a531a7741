"""Periods against an independent count: every single day is asked for, one after the other, whether it counts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar
from hypothesis import given
from hypothesis import strategies as st

from engine.calendar import Calendar, announced_years
from engine.periods import Period, Suspension, count

ZONE = ZoneInfo("Asia/Shanghai")
YEARS = announced_years()
CALENDAR = Calendar({d.day: d.works for days in YEARS.values() for d in days}, frozenset(YEARS), ZONE)

starts = st.datetimes(datetime(2005, 1, 1), datetime(2024, 12, 31)).map(lambda moment: moment.replace(tzinfo=ZONE))
#: (hours after the start or the last suspension, hours it lasts)
gaps = st.lists(st.tuples(st.integers(0, 900), st.integers(0, 700)), max_size=4)
parts = st.lists(st.tuples(st.integers(1, 40), st.sampled_from(["wd", "d"])), min_size=1, max_size=4)


def suspensions(start: datetime, found: list[tuple[int, int]]) -> list[tuple[datetime, datetime]]:
    moment, spans = start, []
    for before, lasting in found:
        since = moment + timedelta(hours=before)
        moment = since + timedelta(hours=lasting)
        spans.append((since, moment))
    return spans


def counted_by_hand(
    start: datetime, wanted: list[tuple[int, str]], spans: list[tuple[datetime, datetime]], includes_start: bool
) -> date:
    """The last day of a period: a calendar on the wall, one day crossed out after the other."""
    struck: set[date] = set()
    for since, until in spans:
        day = since.astimezone(ZONE).date()
        while day != until.astimezone(ZONE).date():
            day = date.fromordinal(day.toordinal() + 1)
            struck.add(day)
    left = [unit for amount, unit in wanted for _ in range(amount)]
    today = start.astimezone(ZONE).date()
    first = True
    while True:
        if not first or includes_start:
            works = chinese_calendar.is_workday(today)
            if today not in struck:
                if left and (left[0] == "d" or works):
                    last_unit = left.pop(0)
                    if not left and last_unit == "wd":
                        return today
                if not left and works:
                    return today
        first = False
        today = date.fromordinal(today.toordinal() + 1)


def period(
    start: datetime, wanted: list[tuple[int, str]], spans: list[tuple[datetime, datetime]], included: bool = False
) -> Period:
    rules = [f"{amount}{unit}" for amount, unit in wanted]
    return Period(rules[0], start, included, tuple(Suspension(*span) for span in spans), tuple(rules[1:]))


@given(starts, parts, gaps, st.booleans())
def test_a_stacked_period_agrees_with_a_count_day_by_day(
    start: datetime, wanted: list[tuple[int, str]], found: list[tuple[int, int]], included: bool
) -> None:
    spans = suspensions(start, found)
    result = count(CALENDAR, period(start, wanted, spans, included))
    assert result.due_at is not None and result.due_at.strftime("%H:%M:%S") == "23:59:59"
    assert result.due_at.date() == counted_by_hand(start, wanted, spans, included)


@given(starts, st.integers(1, 400), gaps)
def test_hours_agree_with_a_count_hour_by_hour(start: datetime, hours: int, found: list[tuple[int, int]]) -> None:
    spans = suspensions(start, found)
    clock, left = start.astimezone(UTC), hours
    while left:
        if not any(since <= clock < until for since, until in spans):
            left -= 1
        clock += timedelta(hours=1)
    # What ends in the moment a suspension begins has ended; the hand's clock would wait for it to pass.
    rules = Period(f"{hours}h", start, suspensions=tuple(Suspension(*span) for span in spans))
    assert count(CALENDAR, rules).due_at == clock


@given(starts, parts, gaps, st.permutations([0, 1, 2, 3]))
def test_the_order_in_which_suspensions_were_entered_does_not_matter(
    start: datetime, wanted: list[tuple[int, str]], found: list[tuple[int, int]], order: list[int]
) -> None:
    spans = suspensions(start, found)
    shuffled = [spans[place] for place in order if place < len(spans)]
    assert count(CALENDAR, period(start, wanted, spans)) == count(CALENDAR, period(start, wanted, shuffled))


@given(starts, parts, gaps, st.integers(1, 60))
def test_more_time_is_never_less_and_the_stages_come_in_order(
    start: datetime, wanted: list[tuple[int, str]], found: list[tuple[int, int]], more: int
) -> None:
    spans = suspensions(start, found)
    result = count(CALENDAR, period(start, wanted, spans), (50, 80, 100))
    longer = count(CALENDAR, period(start, [*wanted, (more, wanted[-1][1])], spans))
    assert result.due_at is not None and longer.due_at is not None
    assert longer.due_at >= result.due_at
    assert result.marks[50] <= result.marks[80] <= result.marks[100] == result.due_at
    assert start.astimezone(ZONE).date() <= result.marks[50].date()


@given(starts, parts, gaps)
def test_a_period_that_stands_still_has_no_end(
    start: datetime, wanted: list[tuple[int, str]], found: list[tuple[int, int]]
) -> None:
    spans = suspensions(start, found)
    last = spans[-1][1] if spans else start
    running = period(start, wanted, spans)
    still = Period(running.rule, start, False, (*running.suspensions, Suspension(last)), running.extensions)
    assert count(CALENDAR, still).due_at is None
