"""Serving documents (送达): modes as the table has them, and the attempts recorded of a case (PL61)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.calendar import Calendar
from engine.errors import InvalidInput
from engine.inspection import tables
from engine.inspection.document_models import OfficialDocument
from engine.inspection.service_models import ServiceRecord
from engine.periods import Period, count, rule_words
from engine.settings import Settings

PROCESS = "document-service"
#: The deadline a decision has to be served by.
SERVICE = "service"
SERVED, FAILED, AWAITED, ANNOUNCED = "已送达", "未送达", "待回执", "公告中"


@dataclass(frozen=True)
class Mode:
    """A row of the table ``service-mode``: what it asks for, and from which day it counts as served."""

    code: str
    name: str
    needs: tuple[tuple[tuple[str, ...], str], ...]  # any of these fields, or the message
    servers: int
    then: str  # served | receipt | announced
    served_on: str  # attempted_on | reached_on | receipt | period
    may_fail: bool
    after_failures: int
    unless: Mapping[str, str] | None
    returned_counts: bool
    period: str | None
    suspends: str | None


def modes(settings: Settings, on: date) -> list[Mode]:
    """The modes in force on ``on``, in the order of the table."""
    return [
        Mode(
            row["code"], row["name"], tuple((tuple(n["fields"]), n["message"]) for n in row["needs"]), row["servers"],
            row["then"], row["served_on"], row["may_fail"], row["after_failures"], row["unless"],
            row["returned_counts"], row["period"], row["suspends"],
        )
        for row in tables.rows(settings, "service-mode", on)
    ]  # fmt: skip


def mode_of(settings: Settings, code: str, on: date) -> Mode:
    """One mode.  Raises :class:`InvalidInput` when none of that code is in force on ``on``."""
    for mode in modes(settings, on):
        if mode.code == code:
            return mode
    raise InvalidInput("送达方式不对。", fields={"mode": ["这种送达方式当日没有施行，请改选。"]})


def attempts(session: Session, district_id: str, number: str) -> list[ServiceRecord]:
    """The attempts of one service, in their order."""
    return list(
        session.scalars(
            sa.select(ServiceRecord)
            .where(ServiceRecord.district_id == district_id, ServiceRecord.number == number)
            .order_by(ServiceRecord.position)
        )
    )


def records_of(session: Session, district_id: str, root: str) -> list[ServiceRecord]:
    """Every attempt in the chain that began with ``root``, in the order they were made."""
    return list(
        session.scalars(
            sa.select(ServiceRecord)
            .where(ServiceRecord.district_id == district_id, ServiceRecord.root == root)
            .order_by(ServiceRecord.recorded_at, ServiceRecord.number, ServiceRecord.position)
        )
    )


def served_on(session: Session, district_id: str, origin: str, template: str) -> date | None:
    """The day the document last served in a case counts as served, None when it was not (yet)."""
    return session.scalar(
        sa.select(sa.func.max(ServiceRecord.served_on)).where(
            ServiceRecord.district_id == district_id, ServiceRecord.origin == origin,
            ServiceRecord.template == template, ServiceRecord.state == SERVED,
        )
    )  # fmt: skip


def number_of(session: Session, district_id: str, origin: str, template: str) -> str:
    """The document number (文号) a case has issued from a template last, empty when there is none."""
    return (
        session.scalar(
            sa.select(OfficialDocument.number)
            .where(
                OfficialDocument.district_id == district_id, OfficialDocument.business_key == origin,
                OfficialDocument.template == template, OfficialDocument.state == "issued",
            )
            .order_by(OfficialDocument.issued_at.desc(), OfficialDocument.serial.desc())
            .limit(1)
        )
        or ""
    )  # fmt: skip


def period_ends(settings: Settings, calendar: Calendar, name: str, began: date) -> date:
    """The last day of the period ``name`` of the deadline table that begins on ``began``."""
    rule = tables.limit(settings, name, began)
    start = datetime.combine(began, datetime.min.time(), tzinfo=calendar.zone)
    ends = count(calendar, Period(rule.rule, start, rule.includes_start)).due_at
    assert ends is not None  # it does not stand still
    return calendar.local_date(ends)


def first_day_after(settings: Settings, calendar: Calendar, name: str, told: date) -> date:
    """The first working day on which something may happen that needs the whole period ``name`` since ``told``."""
    return calendar.add_working_days(period_ends(settings, calendar, name, told), 1)


def announced(session: Session, district_id: str, on: date) -> list[ServiceRecord]:
    """Announcements to be read on ``on``, the newest first; one whose days are over is none any more."""
    return list(
        session.scalars(
            sa.select(ServiceRecord)
            .where(
                ServiceRecord.district_id == district_id, ServiceRecord.state == ANNOUNCED,
                ServiceRecord.attempted_on <= on, ServiceRecord.announced_until >= on,
            )
            .order_by(ServiceRecord.attempted_on.desc(), ServiceRecord.number)
        )
    )  # fmt: skip


def archive_rows(
    session: Session, district_id: str, numbers: Sequence[str]
) -> list[tuple[str, list[str], list[list[str]], list[int]]]:
    """The list of attempts for a volume: title, columns, rows, relative widths."""
    found = session.scalars(
        sa.select(ServiceRecord)
        .where(
            ServiceRecord.district_id == district_id,
            sa.or_(ServiceRecord.number.in_(numbers), ServiceRecord.origin.in_(numbers)),
        )
        .order_by(ServiceRecord.recorded_at, ServiceRecord.number, ServiceRecord.position)
    )
    body = [
        [f"{row.document} {row.document_number}".strip(), row.recipient, row.mode_name, row.attempted_on.isoformat(),
         row.state, row.served_on.isoformat() if row.served_on else "", row.receiver or row.reason]
        for row in found
    ]  # fmt: skip
    head = ["文书", "受送达人", "方式", "送达（发出、公告）日期", "结果", "视为送达日期", "签收人或者原因"]
    return [("送达记录", head, body, [5, 4, 2, 3, 2, 3, 4])] if body else []


def days_of(settings: Settings, mode: Mode, on: date) -> str | None:
    """How long an announcement lasts in words, e.g. ``30 日``; None for modes without a period."""
    return rule_words(tables.limit(settings, mode.period, on).rule) if mode.period else None
