"""The hearing itself: held, put off, suspended, ended or given up; recusals; the report (PL64, 65)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

from engine.errors import InvalidInput
from engine.inspection import decision_clock, hearings, tables
from engine.inspection.hearing_steps import at_hand, ended, moment, noticed, state, withdrawn
from engine.inspection.service_models import Hearing
from engine.service_tasks import ServiceContext

#: What the diagram reads in ``next``.
HELD, RESCHEDULE, SUSPENDED, RECUSAL, APPOINT, AGAIN = (
    "held", "reschedule", "suspended", "recusal", "appoint", "again",
)  # fmt: skip
GIVEN_UP = "视为放弃听证"
_CHAIR = "主持人"


def act(ctx: ServiceContext) -> dict[str, Any]:
    """What happened at or before the hearing; says what comes next.

    Raises :class:`InvalidInput`: too early, the notice not served in time, nobody of a side present, a second
    change of day at the party's wish.
    """
    values, row = dict(ctx.values or {}), at_hand(ctx)
    match values["action"]:
        case "举行听证":
            return _held(ctx, row, values)
        case "当事人不到场" | "当事人中途退场":
            return _given_up(ctx, row, values)
        case "撤回听证申请":
            return withdrawn(ctx, row, values)
        case "申请回避":
            return _recusal_asked(row, values)
        case "当事人申请改期":
            return _put_off(ctx, row, values, "改期")
        case "延期":
            return _put_off(ctx, row, values, "延期")
        case "中止":
            _stopped(ctx, row, values, "中止")
            _expect_back(ctx, values)
            state(ctx, row, hearings.STOPPED)
            return {"next": SUSPENDED}
        case _:
            _stopped(ctx, row, values, "终止")
            return ended(ctx, row, "听证终止")


def _held(ctx: ServiceContext, row: Hearing, values: Mapping[str, Any]) -> dict[str, Any]:
    began, ended = moment(ctx, values, "began_at"), moment(ctx, values, "ended_at")
    assert began is not None and ended is not None  # both are required
    if ended > ctx.now:
        raise InvalidInput("时间有误。", fields={"ended_at": ["结束时间不能晚于现在。"]})
    if ended <= began:
        raise InvalidInput("时间有误。", fields={"ended_at": ["结束时间应当晚于开始时间。"]})
    held = ctx.calendar.local_date(began)
    if row.held_at is None or held != ctx.calendar.local_date(row.held_at):
        fixed = ctx.calendar.local_date(row.held_at) if row.held_at else "另定的日期"
        raise InvalidInput("日期有误。", fields={"began_at": [f"通知的听证日期是 {fixed}；改期的请先选“延期”。"]})
    noticed(ctx, row, held, "began_at")
    _attended(ctx, values)
    state(ctx, row, hearings.HELD)
    row.outcome = "已举行"
    ctx.set_deadline(ctx.business_key, hearings.REPORT, started_at=ended)
    return {"next": HELD}


def _attended(ctx: ServiceContext, values: Mapping[str, Any]) -> None:
    people = Counter(str(one.get("role")) for one in values.get("attendance") or [])
    roles = tables.rows(ctx.settings, "hearing-role", ctx.calendar.local_date(ctx.now))
    wrong = [f"“{r['name']}”至少 {r['least']} 人。" for r in roles if people[r["code"]] < r["least"]]
    wrong += [
        f"“{r['name']}”至多 {r['most']} 人。" for r in roles if r["most"] is not None and people[r["code"]] > r["most"]
    ]
    if not any(people[r["code"]] for r in roles if r["party"]):
        wrong.append("当事人一方没有人到场的，请选“当事人不到场”。")
    if wrong:
        raise InvalidInput("听证参加人有误。", fields={"attendance": wrong})


def _given_up(ctx: ServiceContext, row: Hearing, values: Mapping[str, Any]) -> dict[str, Any]:
    """Not coming, or leaving without leave, counts as giving the hearing up (PL64)."""
    if row.held_at is None or ctx.now < row.held_at:
        raise InvalidInput("听证时间还没有到。", fields={"action": ["听证时间还没有到，不能登记不到场或者退场。"]})
    noticed(ctx, row, ctx.calendar.local_date(row.held_at), "action")
    return ended(ctx, row, GIVEN_UP)


def _put_off(ctx: ServiceContext, row: Hearing, values: Mapping[str, Any], kind: str) -> dict[str, Any]:
    if kind == "改期" and values.get("granted") != "准许":
        return {"next": AGAIN}
    _stopped(ctx, row, values, kind)
    state(ctx, row, hearings.ACCEPTED)
    row.held_at = row.announced_at = None
    return {"next": RESCHEDULE}


def _stopped(ctx: ServiceContext, row: Hearing, values: Mapping[str, Any], kind: str) -> None:
    """Keep the ground; one that the table grants only so many times is refused after that."""
    key = {"改期": "change_ground", "延期": "postpone_ground", "中止": "suspend_ground", "终止": "end_ground"}[kind]
    today = ctx.calendar.local_date(ctx.now)
    try:
        stop = hearings.stop_of(ctx.settings, str(values.get(key)), kind, today)
    except InvalidInput as fault:
        raise InvalidInput(fault.message, fields={key: fault.fields["ground"]}) from fault
    used = sum(one["code"] == stop.code for one in row.stops)
    if stop.times is not None and used >= stop.times:
        raise InvalidInput("改期的次数已满。", fields={key: [f"“{stop.name}”准许 {stop.times} 次，已经准许过。"]})
    kept = {"code": stop.code, "name": stop.name, "kind": kind, "on": today.isoformat(), "note": values.get("note")}
    row.stops = [*row.stops, kept]


def _expect_back(ctx: ServiceContext, values: Mapping[str, Any]) -> None:
    """The limit ends with the day the chair expects; a form of an earlier version names none, then the row counts."""
    if not values.get("suspend_until"):
        ctx.set_deadline(ctx.business_key, hearings.RESUMPTION)
        return
    days = (date.fromisoformat(str(values["suspend_until"])[:10]) - ctx.calendar.local_date(ctx.now)).days
    if days < 1:
        raise InvalidInput("日期不对。", fields={"suspend_until": ["预计恢复的日期应当在今天以后，请修改。"]})
    ctx.set_deadline(ctx.business_key, hearings.RESUMPTION, rule=f"{days}d")


def _recusal_asked(row: Hearing, values: Mapping[str, Any]) -> dict[str, Any]:
    """The head decides on the chair, the chair on everybody else."""
    if values["recused_role"] == _CHAIR:
        return {"next": RECUSAL}
    if values.get("recusal_decision") != "准许":
        return {"next": AGAIN}
    if values["recused_role"] == "记录员":
        gone = [str(row.recorder)]
    else:
        gone = [str(one) for one in row.members]
        if not gone:
            raise InvalidInput("没有听证员。", fields={"recused_role": ["本次听证没有指定听证员，请改选。"]})
    row.recused = [*row.recused, *gone]
    return {"next": APPOINT}


def decide_recusal(ctx: ServiceContext) -> dict[str, Any]:
    """The head's decision on the chair; a chair who was recused is not appointed again."""
    values, row = dict(ctx.values or {}), at_hand(ctx)
    if values["decision"] != "准许":
        return {"next": AGAIN}
    row.recused = [*row.recused, str(row.chair)]
    return {"next": APPOINT}


