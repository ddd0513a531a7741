"""Working days (工作日) with make-up days (调休); periods are counted on them in :mod:`engine.periods`.

The calendar is data: each year's notice of the State Council's general office is stored as the
days on which the notice departs from the weekday (``CalendarDay``), and ``CalendarYear`` says
which years have a notice.  A year without one is provisional (暂定): its weekends and its
statutory holidays are free (全国年节及纪念日放假办法, 2024 revision, art. 2), a statutory holiday that
falls on a weekend is made up on the next weekday (art. 6), and no make-up work is guessed.

Counting is pure: :class:`Calendar` touches no clock, no database and no zone but its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from importlib.metadata import version
from zoneinfo import ZoneInfo

import chinese_calendar.constants as announced_days
import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.errors import InvalidInput
from engine.models import CalendarDay, CalendarYear

ONE_DAY = timedelta(days=1)
#: Longest period in working days that is counted; more can only be a slip of the pen.
MAX_WORKING_DAYS = 5000

#: MMDD of 春节, 端午 and 中秋 for 2027–2099, one group of twelve digits a year
#: (two independent lunar calendars agree on every date).
_LUNAR = """
    020606090915 012605281003 021306160922 020306050912 012306241001 021106120919 013106010908 021906200927
    020806100916 012805301004 021506180924 020406070913 012405271002 021206140920 020106030910 012206220928
    021006110917 013005311005 021706190925 020606080915 012605291004 021406150922 020206040911 012306230930
    021106130919 020106010907 021906200926 020806100916 012805301005 021506170924 020406060913 012406251002
    021206140921 020206030909 012106220928 020906110917 012906011006 021706190925 020506080915 012605281003
    021406160923 020306040911 012306230929 021106130919 013106020908 021906200926 020706100916 012705301005
    021506170924 020506060912 012406241001 021206140920 020206040910 012206220928 020906110917 012906011006
    021706190926 020606070914 012605271003 021406150922 020306050911 012406230929 021006130918 013006020908
    021806210927 020706090916 012705291005 021506170924 020506060913 012506240930 021206140920 020106040909
    012106230929
"""
_LUNAR_FROM = 2027


@dataclass(frozen=True, slots=True)
class DayOfNotice:
    """One line of a holiday notice: ``works`` is false for a holiday, true for a make-up day (调休上班)."""

    day: date
    works: bool
    name: str = ""


class Calendar:
    """Working-day arithmetic of one district in one zone.

    ``days`` are the days that differ from their weekday, ``announced`` the years whose notice is
    known.
    """

    def __init__(self, days: Mapping[date, bool], announced: Collection[int], zone: ZoneInfo) -> None:
        self._days = dict(days)
        self._announced = frozenset(announced)
        self.zone = zone

    @classmethod
    def load(cls, session: Session, district_id: str, zone: ZoneInfo) -> Calendar:
        """The calendar as the district's rows stand now."""
        rows = session.execute(
            sa.select(CalendarDay.day, CalendarDay.works).where(CalendarDay.district_id == district_id)
        )
        years = session.scalars(sa.select(CalendarYear.year).where(CalendarYear.district_id == district_id))
        return cls({date.fromisoformat(day): works for day, works in rows}, frozenset(years), zone)

    def is_provisional(self, year: int) -> bool:
        """True when the year's holiday notice is not recorded."""
        return year not in self._announced

    def is_working_day(self, day: date) -> bool:
        """Whether offices work on ``day``; a row decides, else the provisional rule, else the weekday."""
        known = self._days.get(day)
        if known is not None:
            return known
        if day.year not in self._announced and day in statutory_days_off(day.year):
            return False
        return day.weekday() < 5

    def add_working_days(self, start: date, n: int) -> date:
        """The ``n``-th working day after ``start`` (which does not count); ``start`` itself for 0.

        Raises ``ValueError`` unless 0 ≤ n ≤ :data:`MAX_WORKING_DAYS`.
        """
        if not 0 <= n <= MAX_WORKING_DAYS:
            raise ValueError(f"working days out of range: {n}")
        day = start
        while n:
            day += ONE_DAY
            n -= self.is_working_day(day)
        return day

    def working_days_between(self, start: date, end: date) -> int:
        """Working days after ``start`` up to and including ``end``; negative when ``end`` lies before ``start``."""
        if end < start:
            return -self.working_days_between(end, start)
        return sum(self.is_working_day(start + timedelta(days=i)) for i in range(1, (end - start).days + 1))

    def roll_forward(self, day: date) -> date:
        """``day`` when it is a working day, else the next one."""
        while not self.is_working_day(day):
            day += ONE_DAY
        return day

    def local_date(self, instant: datetime) -> date:
        """The date on the district's wall clock; refuses a naive instant with ``ValueError``."""
        if instant.tzinfo is None:
            raise ValueError("naive datetime: every instant carries its zone")
        return instant.astimezone(self.zone).date()

    def end_of_day(self, day: date) -> datetime:
        """23:59:59 of ``day`` in the district's zone."""
        return datetime.combine(day, time(23, 59, 59), tzinfo=self.zone)

    def start_of_day(self, day: date) -> datetime:
        """00:00 of ``day`` in the district's zone."""
        return datetime.combine(day, time(), tzinfo=self.zone)


