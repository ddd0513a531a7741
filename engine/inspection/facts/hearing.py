"""Facts of a hearing: the request, the case, the days the law gives, and what was decided on the way."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.calendar import Calendar
from engine.inspection import hearings, service_records, tables
from engine.inspection.facts.desk import Desk, local, rows, table
from engine.inspection.follow_ups import find_follow_up
from engine.inspection.service_models import Hearing
from engine.models import User, UserRole

#: Who may be appointed to sit or to keep the record; the head decides afterwards and does not sit.
SITTING = ("法制审核人员", "科室负责人", "分管负责人", "承办人", "执法检查人员")
_KEYS = {"改期": "change_grounds", "延期": "postpone_grounds", "中止": "suspend_grounds", "终止": "end_grounds"}


def hearing_facts(desk: Desk) -> dict[str, Any]:
    """The same beside every step; the forms take what they need."""
    row = hearings.hearing(desk.session, desk.district_id, desk.task.business_key)
    case = find_follow_up(desk.session, desk.district_id, row.origin)
    notice = (case.facts.get("notice") or {}) if case is not None else {}
    told = hearings.told_on(desk.session, desk.district_id, case, desk.data)
    facts = [
        rows("听证", ("当事人", row.party), ("案由", row.cause), ("申请日期", row.requested_on), ("状态", row.state),
             ("主持人", row.chair_name), ("记录员", row.recorder_name), ("时间", local(desk, row.held_at)),
             ("地点", row.place), ("方式", _way(row))),
        rows("拟作出的处罚", ("告知书送达日期", told), ("是否告知听证权利", notice.get("hearing_right")),
             ("处罚种类", "、".join(map(str, notice.get("kinds") or []))), ("罚款（元）", notice.get("amount")),
             ("内容", notice.get("content"))),
        *_days(desk, row, told),
    ]  # fmt: skip
    if row.stops:
        facts.append(
            table("改期、延期和中止", ["日期", "情形", "理由"], [[s["on"], s["kind"], s["name"]] for s in row.stops])
        )
    return {
        "facts": facts,
        "told_on": told.isoformat() if told else "",
        "requested_on": row.requested_on.isoformat() if row.requested_on else "",
        "requester": str(desk.data.get("requester") or desk.data.get("requested_by") or row.party),
        "way": str(desk.data.get("request_way") or desk.data.get("way") or ""),
        "today": desk.today.isoformat(),
        "hearing_refusals": tables.options(desk.settings, "hearing-refusal", desk.today),
        "hearing_roles": tables.options(desk.settings, "hearing-role", desk.today),
        "hearing_people": _people(desk, row),
        "open_departments": [row.department],
        **_grounds(desk),
    }


def _way(row: Hearing) -> str:
    if row.held_at is None:
        return ""
    return "公开" if row.is_public else f"不公开（{row.closed_ground}）"


def _days(desk: Desk, row: Hearing, told: Any) -> list[dict[str, Any]]:
    """What the law says of days, worked out for today."""
    calendar = Calendar.load(desk.session, desk.district_id, desk.settings.timezone)
    if row.state == hearings.ASKED and told:
        last = service_records.period_ends(desk.settings, calendar, hearings.REQUEST, told)
        return [rows("期限", ("提出听证申请的最后一天", last))]
    if row.held_at is None and row.state == hearings.ACCEPTED:
        first = service_records.first_day_after(desk.settings, calendar, hearings.NOTICE, desk.today)
        return [rows("期限", ("今天通知，最早举行", first))]
    if row.state == hearings.NOTIFIED:
        number = str((desk.data.get("serve_notice") or {}).get("number") or "")
        known = service_records.attempts(desk.session, desk.district_id, number)
        served = next((a for a in known if a.state == service_records.SERVED), None)
        words = f"{served.served_on} {served.mode_name}" if served else "还没有登记送达"
        by = (desk.data.get("schedule") or {}).get("serve_by")
        return [rows("听证通知书", ("送达", words), ("最迟送达日期", by))]
    return []


def _grounds(desk: Desk) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {key: [] for key in _KEYS.values()}
    for stop in hearings.stops(desk.settings, desk.today):
        found[_KEYS[stop.kind]].append({"value": stop.code, "label": stop.name})
    return found


def _people(desk: Desk, row: Hearing) -> list[dict[str, str]]:
    """Who may sit: the department's people, without those who investigate and those who were recused."""
    barred = hearings.investigators(desk.session, desk.district_id, row, desk.data) | set(row.recused)
    found = desk.session.execute(
        sa.select(User.id, User.name, User.post)
        .join(UserRole, UserRole.user_id == User.id)
        .where(
            User.district_id == desk.district_id, User.active, UserRole.department == row.department,
            UserRole.role.in_(SITTING),
        )
        .distinct()
        .order_by(User.name, User.id)
    )  # fmt: skip
    return [
        {"value": user, "label": f"{name}（{post}）" if post else name} for user, name, post in found
        if user not in barred
    ]  # fmt: skip
