"""Dates, times and durations: reading their texts, moving by months, civil time in China."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

#: Civil time of the whole system (domain rule: the server's own zone must not matter).
CHINA = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class MonthDuration:
    """A FEEL years-and-months duration; ``date + MonthDuration(1)`` keeps within the target month."""

    months: int

    def shift(self, day: Any) -> Any:
        """``day`` (date or datetime) moved by the duration; the 31st becomes the month's last day."""
        index = day.year * 12 + day.month - 1 + self.months
        year, month = divmod(index, 12)
        return day.replace(year=year, month=month + 1, day=min(day.day, _month_length(year, month + 1)))

    def __radd__(self, other: Any) -> Any:
        return self.shift(other) if isinstance(other, date) else NotImplemented

    def __rsub__(self, other: Any) -> Any:
        return MonthDuration(-self.months).shift(other) if isinstance(other, date) else NotImplemented


def _month_length(year: int, month: int) -> int:
    following = date(year + month // 12, month % 12 + 1, 1) if (year, month) != (9999, 12) else None
    return (following - timedelta(days=1)).day if following else 31


_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_TIME = re.compile(
    r"(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|z|[+-]\d{2}:\d{2}(?::\d{2})?|@[A-Za-z_+\-/0-9]{1,40})?"
)
#: Valid by ISO 8601 and beyond what is calculated here: years before 1 and after 9999, parts of a microsecond.
_BEYOND = re.compile(r"-\d{4,9}-\d{2}-\d{2}(T.*)?|\d{5,9}-\d{2}-\d{2}(T.*)?|"
                     r".*\d\.\d{6}\d*[1-9]\d*([^0-9].*)?")  # fmt: skip
_DURATION = re.compile(
    r"(-)?P(?:(\d{1,9})Y)?(?:(\d{1,9})M)?(?:(\d{1,9})W)?(?:(\d{1,9})D)?"
    r"(?:T(?=\d)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,12}(?:\.\d{0,9})?)S)?)?"
)


def read_date(text: str) -> date | None:
    """``2026-01-20`` as a date, else ``None``."""
    match = _DATE.fullmatch(text)
    try:
        return date(int(match[1]), int(match[2]), int(match[3])) if match else None
    except ValueError:
        return None


def read_time(text: str) -> time | None:
    """``09:30``, ``09:30:00Z``, ``09:30:00+08:00`` or ``09:30:00@Asia/Shanghai`` as a time, else ``None``."""
    match = _TIME.fullmatch(text)
    if not match:
        return None
    try:
        zone = _zone(match[5])
        micro = int((match[4] or "0")[:6].ljust(6, "0"))
        return time(int(match[1]), int(match[2]), int(match[3] or 0), micro, tzinfo=zone)
    except (ValueError, KeyError, OSError):
        return None


def beyond(text: str) -> bool:
    """Whether a text is a date, time or duration that is valid and cannot be calculated with here."""
    return len(text) <= 60 and _BEYOND.fullmatch(text) is not None


def _zone(text: str | None) -> tzinfo | None:
    if not text:
        return None
    if text in "Zz":
        return UTC
    if text[0] == "@":
        return ZoneInfo(text[1:])
    hours, minutes, seconds = int(text[1:3]), int(text[4:6]), int(text[7:9] or 0)
    offset = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if minutes > 59 or seconds > 59 or offset > timedelta(hours=14):
        raise ValueError(text)
    return timezone(-offset if text[0] == "-" else offset)


def read_datetime(text: str) -> datetime | None:
    """An ISO 8601 date-time, else ``None``."""
    day_text, sign, time_text = text.partition("T")
    day = read_date(day_text)
    if day and time_text.startswith("24:00:00") and not time_text[8:].strip(".0").lstrip("Z")[:1].isdigit():
        # The end of a day is the start of the next.
        day = day + timedelta(days=1) if day < date.max else None
        time_text = "00" + time_text[2:]
    clock = read_time(time_text) if sign else None
    return datetime.combine(day, clock) if day and clock is not None else None


def read_duration(text: str) -> timedelta | MonthDuration | None:
    """``P1DT2H`` or ``P1Y2M``, else ``None``; years or months never mix with days."""
    match = _DURATION.fullmatch(text)
    if not match or text.endswith(("P", "T")):
        return None
    sign = -1 if match[1] else 1
    if match[2] or match[3]:
        if any(match[i] for i in (4, 5, 6, 7, 8)):
            return None
        return MonthDuration(sign * (int(match[2] or 0) * 12 + int(match[3] or 0)))
    days = int(match[4] or 0) * 7 + int(match[5] or 0)
    try:
        seconds = Decimal(match[8] or 0)
        span = timedelta(
            days=days, hours=int(match[6] or 0), minutes=int(match[7] or 0),
            seconds=int(seconds), microseconds=int(seconds % 1 * 1_000_000),
        )  # fmt: skip
    except OverflowError:
        return None
    return span * sign


def read_temporal(text: str) -> Any:
    """The value of an ``@"…"`` literal, or ``None``."""
    for reader in (read_date, read_datetime, read_time, read_duration):
        value = reader(text)
        if value is not None:
            return value
    return None


def at_home(value: Any) -> Any:
    """A naive date-time or time placed in China Standard Time; others unchanged."""
    if value.tzinfo is not None:
        return value
    return value.replace(tzinfo=CHINA if isinstance(value, datetime) else timezone(timedelta(hours=8)))


def duration_text(value: timedelta | MonthDuration) -> str:
    """The ISO 8601 form of a duration: ``P1DT2H``, ``P1Y2M``, ``PT0S``, ``P0M``."""
    if isinstance(value, MonthDuration):
        years, months = divmod(abs(value.months), 12)
        body = (f"{years}Y" if years else "") + (f"{months}M" if months or not years else "")
        return ("-P" if value.months < 0 else "P") + body
    sign, value = ("-", -value) if value < timedelta(0) else ("", value)
    hours, rest = divmod(value.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    second_text = f"{seconds}.{value.microseconds:06d}".rstrip("0") if value.microseconds else str(seconds)
    clock = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    clock += f"{second_text}S" if second_text != "0" else ""
    if not value:
        return "PT0S"
    return f"{sign}P" + (f"{value.days}D" if value.days else "") + (f"T{clock}" if clock else "")
