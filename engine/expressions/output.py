"""Values leaving the language: FEEL's texts, plain Python numbers, JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from engine.expressions.temporal import CHINA, MonthDuration, duration_text
from engine.expressions.values import Budget, Failure, Function, Range, number, tidy


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
            parts.append(f"{', ' if index else ''}{_key(str(key))}: ")
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


def _key(key: str) -> str:
    if all(sign.isalnum() or sign in "_ " for sign in key):
        return key
    return '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _scalar_text(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    exact = number(value)
    if exact is not None:
        return format(exact, "f") if isinstance(exact, Decimal) and -34 < exact.adjusted() < 34 else str(exact)
    if isinstance(value, (date, time)):
        zone = value.tzinfo if isinstance(value, (datetime, time)) else None
        if isinstance(value, (datetime, time)) and isinstance(zone, ZoneInfo) and zone is not CHINA:
            # Civil time of the whole system is written with its offset, as everything else reads it.
            return f"{_trimmed(value.replace(tzinfo=None).isoformat())}@{zone.key}"
        text = _trimmed(value.isoformat())
        return text[:-6] + "Z" if text.endswith("+00:00") else text
    if isinstance(value, Function):
        return f"function({', '.join(value.parameters)})"
    return duration_text(value) if isinstance(value, (timedelta, MonthDuration)) else str(value)


def _trimmed(text: str) -> str:
    """Without the zeros at the end of a fraction of a second."""
    whole, point, rest = text.partition(".")
    if not point:
        return text
    digits = rest[:6].rstrip("0")
    return f"{whole}.{digits}{rest[6:]}" if digits else whole + rest[6:]


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
    if isinstance(value, str):
        return str(value)
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
