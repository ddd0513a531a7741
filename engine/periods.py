"""How a statutory period is counted: rule, start day, suspensions and extensions stacked (ADR 0037).

A period is counted from what is recorded of it, never from its last due time: so a changed calendar, one
more extension or a suspension entered late all lead to the same count, in whatever order they came.

Counting is by days: the start day does not count (unless the row says so), and neither does a day after the
one a suspension began on up to and including the one it ended on.  Months end on the day of the month they began
after, or on the last day of a month that has no such day.  Hours are elapsed time.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from engine.calendar import MAX_WORKING_DAYS, ONE_DAY, Calendar
from engine.errors import InvalidInput

_AMOUNT = re.compile(r"\s*(\d{1,4})\s*(wd|d|h|m)\s*")
_DATE = re.compile(r"\s*(\d{2})-(\d{2})\s*")
#: Unit of a rule that names a day of the year.
YEARLY = "date"


@dataclass(frozen=True, slots=True)
class Suspension:
    """A time that does not count; ``until`` is None while it lasts."""

    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Period:
    """What is recorded of a deadline: its rule, when it started, and what was added and taken out since."""

    rule: str
    started_at: datetime
    includes_start: bool = False
    suspensions: tuple[Suspension, ...] = ()
    extensions: tuple[str, ...] = ()

    @property
    def suspended(self) -> bool:
        """Does the period stand still at present?"""
        return any(suspension.until is None for suspension in self.suspensions)


@dataclass(frozen=True, slots=True)
class Count:
    """When a period ends; ``due_at`` is None while it stands still.

    ``provisional`` (暂定): a year counted through has no holiday notice yet.  ``marks`` say for each
    percentage asked for when so much of the period has passed.
    """

    due_at: datetime | None
    provisional: bool
    marks: Mapping[int, datetime]


def parse_rule(rule: str) -> tuple[int, str]:
    """Split a rule into its number and ``wd`` (working days), ``d`` (calendar days), ``m`` (months) or ``h`` (hours).

    ``MM-DD`` gives month × 100 + day and :data:`YEARLY`.  Raises :class:`InvalidInput`.
    """
    if (found := _DATE.fullmatch(rule)) is not None:
        month, day = int(found[1]), int(found[2])
        try:
            date(2001, month, day)  # a year without 29 February: that day does not come every year
        except ValueError:
            pass
        else:
            return month * 100 + day, YEARLY
    elif (found := _AMOUNT.fullmatch(rule)) is not None and (found[2] != "wd" or int(found[1]) <= MAX_WORKING_DAYS):
        return int(found[1]), found[2]
    raise InvalidInput(
        f"期限规则“{rule}”无法识别，"
        "请写成 20wd（工作日）、15d（自然日）、3m（月）、24h（小时）或 01-31（每年固定日期）。"
    )


def rule_words(rule: str) -> str:
    """A rule in the words of the office, e.g. ``20 个工作日``."""
    amount, unit = parse_rule(rule)
    if unit == YEARLY:
        return f"每年 {amount // 100} 月 {amount % 100} 日"
    return f"{amount} {({'wd': '个工作日', 'd': '日', 'm': '个月', 'h': '小时'})[unit]}"


def count(calendar: Calendar, period: Period, percents: Iterable[int] = ()) -> Count:
    """Count ``period`` on ``calendar``.

    ``20wd``: working days; ``15d`` and ``3m``: calendar days and months whose last day rolls to the next working
    day; ``24h``: hours to the second; ``01-31``: the end of that day, the first one not before the start.
    Extensions follow without a break, and only the very last day rolls.  Raises :class:`InvalidInput` for a rule
    that cannot be read, and when hours and days are stacked.
    """
    parts = [parse_rule(period.rule), *(parse_rule(rule) for rule in period.extensions)]
    if len({unit == "h" for _, unit in parts}) > 1:
        raise InvalidInput("按小时计算的期限只能按小时延长，按日计算的只能按日延长。")
    if period.suspended:
        calendar.local_date(period.started_at)  # refuses an instant without a zone
        return Count(None, False, {})
    if parts[0][1] == "h":
        return _hours(calendar, period, sum(amount for amount, _ in parts), percents)
    return _days(calendar, period, parts, percents)


def _hours(calendar: Calendar, period: Period, hours: int, percents: Iterable[int]) -> Count:
    calendar.local_date(period.started_at)
    total = timedelta(hours=hours)

    def after(elapsed: timedelta) -> datetime:  # in UTC: hours are elapsed time, whatever the wall clock does
        moment = period.started_at.astimezone(UTC)
        for pause in sorted(period.suspensions, key=lambda s: s.since):
            assert pause.until is not None
            ran = pause.since - moment
            if ran >= elapsed:
                break
            elapsed, moment = elapsed - max(ran, timedelta()), max(moment, pause.until.astimezone(UTC))
        return (moment + elapsed).astimezone(calendar.zone)

    return Count(after(total), False, {percent: after(total * percent / 100) for percent in percents})


def _days(calendar: Calendar, period: Period, parts: Sequence[tuple[int, str]], percents: Iterable[int]) -> Count:
    start = calendar.local_date(period.started_at)
    still = [(calendar.local_date(s.since), calendar.local_date(s.until)) for s in period.suspensions if s.until]
    day = start - ONE_DAY if period.includes_start else start
    counted: list[date] = []
    years: set[int] = set()
    for amount, unit in parts:
        first = day + ONE_DAY
        if unit == YEARLY:
            last = _yearly(start, amount)
            counted += [start + timedelta(days=n) for n in range((last - start).days + 1)]
            day = last
            continue
        if unit == "m":  # as many days as these months have, so that days that stand still are added after them
            amount = (_months_after(day, amount) - day).days
        while amount:
            day += ONE_DAY
            if (unit != "wd" or calendar.is_working_day(day)) and not _stands(day, still):
                counted.append(day)
                amount -= 1
        if unit == "wd":
            years.update(range(first.year, day.year + 1))
    if parts[-1][1] in ("d", "m"):
        years.add(day.year)
        while not calendar.is_working_day(day) or _stands(day, still):
            day += ONE_DAY
        years.add(day.year)
    due = calendar.end_of_day(day)
    return Count(
        due,
        any(calendar.is_provisional(year) for year in years),
        {percent: _mark(calendar, counted, percent, due) for percent in percents},
    )


def _yearly(start: date, month_day: int) -> date:
    found = date(start.year, month_day // 100, month_day % 100)
    return found if found >= start else found.replace(year=start.year + 1)


def _months_after(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def _stands(day: date, still: Sequence[tuple[date, date]]) -> bool:
    return any(since < day <= until for since, until in still)


def _mark(calendar: Calendar, counted: Sequence[date], percent: int, due: datetime) -> datetime:
    """The beginning of the counted day before which ``percent`` of them have passed; the due time for all of them."""
    passed = len(counted) * percent // 100
    return calendar.start_of_day(counted[passed]) if passed < len(counted) else due
