"""Before a hearing: whether it is granted, who sits, and when it may be held (PL63, 64)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from engine.bpmn.timers import parse_instant
from engine.calendar import Calendar
from engine.errors import InvalidInput
from engine.inspection import decision_clock, hearings, redaction, service_records, tables
from engine.inspection.document_service import day, within
from engine.inspection.follow_ups import find_follow_up
from engine.inspection.records import follow_up
from engine.inspection.service_models import Hearing
from engine.models import User
from engine.service_tasks import ServiceContext
from engine.settings import Settings

WITHDRAWN = "当事人撤回申请"
#: What the diagram reads in ``next``.
ENDED = "ended"


def at_hand(ctx: ServiceContext) -> Hearing:
    """The hearing of this case."""
    return hearings.hearing(ctx.session, ctx.district_id, ctx.business_key)


def state(ctx: ServiceContext, row: Hearing, word: str) -> None:
    """The word the hearing and its follow-up show from now on."""
    row.state = word
    follow_up(ctx.session, ctx.district_id, ctx.business_key).state = word


def review(ctx: ServiceContext) -> dict[str, Any]:
    """Grant or refuse the hearing; the days for the decision stand still once it is granted.

    Raises :class:`InvalidInput` for a refusal whose ground does not hold, a late request granted without a
    cause, and a day of service that contradicts the records.
    """
    values, row, today = dict(ctx.values or {}), at_hand(ctx), ctx.calendar.local_date(ctx.now)
    case = find_follow_up(ctx.session, ctx.district_id, row.origin)
    known = hearings.told_on(ctx.session, ctx.district_id, case, ctx.data)
    told, asked = day(values, "told_on") or today, day(values, "requested_on") or today
    faults: dict[str, list[str]] = {}
    if known is not None and told != known:
        faults["told_on"] = [f"与送达记录不符：告知书 {known} 送达。"]
    if not told <= asked <= today:
        faults["requested_on"] = ["申请日期应在告知书送达日期和今天之间。"]
    last = service_records.period_ends(ctx.settings, ctx.calendar, hearings.REQUEST, told)
    late = asked > last
    if values["decision"] == "受理" and late and not values.get("late_cause"):
        faults["late_cause"] = [f"申请超过期限（{last} 届满），受理的应当写明当事人逾期的正当理由，否则不予受理。"]
    if values["decision"] != "受理":
        faults |= _refusal(ctx, values, late, last, case.facts if case else {}, today)
    if faults:
        raise InvalidInput("听证申请的审查有误。", fields=faults)
    row.requested_on, row.last_request_day = asked, last
    if values["decision"] != "受理":
        row.outcome = hearings.REFUSED
        state(ctx, row, hearings.REFUSED)
        return {"last_day": last.isoformat()}
    state(ctx, row, hearings.ACCEPTED)
    running = decision_clock.decision_above(ctx, row.origin)
    decision_clock.stop(ctx, running, decision_clock.HEARING, f"受理听证申请：{row.party}")
    return {"last_day": last.isoformat()}


def _refusal(
    ctx: ServiceContext, values: Mapping[str, Any], late: bool, last: date, facts: Mapping[str, Any], today: date
) -> dict[str, list[str]]:
    checks = {r["code"]: r["check"] for r in tables.rows(ctx.settings, "hearing-refusal", today)}
    check = checks.get(str(values.get("refusal")))
    if check is None:
        return {"refusal": ["请从列表中选择不予受理的理由。"]}
    if check == "late" and not late:
        return {"refusal": [f"申请没有超过期限（{last} 届满），不能以此为由不予受理。"]}
    if check == "no-right" and (facts.get("notice") or {}).get("hearing_right") == "是":
        return {"refusal": ["告知书已经告知当事人有要求听证的权利，不能以此为由不予受理。"]}
    return {}


def appoint(ctx: ServiceContext) -> dict[str, Any]:
    """Appoint chair, members and recorder: nobody who investigates the case, nobody who was recused.

    ``scheduled`` says that a day is already fixed and stays.  Raises :class:`InvalidInput`.
    """
    values, row = dict(ctx.values or {}), at_hand(ctx)
    members = [str(m) for m in values.get("members") or []]
    barred = hearings.investigators(ctx.session, ctx.district_id, row, ctx.data)
    faults: dict[str, list[str]] = {}
    for key, people in (("chair", [values["chair"]]), ("recorder", [values["recorder"]]), ("members", members)):
        if set(people) & barred:
            faults[key] = ["听证由非本案调查人员主持：办案人员不能担任，请另选。"]
        elif set(people) & set(row.recused):
            faults[key] = ["该人员已经决定回避，请另选。"]
    if values["recorder"] in (values["chair"], *members):
        faults["recorder"] = ["记录员不能同时担任主持人或者听证员。"]
    if values["chair"] in members:
        faults["members"] = ["主持人不用再列为听证员。"]
    if faults:
        raise InvalidInput("听证人员的指定有误。", fields=faults)
    ids = [values["chair"], values["recorder"]]
    names = dict(ctx.session.execute(sa.select(User.id, User.name).where(User.id.in_(ids))).tuples().all())
    row.chair, row.chair_name = values["chair"], names.get(values["chair"], "")
    row.recorder, row.recorder_name = values["recorder"], names.get(values["recorder"], "")
    row.members = members
    return {"scheduled": row.state == hearings.NOTIFIED}


def schedule(ctx: ServiceContext) -> dict[str, Any]:
    """Fix day and place: late enough that the notice served today is in time, and announced when it is public.

    Returns ``serve_by``, or that it ended because the party withdrew.  Raises :class:`InvalidInput` that names the
    earliest lawful day.
    """
    values, row, today = dict(ctx.values or {}), at_hand(ctx), ctx.calendar.local_date(ctx.now)
    if values["action"] == WITHDRAWN:
        return withdrawn(ctx, row, values)
    held_at = parse_instant(values["held_at"], ctx.settings.timezone)
    held, public = ctx.calendar.local_date(held_at), values["way"] == "公开"
    if said := too_early(ctx.settings, ctx.calendar, today, held, public):
        raise InvalidInput("听证的日期太早。", fields={"held_at": [said]})
    if public and (hits := redaction.find(ctx.settings, values["place"], today)):
        said = f"地点会公开，其中的“{hits[0].text}”疑似{hits[0].kind}，请改写。"
        raise InvalidInput("听证地点有误。", fields={"place": [said]})
    row.held_at, row.place, row.is_public = held_at, values["place"], public
    row.closed_ground = "" if public else str(values.get("closed_ground") or "")
    row.announced_at = ctx.now if public else None
    state(ctx, row, hearings.NOTIFIED)
    serve_by = hearings.last_day_to_serve(ctx.settings, ctx.calendar, held)
    return {"next": "notify", "serve_by": serve_by.isoformat()}


def withdrawn(ctx: ServiceContext, row: Hearing, values: Mapping[str, Any]) -> dict[str, Any]:
    """The party withdrew its request.  Raises :class:`InvalidInput` for a day before the request or to come."""
    within(ctx, values, "withdrawn_on", row.requested_on or ctx.calendar.local_date(ctx.now), "申请日期")
    return ended(ctx, row, "撤回听证申请")


def ended(ctx: ServiceContext, row: Hearing, outcome: str) -> dict[str, Any]:
    """Nothing is heard any more."""
    row.outcome = outcome
    state(ctx, row, outcome)
    return {"next": ENDED}


def too_early(settings: Settings, calendar: Calendar, today: date, held: date, public: bool) -> str:
    """Why a hearing on ``held`` cannot be notified and announced in time any more, with the earliest lawful day.

    Empty when it can.  The days between are whole: the day of service and the day of the hearing do not count.
    """
    for name, needed, words in (
        (hearings.NOTICE, True, "通知书今天送达的"),
        (hearings.ANNOUNCEMENT, public, "公开举行、今天公告的"),
    ):
        if needed and held <= service_records.period_ends(settings, calendar, name, today):
            first = service_records.first_day_after(settings, calendar, name, today)
            return f"{words}，最早可以在 {first} 举行（{tables.limit(settings, name, today).legal_basis}），请改期。"
    return ""


def noticed(ctx: ServiceContext, row: Hearing, held: date, key: str) -> None:
    """The notice of the day fixed must have been served in time; else the hearing is put off.

    Raises :class:`InvalidInput` at the field ``key``.
    """
    number = str((ctx.data.get("serve_notice") or {}).get("number") or "")
    known = service_records.attempts(ctx.session, ctx.district_id, number)
    told = next((a.served_on for a in known if a.state == service_records.SERVED), None)
    if told is None:
        raise InvalidInput(
            "听证通知书没有送达。", fields={key: ["听证通知书还没有登记送达：请先办结送达，或者选“延期”另定日期。"]}
        )
    if held <= service_records.period_ends(ctx.settings, ctx.calendar, hearings.NOTICE, told):
        first = service_records.first_day_after(ctx.settings, ctx.calendar, hearings.NOTICE, told)
        raise InvalidInput(
            "听证通知书送达太晚。",
            fields={key: [f"听证通知书 {told} 送达，最早可以在 {first} 举行：请选“延期”另定日期。"]},
        )


def moment(ctx: ServiceContext, values: Mapping[str, Any], key: str) -> datetime | None:
    """A moment of a form, None when it is not filled in."""
    return parse_instant(values[key], ctx.settings.timezone) if values.get(key) else None