def resume(ctx: ServiceContext) -> dict[str, Any]:
    """What the hearing was suspended for is over; a new day is fixed."""
    row = at_hand(ctx)
    row.held_at = row.announced_at = None
    state(ctx, row, hearings.ACCEPTED)
    ctx.meet_deadline(hearings.RESUMPTION)
    return {}


def report(ctx: ServiceContext) -> dict[str, Any]:
    """The chair's opinion; it goes to the head with the record."""
    values, row = dict(ctx.values or {}), at_hand(ctx)
    row.opinion = values["opinion"]
    ctx.meet_deadline(hearings.REPORT)
    return {}


def finish(ctx: ServiceContext) -> dict[str, Any]:
    """Close the hearing and let the days for the decision run again; returns ``outcome`` and ``payload``."""
    row = at_hand(ctx)
    row.state, row.closed_at = (hearings.REFUSED if row.outcome == hearings.REFUSED else hearings.CLOSED), ctx.now
    running = decision_clock.decision_above(ctx, row.origin)
    decision_clock.go_on(ctx, running, decision_clock.HEARING, f"听证办结：{row.outcome}")
    held = ctx.calendar.local_date(row.held_at).isoformat() if row.opinion and row.held_at else None
    return {"outcome": row.outcome, "payload": {"opinion": row.opinion, "held_on": held}}