@lru_cache(maxsize=256)
def statutory_days_off(year: int) -> frozenset[date]:
    """Days off by law in a year without a notice: holidays plus the weekdays that make up for weekends.

    After 2099 the lunar holidays are unknown here and only the fixed dates are free.
    """
    holidays = {date(year, 1, 1), _qingming(year), date(year, 5, 1), date(year, 5, 2)}
    holidays |= {date(year, 10, day) for day in (1, 2, 3)}
    lunar = _LUNAR.split()
    if 0 <= year - _LUNAR_FROM < len(lunar):
        group = lunar[year - _LUNAR_FROM]
        spring, dragon_boat, mid_autumn = (
            date(year, int(group[i : i + 2]), int(group[i + 2 : i + 4])) for i in (0, 4, 8)
        )
        holidays |= {spring + timedelta(days=i) for i in range(-1, 3)} | {dragon_boat, mid_autumn}
    free = set(holidays)
    for day in sorted(holidays):
        if day.weekday() >= 5:
            while day in free or day.weekday() >= 5:
                day += ONE_DAY
            free.add(day)
    return frozenset(free)


def _qingming(year: int) -> date:
    """清明 by the usual formula, exact for 2000–2099."""
    y = year % 100
    return date(year, 4, int(y * 0.2422 + 4.81) - y // 4)


def announced_years() -> dict[int, list[DayOfNotice]]:
    """The years ``chinesecalendar`` knows (2004–2026), each with the days its notice changed."""
    names = {holiday.value: holiday.chinese for holiday in announced_days.Holiday}
    years: dict[int, list[DayOfNotice]] = {}
    for source, works in ((announced_days.holidays, False), (announced_days.workdays, True)):
        for day, name in source.items():
            year = years.setdefault(day.year, [])
            if works != (day.weekday() < 5):
                year.append(DayOfNotice(day, works, names.get(name, name)))
    return years


def notice_title(year: int) -> str:
    """The title under which the general office of the State Council publishes a year's holidays."""
    return f"国务院办公厅关于{year}年部分节假日安排的通知"


def seed_calendar(session: Session, district_id: str, now: datetime) -> int:
    """Record every year ``chinesecalendar`` knows and this district does not; returns how many.

    Years already recorded are left alone, so an administrator's corrections stand.
    """
    known = set(session.scalars(sa.select(CalendarYear.year).where(CalendarYear.district_id == district_id)))
    source = f"（据 chinesecalendar {version('chinesecalendar')}）"
    missing = {year: days for year, days in announced_years().items() if year not in known}
    for year, days in sorted(missing.items()):
        import_notice(session, year, notice_title(year) + source, days, district_id=district_id, now=now)
    return len(missing)


def import_notice(
    session: Session, year: int, notice: str, days: Iterable[DayOfNotice], *, district_id: str, now: datetime
) -> None:
    """Record (or replace) a year's holiday notice: from now on the year is no longer provisional.

    ``days`` may name any day of the year and the neighbouring weeks (a notice reaches from
    December into January); days like their weekday need not be named.  Raises
    :class:`InvalidInput` for a missing notice number or a day far from the year.  The caller
    recomputes open deadlines (:mod:`engine.commands.recompute_deadlines`).
    """
    days = list(days)
    _check(year, notice, days)
    stale = _replaced(session, year, days, district_id)
    session.execute(sa.delete(CalendarDay).where(stale))
    if days:  # one statement: a first installation records more than five hundred days
        session.execute(
            sa.insert(CalendarDay),
            [
                {"day": day, "district_id": district_id, "works": e.works, "name": e.name, "notice": notice}
                for day, e in {entry.day.isoformat(): entry for entry in days}.items()
            ],
        )
    session.merge(CalendarYear(year=year, district_id=district_id, notice=notice, recorded_at=now))
    session.flush()


def calendar_with_notice(
    session: Session, year: int, notice: str, days: Iterable[DayOfNotice], *, district_id: str, zone: ZoneInfo
) -> Calendar:
    """The calendar as :func:`import_notice` would make it; nothing is written.  Raises the same errors."""
    days = list(days)
    _check(year, notice, days)
    kept = session.execute(
        sa.select(CalendarDay.day, CalendarDay.works).where(
            CalendarDay.district_id == district_id, sa.not_(_replaced(session, year, days, district_id))
        )
    )
    known = {date.fromisoformat(day): works for day, works in kept} | {entry.day: entry.works for entry in days}
    years = session.scalars(sa.select(CalendarYear.year).where(CalendarYear.district_id == district_id))
    return Calendar(known, {*years, year}, zone)


def _check(year: int, notice: str, days: Iterable[DayOfNotice]) -> None:
    if not notice.strip():
        raise InvalidInput("请填写节假日安排通知的名称或文号。", fields={"notice": ["请填写通知的名称或文号。"]})
    for entry in days:
        if not date(year - 1, 12, 1) <= entry.day <= date(year + 1, 1, 31):
            raise InvalidInput(
                f"日期 {entry.day} 不属于{year}年的通知，请核对年份。",
                fields={"days": [f"{entry.day} 不属于{year}年。"]},
            )


def _replaced(
    session: Session, year: int, days: Iterable[DayOfNotice], district_id: str
) -> sa.ColumnElement[bool]:  # fmt: skip
    """Days on record that the notice of ``year`` takes the place of; those of other years' notices stay."""
    others = sa.select(CalendarYear.notice).where(CalendarYear.district_id == district_id, CalendarYear.year != year)
    previous = session.get(CalendarYear, (year, district_id))
    stale = [
        sa.and_(CalendarDay.day.between(f"{year}-01-01", f"{year}-12-31"), CalendarDay.notice.not_in(others)),
        CalendarDay.day.in_([entry.day.isoformat() for entry in days]),
    ]
    if previous is not None:
        stale.append(CalendarDay.notice == previous.notice)
    return sa.and_(CalendarDay.district_id == district_id, sa.or_(*stale))
