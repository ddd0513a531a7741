"""Functions that make and read dates, times and durations, and the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

from engine.expressions.nodes import Run
from engine.expressions.output import text_of
from engine.expressions.registry import builtin, is_duration, whole
from engine.expressions.temporal import CHINA, MonthDuration, beyond, read_date, read_datetime, read_duration, read_time
from engine.expressions.values import (
    Failure,
    equals,
    kind_of,
    number,
)


def _within_reach(text: str) -> None:
    if beyond(text):
        raise Failure(f"“{text}”超出范围：年份 1 到 9999，时间精确到微秒")


@builtin("date", "from, month, day", least=1, other="year, month, day")
def _date(run: Run, value: Any, month: Any = None, day: Any = None) -> Any:
    if month is not None or day is not None:
        parts = [whole(part) for part in (value, month, day)]
        if parts[0] is not None and not 0 < parts[0] < 10_000:
            raise Failure("年份超出范围：1 到 9999")
        try:
            return date(*parts) if None not in parts else None  # type: ignore[arg-type]
        except (ValueError, OverflowError):
            return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, str):
        _within_reach(value)
        moment = read_datetime(value) if "T" in value else None
        return moment.date() if moment else read_date(value)
    return value if isinstance(value, date) else None


@builtin("time", "from, minute, second, offset", least=1, other="hour, minute, second, offset")
def _time(run: Run, value: Any, minute: Any = None, second: Any = None, offset: Any = None) -> Any:
    if minute is not None:
        hour, minutes, seconds = whole(value), whole(minute), number(second)
        if second is None and not run.standard:
            seconds = 0
        if hour is None or minutes is None or seconds is None:
            return None
        try:
            return time(hour, minutes, int(seconds), int(seconds % 1 * 1_000_000), tzinfo=_offset(offset))
        except (ValueError, OverflowError):
            return None
    if isinstance(value, datetime):
        return value.timetz()
    if isinstance(value, date):
        return time(0, tzinfo=_offset(timedelta(0)))
    if isinstance(value, str):
        _within_reach("T" + value)
        moment = read_datetime(value) if run.standard and "T" in value else None
        return moment.timetz() if moment else read_time(value)
    return value if isinstance(value, time) else None


def _offset(span: Any) -> Any:
    return timezone(span) if isinstance(span, timedelta) and abs(span) <= timedelta(hours=14) else None


_MISSING = object()


@builtin("date and time", "from, time", least=1, other="date, time")
def _date_and_time(run: Run, value: Any, clock: Any = _MISSING) -> Any:
    if clock is _MISSING or (clock is None and not run.standard):
        clock = None
    elif clock is None or (run.standard and (not isinstance(clock, time) or not isinstance(value, date))):
        return None
    if isinstance(clock, str):
        clock = read_time(clock)
    day = _date(run, value)
    if clock is not None:
        return datetime.combine(day, clock) if day is not None and isinstance(clock, time) else None
    if isinstance(value, datetime):
        return value
    if isinstance(value, str):
        _within_reach(value)
        moment = read_datetime(value)
        return moment or (datetime.combine(day, time(0)) if day else None)
    return datetime.combine(value, time(0)) if isinstance(value, date) else None


@builtin("duration", "from")
def _duration(run: Run, value: Any) -> Any:
    if isinstance(value, str):
        _within_reach(value)
        return read_duration(value)
    return value if is_duration(value) else None


@builtin("years and months duration", "from, to")
def _months_between(run: Run, start: Any, end: Any) -> Any:
    first, last = _date(run, start), _date(run, end)
    if first is None or last is None:
        return None
    sign = 1
    if last < first:
        first, last, sign = last, first, -1
    months = (last.year - first.year) * 12 + last.month - first.month - (last.day < first.day)
    return MonthDuration(sign * months)


_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip


def _calendar(name: str, function: Callable[[date], Any]) -> None:
    @builtin(name, "date")
    def call(run: Run, value: Any) -> Any:
        day = _date(run, value)
        return function(day) if day is not None else None


_calendar("day of week", lambda day: _DAYS[day.weekday()])
_calendar("day of year", lambda day: day.timetuple().tm_yday)
_calendar("month of year", lambda day: _MONTHS[day.month - 1])
_calendar("week of year", lambda day: day.isocalendar()[1])


def _clock(run: Run) -> datetime:
    if run.now is None:
        raise Failure("这里不能使用 now() 和 today()：没有给出当前时间")
    return run.now.astimezone(CHINA)


@builtin("is", "value1, value2")
def _is(run: Run, left: Any, right: Any) -> Any:
    """Whether two values are the same in kind and writing; equal times in different zones are not."""
    if kind_of(left) != kind_of(right):
        return False
    if isinstance(left, (datetime, time)):
        return text_of(left) == text_of(right)
    return equals(left, right, run) is True


@builtin("now")
def _now(run: Run) -> Any:
    return _clock(run)


@builtin("today")
def _today(run: Run) -> Any:
    return _clock(run).date()
