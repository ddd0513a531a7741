"""The working-day calendar: each year's notice, its days, and importing a new one."""

from __future__ import annotations

import calendar as months
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, make_response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine.calendar import Calendar, DayOfNotice, calendar_with_notice
from engine.commands.import_notice import ImportNotice, parse_days
from engine.commands.recompute_deadlines import MovedDeadline, preview
from engine.errors import InvalidInput
from engine.models import CalendarDay, CalendarYear, Deadline, ProcessInstance
from engine.scope import not_kept_from
from engine.web.admin import ADMIN
from engine.web.context import actor, database, engine, now, settings
from engine.web.guards import requires_role

blueprint = Blueprint("admin_calendar", __name__, url_prefix="/admin/calendar")

MAX_FILE = 100_000
#: Moved deadlines that are listed one by one; how many there are is always said.
SHOWN = 200


@blueprint.get("")
@requires_role(ADMIN)
def show() -> ResponseReturnValue:
    """One year: which days work, by which notice, and whether it is provisional (暂定)."""
    return _page(_year(request.args.get("year", "")))


def _year(text: str) -> int:
    return int(text) if text.isdecimal() and 2000 <= int(text[:4]) <= 2100 and len(text) == 4 else now().year


def _page(
    year: int, *, errors: dict[str, list[str]] | None = None, typed: dict[str, str] | None = None,
    moved: list[MovedDeadline] | None = None, would_move: list[MovedDeadline] | None = None, status: int = 200,
) -> ResponseReturnValue:  # fmt: skip
    district = settings().district_id
    with database().read() as session:
        known = session.get(CalendarYear, (year, district))
        days = session.scalars(
            sa.select(CalendarDay)
            .where(CalendarDay.district_id == district, CalendarDay.day.between(f"{year}-01-01", f"{year}-12-31"))
            .order_by(CalendarDay.day)
        ).all()
        calendar = Calendar.load(session, district, settings().timezone)
        provisional = session.scalar(
            sa.select(sa.func.count()).where(
                Deadline.district_id == district, Deadline.met_at.is_(None), Deadline.provisional
            )
        )
        moved, would_move = (_told(session, found) for found in (moved, would_move))
    names = {day.day: day for day in days}
    page = render_template(
        "admin/calendar.html", year=year, known=known, days=days, months=_months(year, calendar, names),
        errors=errors or {}, typed=typed or {}, moved=moved, preview=would_move, shown=SHOWN,
        provisional=provisional, today=now().date(),
    )  # fmt: skip
    return make_response(page, status)


def _months(year: int, calendar: Calendar, names: dict[str, CalendarDay]) -> list[list[list[Any]]]:
    """Twelve months of weeks of days; a day is (date, works, what it is called) or None outside the month."""
    found = []
    for month in range(1, 13):
        weeks = [
            [_day(date(year, month, number), calendar, names) if number else None for number in week]
            for week in months.Calendar(firstweekday=0).monthdayscalendar(year, month)
        ]
        found.append(weeks)
    return found


def _day(day: date, calendar: Calendar, names: dict[str, CalendarDay]) -> dict[str, Any]:
    works = calendar.is_working_day(day)
    row = names.get(day.isoformat())
    usual = day.weekday() < 5
    mark = "" if works == usual else ("班" if works else "休")
    return {"day": day, "works": works, "mark": mark, "name": row.name if row else ""}


@blueprint.post("")
@requires_role(ADMIN)
def import_notice() -> ResponseReturnValue:
    """Show what a year's notice would move; once that was seen, import it and count open deadlines anew."""
    typed = {name: request.form.get(name, "") for name in ("year", "notice", "days")}
    upload = request.files.get("file")
    year = _year(typed["year"])
    try:
        if not typed["year"].isdecimal() or int(typed["year"]) != year:
            raise InvalidInput("年份有误。", fields={"year": ["请填写四位年份，例如 2027。"]})
        if upload is not None and upload.filename:
            typed["days"] = _decoded(upload.read(MAX_FILE + 1))
        days = parse_days(typed["days"])
        if request.form.get("confirm") != "yes":
            return _page(year, would_move=_preview(year, typed["notice"], days), typed=typed)
        moved = engine().execute(ImportNotice(year, typed["notice"], days), actor=actor())
    except InvalidInput as error:
        return _page(year, errors=error.fields or {"days": [error.message]}, typed=typed, status=422)
    return _page(year, moved=moved)


def _told(session: Session, found: list[MovedDeadline] | None) -> list[MovedDeadline] | None:
    """Without those of restricted cases: they move as well, and their readers see it on their own pages."""
    if not found:
        return found
    seen = not_kept_from(actor(), ProcessInstance.id)
    kept = set(session.scalars(sa.select(ProcessInstance.id).where(ProcessInstance.restricted, ~seen)))
    return [one for one in found if one.instance_id not in kept]


def _preview(year: int, notice: str, days: list[DayOfNotice]) -> list[MovedDeadline]:
    """What the notice would move; nothing is saved."""
    district, zone = settings().district_id, settings().timezone
    with database().read() as session:
        calendar = calendar_with_notice(session, year, notice, days, district_id=district, zone=zone)
        return preview(session.connection(), settings(), calendar, now())


def _decoded(data: bytes) -> str:
    if len(data) > MAX_FILE:
        raise InvalidInput("文件过大。", fields={"days": ["节假日安排文件不应超过 100 KB，请核对文件。"]})
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InvalidInput("文件无法读取。", fields={"days": ["文件编码无法识别，请另存为 UTF-8 的 CSV。"]})
