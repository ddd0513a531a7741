"""Hearings (听证) before a penalty: the row, the days the law gives, and who may sit (PL63–65)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.calendar import Calendar
from engine.errors import InvalidInput, NotFound
from engine.inspection import service_records, tables
from engine.inspection.follow_ups import find_follow_up
from engine.inspection.models import DepartmentInspection, FollowUp, Inspector
from engine.inspection.service_models import Hearing
from engine.settings import Settings

PROCESS = "hearing"
NOTICE = "hearing-notice"  # the document template and the deadline row are called alike
ANNOUNCEMENT, REPORT, REQUEST = "hearing-announcement", "hearing-report", "statement"
RESUMPTION = "hearing-resumption"
ASKED, REFUSED, ACCEPTED, NOTIFIED = "待审查", "不予受理", "已受理", "已通知"
STOPPED, HELD, CLOSED = "中止", "已举行", "已办结"
#: Granted and not over: the days for the decision do not run.
OPEN = (ACCEPTED, NOTIFIED, STOPPED, HELD)
#: Documents that tell the party of its right to a hearing.
RIGHT_TOLD = ("penalty-notice", "hearing-right-notice")


@dataclass(frozen=True)
class Stop:
    """A row of the table ``hearing-stop``: why a hearing is put off, suspended or ended."""

    code: str
    name: str
    kind: str  # 改期 | 延期 | 中止 | 终止
    times: int | None


def hearing(session: Session, district_id: str, number: str) -> Hearing:
    """The hearing ``number``.  Raises :class:`NotFound`."""
    row = session.scalar(sa.select(Hearing).where(Hearing.district_id == district_id, Hearing.number == number))
    if row is None:
        raise NotFound(f"听证 {number} 不存在。")
    return row


def stops(settings: Settings, on: date) -> list[Stop]:
    """The grounds in force on ``on``."""
    return [
        Stop(row["code"], row["name"], row["kind"], row.get("times"))
        for row in tables.rows(settings, "hearing-stop", on)
    ]


def stop_of(settings: Settings, code: str, kind: str, on: date) -> Stop:
    """A ground that fits.  Raises :class:`InvalidInput`."""
    for stop in stops(settings, on):
        if (stop.code, stop.kind) == (code, kind):
            return stop
    raise InvalidInput("理由不对。", fields={"ground": [f"请从列表中选择{kind}的理由。"]})


def told_on(session: Session, district_id: str, case: FollowUp | None, start: Mapping[str, Any]) -> date | None:
    """The day the party was told of its right to a hearing, as known; None when nothing says so."""
    if case is not None:
        served = (service_records.served_on(session, district_id, case.number, template) for template in RIGHT_TOLD)
        if days := [day for day in served if day is not None]:
            return max(days)
    noted = (case.facts.get("notice") or {}).get("served_on") if case is not None else None
    text = str(start.get("notice_served_on") or noted or "")[:10]
    return date.fromisoformat(text) if text else None


def investigators(session: Session, district_id: str, row: Hearing, start: Mapping[str, Any]) -> set[str]:
    """Accounts of those who investigate the case or made the inspection it began with: none of them sits."""
    case = find_follow_up(session, district_id, row.origin)
    facts = case.facts if case is not None else {}
    named = [start.get("investigators"), facts.get("handlers"), (facts.get("filing") or {}).get("handlers")]
    inspected = sa.select(DepartmentInspection.inspectors).where(
        DepartmentInspection.district_id == district_id,
        DepartmentInspection.number == (case.root if case is not None else row.origin),
    )
    visited = session.scalars(
        sa.select(Inspector.user_id).where(
            Inspector.district_id == district_id, Inspector.code.in_(session.scalar(inspected) or []),
            Inspector.user_id.is_not(None),
        )
    )  # fmt: skip
    return {str(one) for found in [*named, list(visited)] for one in found or []}


def last_day_to_serve(settings: Settings, calendar: Calendar, held: date) -> date:
    """The last day on which the notice may be served for a hearing on ``held``."""
    told = held - timedelta(days=1)
    while service_records.period_ends(settings, calendar, NOTICE, told) >= held:
        told -= timedelta(days=1)
    return told


def announced(session: Session, district_id: str, zone: ZoneInfo, on: date) -> list[Hearing]:
    """Public hearings still to come on ``on``, the nearest first; one whose day is over is none any more."""
    return list(
        session.scalars(
            sa.select(Hearing)
            .where(
                Hearing.district_id == district_id, Hearing.state == NOTIFIED, Hearing.is_public,
                Hearing.announced_at.is_not(None), Hearing.held_at >= datetime.combine(on, time(), tzinfo=zone),
            )
            .order_by(Hearing.held_at, Hearing.number)
        )
    )  # fmt: skip


def archive_rows(
    session: Session, district_id: str, numbers: Sequence[str]
) -> list[tuple[str, list[str], list[list[str]], list[int]]]:
    """The hearings of a volume: title, columns, rows, relative widths."""
    found = session.scalars(
        sa.select(Hearing)
        .where(Hearing.district_id == district_id, sa.or_(Hearing.number.in_(numbers), Hearing.origin.in_(numbers)))
        .order_by(Hearing.opened_at, Hearing.number)
    )
    body = [
        [row.number, row.requested_on.isoformat() if row.requested_on else "", row.chair_name, row.recorder_name,
         "公开" if row.is_public else f"不公开（{row.closed_ground}）", row.outcome or row.state, row.opinion]
        for row in found
    ]  # fmt: skip
    head = ["编号", "申请日期", "主持人", "记录员", "方式", "结果", "听证意见"]
    return [("听证", head, body, [6, 3, 2, 2, 3, 3, 3])] if body else []
