"""One attempt to serve a document: what the form must say, and what follows from it (PL61)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from engine.db import new_id
from engine.errors import InvalidInput
from engine.inspection import decision_clock, redaction, service_records
from engine.inspection.follow_ups import running_deadline
from engine.inspection.models import FollowUp
from engine.inspection.records import follow_up, user_name
from engine.inspection.service_models import ServiceRecord
from engine.inspection.service_records import ANNOUNCED, AWAITED, FAILED, SERVED, SERVICE, Mode
from engine.service_tasks import ServiceContext

#: What the diagram reads in ``next``.
SERVED_NOW, WAIT, ANNOUNCE, AGAIN, ENDED = "served", "receipt", "announced", "again", "ended"


def day(values: Mapping[str, Any], key: str) -> date | None:
    """A day of a form, None when it is not filled in."""
    text = str(values.get(key) or "")[:10]
    return date.fromisoformat(text) if text else None


def record_attempt(ctx: ServiceContext) -> dict[str, Any]:
    """Check one attempt against the row of its mode and keep it; says what comes next.

    Raises :class:`InvalidInput` naming every field that the mode asks for and that is missing.
    """
    values, case = dict(ctx.values or {}), follow_up(ctx.session, ctx.district_id, ctx.business_key)
    if values["action"] != "送达":
        case.state = "终止送达"
        return {"next": ENDED}
    known = service_records.attempts(ctx.session, ctx.district_id, case.number)
    today = ctx.calendar.local_date(ctx.now)
    attempted = day(values, "attempted_on") or today
    mode = service_records.mode_of(ctx.settings, values["mode"], attempted)
    failed = mode.may_fail and values.get("result") == FAILED
    faults = _days(ctx, values, attempted, today)
    faults |= _refused(mode, known, values)
    if not failed:
        faults |= _missing(mode, values)
    if hits := redaction.find(ctx.settings, str(values.get("collect_at") or ""), today):
        faults["collect_at"] = [f"领取地点会公开，其中的“{hits[0].text}”疑似{hits[0].kind}，请改写。"]
    if faults:
        raise InvalidInput("送达登记有误，请按提示补正。", fields=faults)
    row = _kept(ctx, case, mode, values, attempted, len(known) + 1)
    if failed:
        row.state, row.reason = FAILED, _reason(values)
        case.state = "送达未成"
        return {"next": AGAIN}
    return _what_follows(ctx, case, mode, row, values)


def _what_follows(
    ctx: ServiceContext, case: FollowUp, mode: Mode, row: ServiceRecord, values: Mapping[str, Any]
) -> dict[str, Any]:
    if mode.then == "receipt":
        row.state = case.state = AWAITED
        return {"next": WAIT}
    if mode.then == "announced":
        assert mode.period is not None
        row.state = case.state = ANNOUNCED
        row.announced_until = service_records.period_ends(ctx.settings, ctx.calendar, mode.period, row.attempted_on)
        row.public_note = str(values.get("collect_at") or "")
        began = ctx.calendar.end_of_day(row.attempted_on)
        ctx.set_deadline(case.number, mode.period, started_at=min(began, ctx.now))
        _stand_still(ctx, case, mode)
        return {"next": ANNOUNCE, "announced_until": row.announced_until.isoformat()}
    reached = day(values, "reached_on") if mode.served_on == "reached_on" else None
    served(case, row, reached or row.attempted_on)
    return {"next": SERVED_NOW}


def record_return(ctx: ServiceContext) -> dict[str, Any]:
    """The receipt came, or the document came back; by the mode's row a return may count as service.

    Raises :class:`InvalidInput` for a day before the document was sent or in the future.
    """
    values, case = dict(ctx.values or {}), follow_up(ctx.session, ctx.district_id, ctx.business_key)
    row = service_records.attempts(ctx.session, ctx.district_id, case.number)[-1]
    on = within(ctx, values, "on", row.attempted_on, "发出日期")
    mode = service_records.mode_of(ctx.settings, row.mode, row.attempted_on)
    sent, row.values = row.values, {**row.values, "return": values}
    if values["result"] == "已签收":
        row.receiver = str(values.get("receiver") or "")
        served(case, row, on)
    elif mode.returned_counts and sent.get("address_confirmed"):
        row.reason = f"按送达地址确认书寄送被退回：{_reason(values)}"[:300]
        served(case, row, on)
    else:
        row.state, row.reason = FAILED, _reason(values)
        case.state = "送达未成"
        return {"next": AGAIN}
    return {"next": SERVED_NOW}


def record_collection(ctx: ServiceContext) -> dict[str, Any]:
    """The party came for the document while the announcement was running: served on that day."""
    values, case = dict(ctx.values or {}), follow_up(ctx.session, ctx.district_id, ctx.business_key)
    row = service_records.attempts(ctx.session, ctx.district_id, case.number)[-1]
    on = within(ctx, values, "collected_on", row.attempted_on, "公告日期")
    row.receiver = str(values.get("receiver") or "")
    row.values = {**row.values, "collection": values}
    served(case, row, on)
    _run_again(ctx, case, row)
    return {"next": SERVED_NOW}


def end_announcement(ctx: ServiceContext) -> dict[str, Any]:
    """The days of the announcement are over: served on the last of them."""
    case = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    row = service_records.attempts(ctx.session, ctx.district_id, case.number)[-1]
    mode = service_records.mode_of(ctx.settings, row.mode, row.attempted_on)
    ended = running_deadline(ctx.session, ctx.district_id, case.number, mode.period or "")
    last = ctx.calendar.local_date(ended.due_at) if ended is not None and ended.due_at else row.announced_until
    assert last is not None
    row.announced_until = last  # a holiday notice may have moved it
    served(case, row, last)
    _run_again(ctx, case, row)
    return {"served_on": last.isoformat()}


def served(case: FollowUp, row: ServiceRecord, on: date) -> None:
    """The document counts as served on ``on``."""
    row.state, row.served_on, case.state = SERVED, on, SERVED
    case.facts = {**case.facts, "service": {"served_on": on.isoformat(), "method": row.mode_name}}


def within(ctx: ServiceContext, values: Mapping[str, Any], key: str, first: date, name: str) -> date:
    """The day in ``key``, between ``first`` and today.  Raises :class:`InvalidInput`."""
    today = ctx.calendar.local_date(ctx.now)
    on = day(values, key) or today
    if on > today:
        raise InvalidInput("日期有误。", fields={key: ["日期不能晚于今天。"]})
    if on < first:
        raise InvalidInput("日期有误。", fields={key: [f"日期不能早于{name} {first}。"]})
    return on


def _days(ctx: ServiceContext, values: Mapping[str, Any], attempted: date, today: date) -> dict[str, list[str]]:
    faults: dict[str, list[str]] = {}
    made = str(ctx.data.get("due_from") or "")[:10]
    if attempted > today:
        faults["attempted_on"] = ["日期不能晚于今天。"]
    elif made and attempted < date.fromisoformat(made):
        faults["attempted_on"] = [f"日期不能早于文书作出之日 {made}。"]
    reached = day(values, "reached_on")
    if reached and not attempted <= reached <= today:
        faults["reached_on"] = ["到达日期应在发出日期和今天之间。"]
    return faults


def _refused(mode: Mode, known: list[ServiceRecord], values: Mapping[str, Any]) -> dict[str, list[str]]:
    """Whether this mode may be used at all now, and whether enough people served."""
    faults: dict[str, list[str]] = {}
    tried = sum(row.state == FAILED for row in known)
    excepted = mode.unless is not None and values.get(mode.unless["field"]) == mode.unless["value"]
    if tried < mode.after_failures and not excepted:
        faults["mode"] = [
            f"{mode.name}须在其他方式无法送达之后使用：请先用其他方式送达并登记结果"
            + (f"，或者理由选“{mode.unless['value']}”。" if mode.unless else "。")
        ]
    if len(values.get("servers") or []) < mode.servers:
        faults["servers"] = [f"{mode.name}应当有 {mode.servers} 名以上送达人，请补充。"]
    return faults


def _missing(mode: Mode, values: Mapping[str, Any]) -> dict[str, list[str]]:
    return {
        fields[0]: [message]
        for fields, message in mode.needs
        if not any(values.get(field) for field in fields)
    }  # fmt: skip


def _kept(
    ctx: ServiceContext, case: FollowUp, mode: Mode, values: dict[str, Any], attempted: date, position: int
) -> ServiceRecord:
    template = str(ctx.data.get("template") or "")
    number = values.get("document_number") or ctx.data.get("document_number") or service_records.number_of(
        ctx.session, ctx.district_id, case.origin, template
    )  # fmt: skip
    row = ServiceRecord(
        id=new_id(), district_id=ctx.district_id, number=case.number, position=position, origin=case.origin,
        root=case.root, department=case.department, document=str(ctx.data.get("document") or ""),
        document_number=str(number), template=template, recipient=case.subject_name,
        mode=mode.code, mode_name="当场交付" if values.get("on_spot") else mode.name, attempted_on=attempted,
        state=AWAITED, receiver=str(values.get("receiver") or ""), values=values, recorded_by=ctx.actor.user_id,
        recorded_by_name=user_name(ctx.session, ctx.actor.user_id), recorded_at=ctx.now,
    )  # fmt: skip
    ctx.session.add(row)
    ctx.session.flush()
    return row


def _reason(values: Mapping[str, Any]) -> str:
    return "：".join(filter(None, (values.get("failure"), values.get("failure_note"))))[:300]


def _stand_still(ctx: ServiceContext, case: FollowUp, mode: Mode) -> None:
    """Neither the days for service nor those for the decision run while the announcement does."""
    if mode.suspends is None:
        return
    reason = f"{case.subject_name}：{ctx.data.get('document')}公告送达"
    for running in (
        running_deadline(ctx.session, ctx.district_id, case.number, SERVICE),
        decision_clock.decision_above(ctx, case.number),
    ):
        decision_clock.stop(ctx, running, mode.suspends, reason)


def _run_again(ctx: ServiceContext, case: FollowUp, row: ServiceRecord) -> None:
    mode = service_records.mode_of(ctx.settings, row.mode, row.attempted_on)
    if mode.period is not None:
        ctx.meet_deadline(mode.period)
    if mode.suspends is not None:
        running = decision_clock.decision_above(ctx, case.number)
        decision_clock.go_on(ctx, running, mode.suspends, "公告期间结束")
