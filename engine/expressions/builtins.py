"""The built-in functions: FEEL's own plus a few names other modellers use (``len``, ``trim``).

A function gets the :class:`Run` (to charge its work) and evaluated arguments; arguments of
the wrong kind give ``None``.  ``BUILTINS`` maps a name to its parameters; the parser checks
the number of arguments, so a wrong call is found when a diagram is deployed.
"""

from __future__ import annotations

import decimal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import cmp_to_key
from typing import Any

from engine.expressions import arithmetic
from engine.expressions.nodes import Run
from engine.expressions.patterns import compile_pattern
from engine.expressions.values import (
    CHINA,
    CONTEXT,
    MAX_DATA_DEPTH,
    MAX_LIST,
    MAX_STRING,
    Failure,
    MonthDuration,
    compare,
    contains,
    equals,
    number,
    read_date,
    read_datetime,
    read_duration,
    read_time,
    text_of,
    tidy,
)


@dataclass(frozen=True)
class Builtin:
    """``parameters`` are FEEL's names for a call by name; ``most`` is ``None`` for any number."""

    function: Callable[..., Any]
    parameters: tuple[str, ...]
    least: int
    most: int | None


BUILTINS: dict[str, Builtin] = {}


def builtin(
    name: str, parameters: str = "", least: int | None = None, spread: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function; ``spread`` functions take one list or any number of values."""
    names = tuple(entry.strip() for entry in parameters.split(",") if entry.strip())

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        fewest = len(names) if least is None else least
        BUILTINS[name] = Builtin(function, names, fewest, None if spread else len(names))
        return function

    return register


def _whole(value: Any) -> int | None:
    exact = number(value)
    return int(exact) if exact is not None and exact == int(exact) else None


def _items(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _spread(run: Run, values: tuple[Any, ...]) -> list[Any]:
    found = list(values[0]) if len(values) == 1 and isinstance(values[0], (list, tuple)) else list(values)
    run.charge(len(found) // 8)
    return found


def _bounded(values: list[Any]) -> list[Any]:
    if len(values) > MAX_LIST:
        raise Failure(f"列表超过 {MAX_LIST} 项")
    return values


# ------------------------------------------------------------------ texts


@builtin("string", "from")
def _string(run: Run, value: Any) -> Any:
    if value is None:
        return None
    text = text_of(value, run.budget)
    run.charge(len(text) // 100)
    if len(text) > MAX_STRING:
        raise Failure(f"文本超过 {MAX_STRING} 个字")
    return text


@builtin("string length", "string")
def _string_length(run: Run, text: Any) -> Any:
    return len(text) if isinstance(text, str) else None


@builtin("len", "value")
def _len(run: Run, value: Any) -> Any:
    return len(value) if isinstance(value, (str, list, tuple, Mapping)) else None


@builtin("substring", "string, start position, length", least=2)
def _substring(run: Run, text: Any, start: Any, length: Any = None) -> Any:
    begin, size = _whole(start), _whole(length) if length is not None else None
    if not isinstance(text, str) or not begin or abs(begin) > len(text):
        return None
    if length is not None and (size is None or size < 0):
        return None
    first = begin - 1 if begin > 0 else len(text) + begin
    return text[first:] if size is None else text[first : first + size]


def _text_function(name: str, function: Callable[[str], Any]) -> None:
    @builtin(name, "string")
    def call(run: Run, text: Any) -> Any:
        return function(text) if isinstance(text, str) else None


def _text_pair(name: str, function: Callable[[str, str], Any]) -> None:
    @builtin(name, "string, match")
    def call(run: Run, text: Any, match: Any) -> Any:
        return function(text, match) if isinstance(text, str) and isinstance(match, str) else None


_text_function("upper case", str.upper)
_text_function("lower case", str.lower)
_text_function("trim", str.strip)
_text_pair("contains", lambda text, match: match in text)
_text_pair("starts with", str.startswith)
_text_pair("ends with", str.endswith)
_text_pair("substring before", lambda text, match: text.partition(match)[0] if match and match in text else "")
_text_pair(
    "substring after", lambda text, match: (text.partition(match)[2] if match else text) if match in text else ""
)


@builtin("matches", "input, pattern, flags", least=2)
def _matches(run: Run, text: Any, pattern: Any, flags: Any = None) -> Any:
    if not isinstance(text, str) or not isinstance(pattern, str):
        return None
    run.charge(len(text) // 2)
    return compile_pattern(pattern, flags or "").search(text)


@builtin("split", "string, delimiter")
def _split(run: Run, text: Any, delimiter: Any) -> Any:
    if not isinstance(text, str) or not isinstance(delimiter, str) or not delimiter:
        return None
    if any(sign in delimiter for sign in "\\[](){}*+?^$") or (len(delimiter) > 1 and any(s in delimiter for s in ".|")):
        raise Failure(f"split 的分隔符“{delimiter}”只能是普通文字，不能是匹配模式")
    return _bounded(text.split(delimiter))


@builtin("string join", "list, delimiter", least=1)
def _join(run: Run, values: Any, delimiter: Any = None) -> Any:
    texts = [value for value in _items(values) if value is not None]
    if not all(isinstance(text, str) for text in texts) or not isinstance(delimiter or "", str):
        return None
    run.charge(len(texts))
    if sum(map(len, texts)) + len(texts) * len(delimiter or "") > MAX_STRING:
        raise Failure(f"文本超过 {MAX_STRING} 个字")
    return (delimiter or "").join(texts)


# ------------------------------------------------------------------ numbers


@builtin("number", "from, grouping separator, decimal separator", least=1)
def _number(run: Run, value: Any, grouping: Any = None, point: Any = None) -> Any:
    if not isinstance(value, str):
        return number(value)
    text = value.strip()
    if len(text) > 100:
        return None
    if grouping in (" ", ",", "."):
        text = text.replace(grouping, "")
    if point in (",", "."):
        text = text.replace(point, ".")
    try:
        exact = Decimal(text) if text and text.strip("0123456789+-.eE") == "" else None
        return number(CONTEXT.plus(exact)) if exact is not None else None
    except decimal.DecimalException:
        return None


def _rounding(name: str, mode: str) -> None:
    @builtin(name, "n, scale", least=1)
    def call(run: Run, value: Any, scale: Any = 0) -> Any:
        exact, places = number(value), _whole(scale)
        if exact is None or places is None or abs(places) > 6000:
            return None
        try:
            return tidy(Decimal(exact).quantize(Decimal(1).scaleb(-places), mode, CONTEXT))
        except decimal.DecimalException:
            return exact if places > 0 else None


_rounding("floor", decimal.ROUND_FLOOR)
_rounding("ceiling", decimal.ROUND_CEILING)
_rounding("round", decimal.ROUND_HALF_UP)
_rounding("round half up", decimal.ROUND_HALF_UP)
_rounding("round half down", decimal.ROUND_HALF_DOWN)
_rounding("round up", decimal.ROUND_UP)
_rounding("round down", decimal.ROUND_DOWN)
_rounding("decimal", decimal.ROUND_HALF_EVEN)


@builtin("abs", "n")
def _abs(run: Run, value: Any) -> Any:
    if isinstance(value, timedelta):
        return abs(value)
    if isinstance(value, MonthDuration):
        return MonthDuration(abs(value.months))
    exact = number(value)
    return abs(exact) if exact is not None else None


@builtin("modulo", "dividend, divisor")
def _modulo(run: Run, dividend: Any, divisor: Any) -> Any:
    return arithmetic.modulo(dividend, divisor)


@builtin("sqrt", "number")
def _sqrt(run: Run, value: Any) -> Any:
    exact = number(value)
    return tidy(CONTEXT.sqrt(Decimal(exact))) if exact is not None and exact >= 0 else None


@builtin("odd", "number")
def _odd(run: Run, value: Any) -> Any:
    whole = _whole(value)
    return whole % 2 == 1 if whole is not None else None


@builtin("even", "number")
def _even(run: Run, value: Any) -> Any:
    whole = _whole(value)
    return whole % 2 == 0 if whole is not None else None


# ------------------------------------------------------------------ lists


@builtin("count", "list", least=1)
def _count(run: Run, values: Any) -> Any:
    return len(values) if isinstance(values, (list, tuple)) else (None if values is None else 1)


@builtin("list contains", "list, element")
def _list_contains(run: Run, values: Any, element: Any) -> Any:
    if values is None:
        return None
    run.charge(len(_items(values)))
    return contains(_items(values), element, run.budget)


def _extreme(name: str, wanted: int) -> None:
    @builtin(name, "list", spread=True, least=1)
    def call(run: Run, *values: Any) -> Any:
        best = None
        for index, value in enumerate(_spread(run, values)):
            order = wanted if index == 0 else compare(value, best)
            if order is None or value is None:
                return None
            if order == wanted:
                best = value
        return best


_extreme("min", -1)
_extreme("max", 1)


def _folding(name: str, operation: Callable[[Any, Any], Any]) -> None:
    @builtin(name, "list", spread=True, least=1)
    def call(run: Run, *values: Any) -> Any:
        found = _spread(run, values)
        total = (
            found[0] if found and (number(found[0]) is not None or (name == "sum" and _is_duration(found[0]))) else None
        )
        for value in found[1:]:
            if total is None or isinstance(value, str):
                return None
            total = operation(total, value)
        return total


def _is_duration(value: Any) -> bool:
    return isinstance(value, (timedelta, MonthDuration))


_folding("sum", arithmetic.add)
_folding("product", arithmetic.multiply)


@builtin("mean", "list", spread=True, least=1)
def _mean(run: Run, *values: Any) -> Any:
    found = _spread(run, values)
    return arithmetic.divide(BUILTINS["sum"].function(run, found), len(found)) if found else None


@builtin("median", "list", spread=True, least=1)
def _median(run: Run, *values: Any) -> Any:
    found = [number(value) for value in _spread(run, values)]
    numbers = sorted(value for value in found if value is not None)
    if not numbers or len(numbers) != len(found):
        return None
    middle = len(numbers) // 2
    if len(numbers) % 2:
        return numbers[middle]
    return arithmetic.divide(arithmetic.add(numbers[middle - 1], numbers[middle]), 2)


@builtin("all", "list", spread=True, least=1)
def _all(run: Run, *values: Any) -> Any:
    found = _spread(run, values)
    if any(value is False for value in found):
        return False
    return True if all(value is True for value in found) else None


@builtin("any", "list", spread=True, least=1)
def _any(run: Run, *values: Any) -> Any:
    found = _spread(run, values)
    if any(value is True for value in found):
        return True
    return False if all(value is False for value in found) else None


@builtin("sublist", "list, start position, length", least=2)
def _sublist(run: Run, values: Any, start: Any, length: Any = None) -> Any:
    found, begin = _items(values), _whole(start)
    size = _whole(length) if length is not None else None
    if not begin or abs(begin) > len(found) or (length is not None and (size is None or size < 0)):
        return None
    first = begin - 1 if begin > 0 else len(found) + begin
    return found[first:] if size is None else found[first : first + size]


@builtin("append", "list, item", spread=True, least=1)
def _append(run: Run, values: Any, *more: Any) -> Any:
    run.charge(len(_items(values)) // 8)
    return _bounded(_items(values) + list(more))


@builtin("concatenate", "list", spread=True, least=1)
def _concatenate(run: Run, *lists: Any) -> Any:
    # concatenate([a, b], c) takes lists as arguments; a single list of lists is joined too,
    # because concatenate([[a], b]) is what people write when they mean it.
    if len(lists) == 1 and isinstance(lists[0], (list, tuple)) and any(isinstance(x, (list, tuple)) for x in lists[0]):
        lists = tuple(lists[0])
    found: list[Any] = []
    for entry in lists:
        found += _items(entry)
        run.charge(len(found) // 8)
        _bounded(found)
    return found


@builtin("union", "list", spread=True, least=1)
def _union(run: Run, *lists: Any) -> Any:
    return _distinct(run, _concatenate(run, *lists))


@builtin("distinct values", "list")
def _distinct(run: Run, values: Any) -> Any:
    kept: list[Any] = []
    seen: set[str] = set()
    for value in _items(values):
        if isinstance(value, str):
            if value in seen:
                continue
            seen.add(value)
        else:
            run.charge(len(kept) // 8)
            if contains(kept, value, run.budget):
                continue
        kept.append(value)
    run.charge(len(kept) // 8)
    return kept


@builtin("flatten", "list")
def _flatten(run: Run, values: Any) -> Any:
    found: list[Any] = []

    def visit(value: Any, depth: int) -> None:
        if depth > MAX_DATA_DEPTH:
            raise Failure(f"列表嵌套超过 {MAX_DATA_DEPTH} 层")
        run.charge(1)
        if isinstance(value, (list, tuple)):
            for entry in value:
                visit(entry, depth + 1)
        else:
            found.append(value)

    visit(_items(values), 0)
    return found


@builtin("reverse", "list")
def _reverse(run: Run, values: Any) -> Any:
    return _items(values)[::-1]


@builtin("insert before", "list, position, newItem")
def _insert(run: Run, values: Any, position: Any, item: Any) -> Any:
    found, at = _items(values), _whole(position)
    if not at or abs(at) > len(found):
        return None
    first = at - 1 if at > 0 else len(found) + at
    return _bounded([*found[:first], item, *found[first:]])


@builtin("remove", "list, position")
def _remove(run: Run, values: Any, position: Any) -> Any:
    found, at = _items(values), _whole(position)
    if not at or abs(at) > len(found):
        return None
    del found[at - 1 if at > 0 else at]
    return found


@builtin("index of", "list, match")
def _index_of(run: Run, values: Any, match: Any) -> Any:
    run.charge(len(_items(values)))
    return [index + 1 for index, value in enumerate(_items(values)) if equals(value, match, run.budget) is True]


@builtin("sort", "list")
def _sort(run: Run, values: Any) -> Any:
    found = _items(values)
    run.charge(len(found))
    if any(compare(value, found[0]) is None for value in found):
        return None
    return sorted(found, key=cmp_to_key(lambda a, b: compare(a, b) or 0))


# ------------------------------------------------------------------ contexts


@builtin("get value", "m, key")
def _get_value(run: Run, context: Any, key: Any) -> Any:
    return context.get(key) if isinstance(context, Mapping) and isinstance(key, str) else None


@builtin("get entries", "m")
def _get_entries(run: Run, context: Any) -> Any:
    return [{"key": k, "value": v} for k, v in context.items()] if isinstance(context, Mapping) else None


# ------------------------------------------------------------------ dates and times


@builtin("date", "from, month, day", least=1)
def _date(run: Run, value: Any, month: Any = None, day: Any = None) -> Any:
    if month is not None or day is not None:
        parts = [_whole(part) for part in (value, month, day)]
        try:
            return date(*parts) if None not in parts else None  # type: ignore[arg-type]
        except (ValueError, OverflowError):
            return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, str):
        moment = read_datetime(value) if "T" in value else None
        return moment.date() if moment else read_date(value)
    return value if isinstance(value, date) else None


@builtin("time", "from, minute, second, offset", least=1)
def _time(run: Run, value: Any, minute: Any = None, second: Any = None, offset: Any = None) -> Any:
    if minute is not None:
        hour, minutes, seconds = _whole(value), _whole(minute), number(second) if second is not None else 0
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
    return read_time(value) if isinstance(value, str) else (value if isinstance(value, time) else None)


def _offset(span: Any) -> Any:
    return timezone(span) if isinstance(span, timedelta) else None


@builtin("date and time", "from, time", least=1)
def _date_and_time(run: Run, value: Any, clock: Any = None) -> Any:
    if isinstance(clock, str):
        clock = read_time(clock)
    day = _date(run, value)
    if clock is not None:
        return datetime.combine(day, clock) if day is not None and isinstance(clock, time) else None
    if isinstance(value, datetime):
        return value
    if isinstance(value, str):
        moment = read_datetime(value)
        return moment or (datetime.combine(day, time(0)) if day else None)
    return datetime.combine(value, time(0)) if isinstance(value, date) else None


@builtin("duration", "from")
def _duration(run: Run, value: Any) -> Any:
    return read_duration(value) if isinstance(value, str) else (value if _is_duration(value) else None)


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


@builtin("now")
def _now(run: Run) -> Any:
    return _clock(run)


@builtin("today")
def _today(run: Run) -> Any:
    return _clock(run).date()
