"""Template filters: dates as officials write them, due-date colours, sizes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask import Flask, current_app, g

from engine.inspection import case_numbers
from engine.models import CalendarYear
from engine.web.context import database, now, settings

#: Days before the due date from which a task is shown as near.
NEAR_DAYS = 3
_WEEKDAYS = "一二三四五六日"


@dataclass(frozen=True, slots=True)
class Due:
    """How urgent something is: ``level`` is overdue, near or ok; ``text`` says it in words."""

    level: str
    text: str


def local(value: datetime) -> datetime:
    return value.astimezone(settings().timezone)


def minute(value: datetime | str | None) -> str:
    """``2026-03-02 09:00`` in the district's zone; an em dash for nothing."""
    if not value:
        return "—"
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return local(moment).strftime("%Y-%m-%d %H:%M")


def second(value: datetime | None) -> str:
    """``2026-03-02 09:00:05``: where the order of two people's acts matters."""
    return local(value).strftime("%Y-%m-%d %H:%M:%S") if value else "—"


def day(value: datetime | date | str | None) -> str:
    """``2026-03-02``; an em dash for nothing."""
    if not value:
        return "—"
    if isinstance(value, str):
        return value[:10]
    return (local(value) if isinstance(value, datetime) else value).strftime("%Y-%m-%d")


def chinese_day(value: datetime | date | None) -> str:
    """``2026年3月2日``, for official forms; blank for nothing."""
    if value is None:
        return "    年  月  日"
    d = local(value) if isinstance(value, datetime) else value
    return f"{d.year}年{d.month}月{d.day}日"


def weekday(value: datetime | date) -> str:
    d = local(value) if isinstance(value, datetime) else value
    return f"星期{_WEEKDAYS[d.weekday()]}"


def due_state(due_at: datetime, moment: datetime) -> Due:
    """Compare a due time with ``moment`` by calendar days of the district.

    Every list says so: many a task has but a due time.  A deadline's own page adds what is left in the
    unit of its rule, by its name (:func:`engine.web.deadlines.left_by_rule`).
    """
    zone = settings().timezone
    days = (due_at.astimezone(zone).date() - moment.astimezone(zone).date()).days
    if due_at < moment:
        return Due("overdue", f"超期 {-days} 天" if days < 0 else "今日已超时")
    if days == 0:
        return Due("near", "今天到期")
    return Due("near" if days <= NEAR_DAYS else "ok", f"剩 {days} 天")


def due(due_at: datetime | None) -> Due | None:
    return None if due_at is None else due_state(due_at, now())


def provisional(due_at: datetime | None) -> bool:
    """Does a due time lie in a year without a holiday notice (暂定)?  Years are announced, never taken back."""
    if due_at is None:
        return False
    year, known = local(due_at).year, current_app.extensions.setdefault("lianjian_announced_years", set())
    if year not in known and "announced_years_read" not in g:
        g.announced_years_read = True  # once a request, and only while the year is not known
        district = settings().district_id
        with database().lookup() as connection:
            known.update(connection.scalars(sa.select(CalendarYear.year).where(CalendarYear.district_id == district)))
    return year not in known


def filesize(size: int) -> str:
    """``512 B``, ``34 KB``, ``1.2 MB``."""
    if size < 1024:
        return f"{size} B"
    if size < 1024 * 1024:
        return f"{size // 1024} KB"
    return f"{size / 1024 / 1024:.1f} MB"


def number(value: Any) -> str:
    """Thousands separated: ``100,000``."""
    return f"{value:,}"


def case_number(key: str) -> str:
    """A business key as people read it: ``…/0001/SCJG/penalty/service-2`` → ``…/0001/SCJG/行政处罚/送达2``."""
    if "key_words" not in g:
        g.key_words = case_numbers.key_words(settings(), now().date())
    return case_numbers.in_words(key, g.key_words)


def in_texts(value: Any, texts: list[str]) -> bool:
    """Whether an option's value, as text, is among the chosen ones."""
    return str(value) in texts


def install(app: Flask) -> None:
    app.jinja_env.tests["in_texts"] = in_texts
    for function in (minute, second, day, chinese_day, weekday, due, provisional, filesize, number, case_number):
        app.jinja_env.filters[function.__name__] = function
