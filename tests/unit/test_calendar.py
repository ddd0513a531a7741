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
    import_notice,
    recompute_deadlines,
    seed_calendar,
    set_day,
    statutory_days_off,
)
from engine.db import Base, Database
from engine.errors import InvalidInput
from engine.models import CalendarDay, Deadline, ProcessDefinition, ProcessInstance, UserTask

ZONE = ZoneInfo("Asia/Shanghai")
DISTRICT = "370105"
NOW = datetime(2026, 1, 5, 9, 0, tzinfo=ZONE)


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
    due = calendar.due("20wd", datetime.fromisoformat(f"{start}T16:30:00+08:00"))
    assert due.at.isoformat() == f"{last}T23:59:59+08:00"
    assert not due.provisional


def test_calendar_days_roll_to_the_next_working_day(calendar: Calendar) -> None:
    started = datetime(2026, 9, 16, 10, 0, tzinfo=ZONE)
    assert calendar.due("15d", started).at == datetime(2026, 10, 8, 23, 59, 59, tzinfo=ZONE)  # 1 October and holidays
    assert calendar.due("1d", started).at == datetime(2026, 9, 17, 23, 59, 59, tzinfo=ZONE)


def test_hours_run_to_the_second_over_holidays(calendar: Calendar) -> None:
    started = datetime(2026, 10, 1, 10, 11, 12, tzinfo=ZONE)
    assert calendar.due("24h", started).at == started + timedelta(hours=24)


def test_an_evening_in_london_is_already_the_next_day_here(calendar: Calendar) -> None:
    started = datetime(2026, 1, 19, 16, 30, tzinfo=UTC)  # 00:30 on the 20th in Shanghai
    assert calendar.due("20wd", started).at.date() == date(2026, 2, 24)


@pytest.mark.parametrize("server_zone", ["America/Los_Angeles", "UTC", "Pacific/Auckland"])
def test_the_zone_of_the_server_does_not_matter(
    calendar: Calendar, monkeypatch: pytest.MonkeyPatch, server_zone: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", server_zone)
        time.tzset()
        due = calendar.due("20wd", datetime(2026, 1, 20, 0, 5, tzinfo=ZONE))
    time.tzset()
    assert due.at == datetime(2026, 2, 24, 15, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("rule", ["", "wd", "20", "20 weeks", "-3d", "1.5h", "99999wd", "9999wd"])
def test_an_unknown_rule_is_refused_with_the_right_spelling(calendar: Calendar, rule: str) -> None:
    with pytest.raises(InvalidInput, match="20wd"):
        calendar.due(rule, NOW)


def test_a_naive_instant_is_refused(calendar: Calendar) -> None:
    with pytest.raises(ValueError, match="naive"):
        calendar.due("20wd", datetime(2026, 1, 20))


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
    due = calendar.due("20wd", datetime(2026, 12, 21, 9, 0, tzinfo=ZONE))
    assert due.provisional
    assert not calendar.due("5wd", datetime(2026, 12, 21, 9, 0, tzinfo=ZONE)).provisional


def test_far_years_still_count(calendar: Calendar) -> None:
    assert not calendar.is_working_day(date(2150, 10, 1))
    assert calendar.due("20wd", datetime(2149, 12, 30, tzinfo=ZONE)).provisional


def test_seeding_twice_changes_nothing_and_keeps_corrections(store: Database) -> None:
    with store.write() as session:
        set_day(
            session,
            DayOfNotice(date(2026, 3, 3), False, "临时放假"),
            notice="济天政办〔2026〕1号",
            district_id=DISTRICT,
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


def test_importing_a_notice_ends_the_provisional_year_and_moves_open_deadlines(store: Database) -> None:
    started = datetime(2026, 12, 21, 9, 0, tzinfo=ZONE)
    with store.write() as session:
        before = Calendar.load(session, DISTRICT, ZONE).due("20wd", started)
        definition = ProcessDefinition(
            district_id=DISTRICT, key="k", version=1, name="n", digest="d", bundle={}, deployed_at=NOW
        )
        session.add(definition)
        session.flush()
        instance = ProcessInstance(
            district_id=DISTRICT,
            definition_id=definition.id,
            process_key="k",
            business_key="A",
            state=b"",
            started_at=NOW,
        )
        session.add(instance)
        session.flush()
        for state in ("open", "completed"):
            session.add(
                UserTask(
                    district_id=DISTRICT,
                    instance_id=instance.id,
                    process_key="k",
                    business_key="A",
                    state=state,
                    engine_task_id=state,
                    element_id="e",
                    name="公示",
                    group="SCJG/承办人",
                    created_at=NOW,
                    deadline_name="publication",
                    due_at=before.at,
                )
            )
        for key, met in (("A", None), ("B", NOW)):
            session.add(
                Deadline(
                    district_id=DISTRICT,
                    business_key=key,
                    name="publication",
                    started_at=started,
                    rule="20wd",
                    due_at=before.at,
                    provisional=before.provisional,
                    met_at=met,
                )
            )
    with store.write() as session:
        import_notice(session, 2027, "国办发明电〔2026〕9号", NOTICE_2027, district_id=DISTRICT, now=NOW)
        moved = recompute_deadlines(session, DISTRICT, ZONE)
    assert [(m.business_key, m.name, m.old_due_at, m.provisional) for m in moved] == [
        ("A", "publication", before.at, False)
    ]
    with store.read() as session:
        calendar = Calendar.load(session, DISTRICT, ZONE)
        due = calendar.due("20wd", started)
        assert not due.provisional
        assert moved[0].new_due_at == due.at
        tasks = {t.state: t.due_at for t in session.query(UserTask)}
        assert tasks["open"] == due.at
        assert tasks["completed"] == before.at
        assert session.query(Deadline).filter_by(business_key="B").one().due_at == before.at
    assert not calendar.is_working_day(date(2026, 12, 31))
    assert calendar.is_working_day(date(2027, 1, 3))


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
