"""Working days and due times (domain.md §5)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engine.calendar import (
    Calendar,
    DayOfNotice,
    announced_years,
    calendar_with_notice,
    import_notice,
    seed_calendar,
    statutory_days_off,
)
from engine.db import Base, Database
from engine.errors import InvalidInput
from engine.models import CalendarDay
from engine.periods import Count, Period, Suspension, count

ZONE = ZoneInfo("Asia/Shanghai")
DISTRICT = "370105"
NOW = datetime(2026, 1, 5, 9, 0, tzinfo=ZONE)


def due_on(calendar: Calendar, rule: str, started_at: datetime) -> Count:
    """A period without suspension or extension."""
    return count(calendar, Period(rule, started_at))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    db = Database(f"sqlite:///{tmp_path / 'calendar.db'}")
    Base.metadata.create_all(db.engine)
    with db.write() as session:
        seed_calendar(session, DISTRICT, NOW)
    yield db
    db.dispose()


@pytest.fixture
def calendar() -> Calendar:
    years = announced_years()
    return Calendar({d.day: d.works for days in years.values() for d in days}, frozenset(years), ZONE)


def test_the_named_days_of_the_notices_work_or_rest(calendar: Calendar) -> None:
    assert calendar.is_working_day(date(2025, 1, 26)), "a Sunday made up for the Spring Festival"
    assert not calendar.is_working_day(date(2025, 10, 8))
    for month, day in ((1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)):
        made_up = date(2026, month, day)
        assert made_up.weekday() >= 5
        assert calendar.is_working_day(made_up)


@pytest.mark.parametrize(
    ("start", "last"),
    [
        ("2026-01-20", "2026-02-24"),
        ("2026-02-06", "2026-03-12"),
        ("2026-09-18", "2026-10-22"),
        ("2025-09-19", "2025-10-23"),
    ],
)
def test_twenty_working_days_exclude_the_start_day(calendar: Calendar, start: str, last: str) -> None:
    assert calendar.add_working_days(date.fromisoformat(start), 20) == date.fromisoformat(last)
    due = due_on(calendar, "20wd", datetime.fromisoformat(f"{start}T16:30:00+08:00"))
    assert due.due_at.isoformat() == f"{last}T23:59:59+08:00"
    assert not due.provisional


def test_calendar_days_roll_to_the_next_working_day(calendar: Calendar) -> None:
    started = datetime(2026, 9, 16, 10, 0, tzinfo=ZONE)
    assert due_on(calendar, "15d", started).due_at == datetime(2026, 10, 8, 23, 59, 59, tzinfo=ZONE)
    assert due_on(calendar, "1d", started).due_at == datetime(2026, 9, 17, 23, 59, 59, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("start", "rule", "last"),
    [
        ("2026-03-10", "6m", "2026-09-10"),  # the same day of the month
        ("2025-08-31", "6m", "2026-02-28"),  # that month has no such day (and its 28th is made up for)
        ("2026-09-01", "1m", "2026-10-08"),  # a holiday: the next working day
        ("2025-10-15", "3m", "2026-01-15"),  # over the turn of the year
    ],
)
def test_months_end_on_the_day_of_the_month(calendar: Calendar, start: str, rule: str, last: str) -> None:
    started = datetime.fromisoformat(f"{start}T16:30:00+08:00")
    assert due_on(calendar, rule, started).due_at == datetime.fromisoformat(f"{last}T23:59:59+08:00")


def test_days_that_stand_still_follow_after_the_months(calendar: Calendar) -> None:
    started = datetime(2026, 3, 10, 9, 0, tzinfo=ZONE)
    still = Suspension(datetime(2026, 4, 1, 9, 0, tzinfo=ZONE), datetime(2026, 4, 11, 9, 0, tzinfo=ZONE))
    moved = count(calendar, Period("3m", started, suspensions=(still,)))
    assert moved.due_at == datetime(2026, 6, 22, 23, 59, 59, tzinfo=ZONE)  # ten days after the 10th, a Saturday
    first_day_counts = count(calendar, Period("3m", started, includes_start=True))
    assert first_day_counts.due_at == datetime(2026, 6, 9, 23, 59, 59, tzinfo=ZONE)


def test_hours_run_to_the_second_over_holidays(calendar: Calendar) -> None:
    started = datetime(2026, 10, 1, 10, 11, 12, tzinfo=ZONE)
    assert due_on(calendar, "24h", started).due_at == started + timedelta(hours=24)


def test_an_evening_in_london_is_already_the_next_day_here(calendar: Calendar) -> None:
    started = datetime(2026, 1, 19, 16, 30, tzinfo=UTC)  # 00:30 on the 20th in Shanghai
    assert due_on(calendar, "20wd", started).due_at.date() == date(2026, 2, 24)


@pytest.mark.parametrize("server_zone", ["America/Los_Angeles", "UTC", "Pacific/Auckland"])
def test_the_zone_of_the_server_does_not_matter(
    calendar: Calendar, monkeypatch: pytest.MonkeyPatch, server_zone: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", server_zone)
        time.tzset()
        due = due_on(calendar, "20wd", datetime(2026, 1, 20, 0, 5, tzinfo=ZONE))
    time.tzset()
    assert due.due_at == datetime(2026, 2, 24, 15, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("rule", ["", "wd", "20", "20 weeks", "-3d", "1.5h", "99999wd", "9999wd"])
def test_an_unknown_rule_is_refused_with_the_right_spelling(calendar: Calendar, rule: str) -> None:
    with pytest.raises(InvalidInput, match="20wd"):
        due_on(calendar, rule, NOW)


def test_a_naive_instant_is_refused(calendar: Calendar) -> None:
    with pytest.raises(ValueError, match="naive"):
        due_on(calendar, "20wd", datetime(2026, 1, 20))


def test_negative_working_days_are_refused(calendar: Calendar) -> None:
    with pytest.raises(ValueError, match="out of range"):
        calendar.add_working_days(date(2026, 1, 1), -1)


def test_remaining_working_days_turn_negative_when_overdue(calendar: Calendar) -> None:
    assert calendar.working_days_between(date(2026, 1, 20), date(2026, 2, 24)) == 20
    assert calendar.working_days_between(date(2026, 2, 24), date(2026, 1, 20)) == -20
    assert calendar.working_days_between(date(2026, 2, 24), date(2026, 2, 24)) == 0


def test_a_year_without_a_notice_is_provisional_and_rests_by_statute(calendar: Calendar) -> None:
    assert calendar.is_provisional(2027)
    # 2027: 除夕 falls on Friday 5 February; the 6th and 7th are a weekend, made up on the 9th and 10th.
    assert [calendar.is_working_day(date(2027, 2, day)) for day in range(4, 12)] == [
        True, False, False, False, False, False, False, True,
    ]  # fmt: skip
    assert date(2027, 4, 5) in statutory_days_off(2027)
    assert not calendar.is_working_day(date(2027, 6, 9)), "端午"
    due = due_on(calendar, "20wd", datetime(2026, 12, 21, 9, 0, tzinfo=ZONE))
    assert due.provisional
    assert not due_on(calendar, "5wd", datetime(2026, 12, 21, 9, 0, tzinfo=ZONE)).provisional


def test_far_years_still_count(calendar: Calendar) -> None:
    assert not calendar.is_working_day(date(2150, 10, 1))
    assert due_on(calendar, "20wd", datetime(2149, 12, 30, tzinfo=ZONE)).provisional


def test_seeding_twice_changes_nothing_and_keeps_corrections(store: Database) -> None:
    with store.write() as session:
        session.merge(
            CalendarDay(
                day="2026-03-03", district_id=DISTRICT, works=False, name="临时放假", notice="济天政办〔2026〕1号"
            )
        )
    with store.write() as session:
        assert seed_calendar(session, DISTRICT, NOW) == 0
    with store.read() as session:
        calendar = Calendar.load(session, DISTRICT, ZONE)
        made_up = session.query(CalendarDay).filter_by(district_id=DISTRICT, day="2026-10-10").one()
        assert made_up.works
        assert "2026年" in made_up.notice
    assert not calendar.is_working_day(date(2026, 3, 3))


def test_one_district_does_not_read_anothers_calendar(store: Database) -> None:
    with store.read() as session:
        assert Calendar.load(session, "370102", ZONE).is_provisional(2026)


NOTICE_2027 = [
    DayOfNotice(date(2026, 12, 31), False, "元旦"),
    DayOfNotice(date(2027, 1, 1), False, "元旦"),
    DayOfNotice(date(2027, 1, 3), True, "元旦"),
]


def test_importing_a_notice_ends_the_provisional_year(store: Database) -> None:
    started = datetime(2026, 12, 21, 9, 0, tzinfo=ZONE)
    with store.read() as session:
        assert due_on(Calendar.load(session, DISTRICT, ZONE), "20wd", started).provisional
        shown = calendar_with_notice(session, 2027, "通知", NOTICE_2027, district_id=DISTRICT, zone=ZONE)
    with store.write() as session:
        import_notice(session, 2027, "国办发明电〔2026〕9号", NOTICE_2027, district_id=DISTRICT, now=NOW)
    with store.read() as session:
        calendar = Calendar.load(session, DISTRICT, ZONE)
    assert not due_on(calendar, "20wd", started).provisional
    assert not calendar.is_working_day(date(2026, 12, 31))
    assert calendar.is_working_day(date(2027, 1, 3))
    days = [date(2026, 12, 1) + timedelta(days=n) for n in range(120)]
    assert [shown.is_working_day(day) for day in days] == [calendar.is_working_day(day) for day in days]


def test_importing_a_corrected_notice_replaces_the_first_and_leaves_other_years(store: Database) -> None:
    with store.write() as session:
        import_notice(session, 2027, "国办发明电〔2026〕9号", NOTICE_2027, district_id=DISTRICT, now=NOW)
        import_notice(session, 2027, "国办发明电〔2026〕10号", NOTICE_2027[1:2], district_id=DISTRICT, now=NOW)
    with store.read() as session:
        calendar = Calendar.load(session, DISTRICT, ZONE)
    assert calendar.is_working_day(date(2026, 12, 31))
    assert not calendar.is_working_day(date(2027, 1, 3))
    assert calendar.is_working_day(date(2026, 10, 10))


def test_a_notice_without_name_or_with_days_of_another_year_is_refused(store: Database) -> None:
    with store.write() as session:
        with pytest.raises(InvalidInput, match="文号"):
            import_notice(session, 2027, " ", NOTICE_2027, district_id=DISTRICT, now=NOW)
        with pytest.raises(InvalidInput, match="2026-05-01"):
            import_notice(session, 2027, "某号", [DayOfNotice(date(2026, 5, 1), False)], district_id=DISTRICT, now=NOW)
