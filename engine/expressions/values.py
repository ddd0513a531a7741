"""The values of the expression language: numbers, texts, dates, durations, ranges.

Semantics follow FEEL (DMN 1.3, chapter 10): three-valued logic, decimal numbers with
34 significant digits, ``None`` for everything undefined.  One deliberate extension:
process data is JSON and knows no dates, so a text is read as a date, time, date-time
or duration whenever the other operand is one; plain FEEL would answer null for ever.
"""

from __future__ import annotations

import decimal
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

MAX_STRING = 100_000
MAX_LIST = 10_000
MAX_DATA_DEPTH = 64
MAX_VALUES = 500_000

#: Civil time of the whole system (domain rule: the server's own zone must not matter).
CHINA = ZoneInfo("Asia/Shanghai")

# Overflow is a trap, so 9**9**9 ends in null at once instead of allocating gigabytes.
CONTEXT = decimal.Context(
    prec=34,
    Emax=6144,
    Emin=-6143,
    rounding=decimal.ROUND_HALF_EVEN,
    traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow],
)
_BIG = 10**34


class Failure(Exception):
    """Evaluation must stop (a cap was hit or a function is unknown); becomes an ExpressionError."""

    def __init__(self, message: str, position: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


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


@dataclass(frozen=True, slots=True)
class Range:
    """An interval such as ``[1..9]`` or ``(1..9]``."""

    start: Any
    end: Any
    start_included: bool = True
    end_included: bool = True

    def holds(self, value: Any) -> bool | None:
        """Whether ``value`` lies inside; ``None`` when an end is null or not comparable with it."""
        above, below = compare(value, self.start), compare(value, self.end)
        if above is not None and (above < 0 or (above == 0 and not self.start_included)):
            return False
        if below is not None and (below > 0 or (below == 0 and not self.end_included)):
            return False
        return None if above is None or below is None else True


def number(value: Any) -> int | Decimal | None:
    """``value`` as an exact number, or ``None`` when it is not one (booleans are not)."""
    kind = type(value)
    if kind is int:
        return value if -_BIG < value < _BIG else CONTEXT.create_decimal(value)
    if kind is Decimal:
        return value if value.is_finite() else None
    if kind is float:
        return tidy(Decimal(repr(value))) if math.isfinite(value) else None
    return None


def tidy(value: int | Decimal) -> int | Decimal:
    """The same number as an ``int`` when it is a whole number of at most 34 digits."""
    if isinstance(value, int):
        return value if -_BIG < value < _BIG else CONTEXT.create_decimal(value)
    if -_BIG < value < _BIG and value == value.to_integral_value():
        return int(value)
    return CONTEXT.plus(value)


def kind_of(value: Any) -> str:
    """The FEEL kind of a value; only values of one kind are comparable."""
    kind = type(value)
    name = _KINDS.get(kind)
    if name is not None:
        return name
    for base, name in _BASES:
        if isinstance(value, base):
            return name
    return kind.__name__


_KINDS: dict[type, str] = {
    type(None): "null",
    bool: "boolean",
    int: "number",
    float: "number",
    Decimal: "number",
    str: "string",
    list: "list",
    tuple: "list",
    dict: "context",
    date: "date",
    datetime: "date and time",
    time: "time",
    timedelta: "days and time duration",
    MonthDuration: "years and months duration",
    Range: "range",
}
_BASES: tuple[tuple[type, str], ...] = (
    (Mapping, "context"), (str, "string"), (datetime, "date and time"), (date, "date"), (list, "list"), (tuple, "list"),
)  # fmt: skip
TEMPORAL = frozenset({"date", "time", "date and time", "days and time duration", "years and months duration"})


# ------------------------------------------------------------------ reading dates and durations

_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_TIME = re.compile(r"(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|z|[+-]\d{2}:\d{2}|@[A-Za-z_+\-/0-9]{1,40})?")
_DURATION = re.compile(
    r"(-)?P(?:(\d{1,9})Y)?(?:(\d{1,9})M)?(?:(\d{1,9})W)?(?:(\d{1,9})D)?"
    r"(?:T(?=\d)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,12}(?:\.\d{1,9})?)S)?)?"
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


def _zone(text: str | None) -> tzinfo | None:
    if not text:
        return None
    if text in "Zz":
        return UTC
    if text[0] == "@":
        return ZoneInfo(text[1:])
    hours, minutes = int(text[1:3]), int(text[4:6])
    if minutes > 59:
        raise ValueError(text)
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)


def read_datetime(text: str) -> datetime | None:
    """An ISO 8601 date-time, else ``None``."""
    day_text, sign, time_text = text.partition("T")
    day = read_date(day_text)
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


_READERS: dict[str, Any] = {
    "date": read_date, "time": read_time, "date and time": read_datetime,
    "days and time duration": read_duration, "years and months duration": read_duration,
}  # fmt: skip


def meet(a: Any, b: Any) -> tuple[str, Any, Any]:
    """Bring two operands to one kind: ``(kind, a, b)``; kind ``""`` when they are not comparable."""
    kind_a, kind_b = kind_of(a), kind_of(b)
    if kind_a == "string" and kind_b in TEMPORAL:
        a = _READERS[kind_b](a)
        kind_a = kind_of(a)
    elif kind_b == "string" and kind_a in TEMPORAL:
        b = _READERS[kind_a](b)
        kind_b = kind_of(b)
    if kind_a != kind_b:
        return "", a, b
    if kind_a in ("date and time", "time") and (a.tzinfo is None) != (b.tzinfo is None):
        # A local time is civil time in China, never the server's zone.
        a, b = at_home(a), at_home(b)
    return kind_a, a, b


def at_home(value: Any) -> Any:
    """A naive date-time or time placed in China Standard Time; others unchanged."""
    if value.tzinfo is not None:
        return value
    return value.replace(tzinfo=CHINA if isinstance(value, datetime) else timezone(timedelta(hours=8)))


# ------------------------------------------------------------------ comparing


class Budget:
    """How many values one walk over data may still visit.

    Values are shared, so ``{a: [1, 1], b: [a, a], c: [b, b] …}`` is small in memory and
    endless to walk; the depth bound keeps the walk off Python's own stack limit.
    """

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MAX_VALUES

    def spend(self, values: int, depth: int) -> None:
        """Visit ``values`` more at ``depth``; raises :class:`Failure` when that is too much."""
        self.left -= values
        if self.left < 0:
            raise Failure(f"数据超过 {MAX_VALUES} 项，请缩小范围")
        if depth > MAX_DATA_DEPTH:
            raise Failure(f"数据嵌套超过 {MAX_DATA_DEPTH} 层")


def equals(a: Any, b: Any, budget: Budget | None = None) -> bool | None:
    """FEEL equality: null equals only null, values of different kinds give ``None``."""
    kind = type(a)
    if kind is type(b) and (kind is str or kind is int or kind is bool):
        return bool(a == b)
    return _equal(a, b, budget or Budget(), 0)


def _equal(a: Any, b: Any, budget: Budget, depth: int) -> bool | None:
    if a is None or b is None:
        return a is b
    name, a, b = meet(a, b)
    if not name:
        return None
    if name == "number":
        return number(a) == number(b)
    if name == "list":
        return _all_equal(list(zip(a, b, strict=True)), budget, depth) if len(a) == len(b) else False
    if name == "context":
        if a.keys() != b.keys():
            return False
        return _all_equal([(a[key], b[key]) for key in a], budget, depth)
    return bool(a == b)


def _all_equal(pairs: list[tuple[Any, Any]], budget: Budget, depth: int) -> bool | None:
    budget.spend(len(pairs), depth)
    result: bool | None = True
    for left, right in pairs:
        same = _equal(left, right, budget, depth + 1)
        if same is False:
            return False
        if same is None:
            result = None
    return result


def compare(a: Any, b: Any) -> int | None:
    """-1, 0 or 1; ``None`` when the operands have no order."""
    kind = type(a)
    if not (kind is type(b) and (kind is int or kind is str)):
        name, a, b = meet(a, b)
        if name == "number":
            a, b = number(a), number(b)
        elif name == "years and months duration":
            a, b = a.months, b.months
        elif name not in ("string", "date", "time", "date and time", "days and time duration"):
            return None
        if a is None or b is None:
            return None
    return (a > b) - (a < b)


def contains(values: Any, wanted: Any, budget: Budget | None = None) -> bool:
    """Whether a list holds an element equal to ``wanted``."""
    return any(equals(value, wanted, budget) is True for value in values)


# ------------------------------------------------------------------ leaving the language


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


def text_of(value: Any, budget: Budget | None = None) -> str:
    """The text FEEL's ``string()`` gives; lists and contexts in their literal form."""
    if isinstance(value, str):
        return value
    parts: list[str] = []
    _write(value, parts, budget or Budget(), 0)
    return "".join(parts)


def _write(value: Any, parts: list[str], budget: Budget, depth: int) -> None:
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        parts.append(f'"{escaped}"')
        budget.spend(len(value) // 8, depth)
    elif isinstance(value, (list, tuple)):
        budget.spend(len(value), depth)
        parts.append("[")
        for index, entry in enumerate(value):
            parts.append(", " if index else "")
            _write(entry, parts, budget, depth + 1)
        parts.append("]")
    elif isinstance(value, Mapping):
        budget.spend(len(value), depth)
        parts.append("{")
        for index, (key, entry) in enumerate(value.items()):
            parts.append(f"{', ' if index else ''}{key}: ")
            _write(entry, parts, budget, depth + 1)
        parts.append("}")
    elif isinstance(value, Range):
        parts.append("[" if value.start_included else "(")
        _write(value.start, parts, budget, depth + 1)
        parts.append("..")
        _write(value.end, parts, budget, depth + 1)
        parts.append("]" if value.end_included else ")")
    else:
        parts.append(_scalar_text(value))


def _scalar_text(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    exact = number(value)
    if exact is not None:
        return format(exact, "f") if isinstance(exact, Decimal) and -34 < exact.adjusted() < 34 else str(exact)
    if isinstance(value, (date, time)):
        text = value.isoformat()
        return text[:-6] + "Z" if text.endswith("+00:00") else text
    return duration_text(value) if isinstance(value, (timedelta, MonthDuration)) else str(value)


def plain(value: Any) -> Any:
    """``value`` with numbers as ``int``/``float`` (what Python callers and JSON expect); dates stay dates."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    return _plain(value, Budget(), 0)


def _plain(value: Any, budget: Budget, depth: int) -> Any:
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if kind is int or kind is Decimal:
        value = tidy(value)
        if type(value) is int and -(2**63) <= value < 2**63:
            return value
        result = float(value)
        if math.isinf(result):
            raise Failure("计算结果过大，超出可保存的数字范围")
        return int(result) if result.is_integer() and abs(result) < 2**53 else result
    if kind is list or kind is tuple:
        budget.spend(len(value), depth)
        return [_plain(entry, budget, depth + 1) for entry in value]
    if kind is dict or isinstance(value, Mapping):
        budget.spend(len(value), depth)
        return {str(key): _plain(entry, budget, depth + 1) for key, entry in value.items()}
    return value


def json_safe(value: Any) -> Any:
    """``value`` as JSON data: dates, times and durations become their ISO 8601 text."""
    return _without_dates(plain(value))


def _without_dates(value: Any) -> Any:
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, list):
        return [_without_dates(entry) for entry in value]
    if isinstance(value, dict):
        return {key: _without_dates(entry) for key, entry in value.items()}
    return text_of(value)
