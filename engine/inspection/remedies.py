"""行政复议、行政诉讼、自行纠正 of a penalty: what they do to its enforcement, its money and what is public of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from engine.db import new_id
from engine.errors import InvalidInput, NotFound
from engine.inspection import enforcement as e
from engine.inspection.enforcement_models import PenaltyDebt, PenaltyRemedy, SurchargePause
from engine.inspection.enforcement_steps import day, morning, state, today
from engine.inspection.follow_ups import running_deadline
from engine.inspection.models import FollowUp
from engine.inspection.penalties import COLLECTED
from engine.inspection.records import follow_up
from engine.inspection.tables import limit, rows
from engine.models import Deadline
from engine.periods import Period, count
from engine.service_tasks import ServiceContext

REVIEW, LAWSUIT, OWN = "行政复议", "行政诉讼", "自行纠正"
#: Messages to the process of the enforcement.
ANNULLED, CHANGED = "penalty-annulled", "penalty-changed"
#: Effects of an outcome on the decision (table remedy-outcome).
STANDS, VOID, CHANGES = "stands", "void", "changed"
#: Key in the facts of the remedy whose body ordered 停止执行, while the order stands.
STAY = "stay"


def own(ctx: ServiceContext) -> PenaltyRemedy:
    """The remedy of the case at hand, locked.  Raises :class:`NotFound` before it was registered."""
    row = ctx.session.scalar(
        sa.select(PenaltyRemedy)
        .where(PenaltyRemedy.district_id == ctx.district_id, PenaltyRemedy.number == ctx.business_key)
        .with_for_update()
    )
    if row is None:
        raise NotFound("复议、诉讼还没有登记，请先办理“登记复议、诉讼”。")
    return row


def attacked(ctx: ServiceContext) -> FollowUp:
    """The penalty: the origin of the case, or that of the enforcement it was opened from."""
    origin = str(ctx.data["origin"])
    found = ctx.session.scalar(
        sa.select(PenaltyDebt.penalty).where(PenaltyDebt.district_id == ctx.district_id, PenaltyDebt.number == origin)
    )
    return follow_up(ctx.session, ctx.district_id, found or origin)


def debt_of(ctx: ServiceContext, row: PenaltyRemedy) -> PenaltyDebt | None:
    return e.debt_of_penalty(ctx.session, ctx.district_id, row.penalty, lock=True)


def register(ctx: ServiceContext, values: Mapping[str, Any]) -> PenaltyRemedy:
    """Keep the notice; whether it came in time is counted, never a reason to refuse: the body decides that.

    Raises :class:`InvalidInput` for days that cannot be, or a decision not served yet.
    """
    penalty = attacked(ctx)
    served = str((penalty.facts.get("service") or {}).get("served_on") or "")[:10]
    if not served:
        raise InvalidInput(
            "处罚决定还没有送达。", fields={"kind": ["处罚决定送达以后才能登记，请先在处罚案件中登记送达。"]}
        )
    row = PenaltyRemedy(
        id=new_id(), district_id=ctx.district_id, number=ctx.business_key, penalty=penalty.number,
        department=ctx.department, kind=values["kind"], opened_at=ctx.now,
    )  # fmt: skip
    if row.kind != OWN:
        _notice(ctx, row, values, day(served))
    ctx.session.add(row)
    ctx.session.flush()
    return row


def _notice(ctx: ServiceContext, row: PenaltyRemedy, values: Mapping[str, Any], served: date) -> None:
    row.body, row.case_number = values["body"], values["case_number"]
    row.applied_on, row.received_on = day(values["applied_on"]), day(values["received_on"])
    errors = {}
    if row.applied_on < served or row.applied_on > today(ctx):
        errors["applied_on"] = [f"申请、起诉日期应当在送达日期 {served} 和今天之间。"]
    if not row.applied_on <= row.received_on <= today(ctx):
        errors["received_on"] = ["收到通知的日期应当在申请、起诉日期和今天之间。"]
    if errors:
        raise InvalidInput("日期有误。", fields=errors)
    row.last_day = last_day(ctx, row, served)
    row.in_time = row.applied_on <= row.last_day


def last_day(ctx: ServiceContext, row: PenaltyRemedy, served: date) -> date:
    """Until when the party could apply: from the service of the decision, or of the review's own decision."""
    name, start = ("review-application" if row.kind == REVIEW else "lawsuit"), served
    if row.kind == LAWSUIT and (reviewed := _reviewed_on(ctx, row.penalty)):
        name, start = "lawsuit-after-review", reviewed
    due = count(ctx.calendar, Period(limit(ctx.settings, name, start).rule, morning(ctx, start))).due_at
    assert due is not None  # nothing suspends it
    return ctx.calendar.local_date(due)


def _reviewed_on(ctx: ServiceContext, penalty: str) -> date | None:
    return ctx.session.scalar(
        sa.select(PenaltyRemedy.effective_on)
        .where(
            PenaltyRemedy.district_id == ctx.district_id, PenaltyRemedy.penalty == penalty,
            PenaltyRemedy.kind == REVIEW, PenaltyRemedy.outcome != "",
        )
        .order_by(PenaltyRemedy.effective_on.desc())
        .limit(1)
    )  # fmt: skip


# -- while it lasts -------------------------------------------------------------------------------


def begin_pause(ctx: ServiceContext, row: PenaltyRemedy) -> None:
    """From the day of the application the surcharge is not counted, and the court cannot be asked (PL73, ACL53)."""
    assert row.applied_on is not None
    ctx.session.add(
        SurchargePause(
            id=new_id(), district_id=ctx.district_id, penalty=row.penalty, remedy=row.number, ground=row.kind,
            since=row.applied_on,
        )
    )  # fmt: skip
    ctx.session.flush()
    if debt := debt_of(ctx, row):
        for name in ("lawsuit", "court-application"):
            suspend(ctx, debt, name, "remedy", f"{row.kind}：{row.case_number}", row.applied_on)


def suspend(ctx: ServiceContext, debt: PenaltyDebt, name: str, ground: str, reason: str, on: date) -> None:
    """Let a running deadline of the debt stand still from ``on``; one that stands or is over stays as it is."""
    running = running_deadline(ctx.session, ctx.district_id, debt.number, name)
    if running is None or running.suspended_at is not None or running.due_at is None or running.due_at < ctx.now:
        return
    ends = [datetime.fromisoformat(s["until"]) for s in running.suspensions if s["until"]]
    since = max(morning(ctx, on), running.started_at, *ends)
    ctx.suspend_deadline(debt.number, name, reason, ground=ground, since=min(since, ctx.now))


def resume(ctx: ServiceContext, debt: PenaltyDebt, name: str, reason: str, on: date) -> None:
    """Let a deadline of the debt that stands still run again from ``on``."""
    running = running_deadline(ctx.session, ctx.district_id, debt.number, name)
    if running is not None and running.suspended_at is not None:
        ctx.resume_deadline(debt.number, name, reason, until=max(running.suspended_at, morning(ctx, on)))


def stay(ctx: ServiceContext, row: PenaltyRemedy, reason: str, on: date) -> None:
    """停止执行: nothing is enforced until whoever ordered it lifts it (PL73)."""
    debt = debt_of(ctx, row)
    ordering = follow_up(ctx.session, ctx.district_id, row.number)
    ordering.facts = {**ordering.facts, STAY: {"on": on.isoformat(), "reason": reason}}
    if debt is None or debt.closed_at is not None or debt.stayed_since is not None:
        return
    debt.stayed_since = on
    state(ctx, debt, e.STAYED)
    suspend(ctx, debt, "payment", "stay", reason, on)


def lift_stay(ctx: ServiceContext, row: PenaltyRemedy, reason: str, on: date) -> None:
    """恢复执行, unless another remedy ordered 停止执行 as well."""
    ordering = follow_up(ctx.session, ctx.district_id, row.number)
    ordering.facts = {key: value for key, value in ordering.facts.items() if key != STAY}
    debt = debt_of(ctx, row)
    if stayed_by(ctx, row):
        return
    if debt is None or debt.closed_at is not None or debt.stayed_since is None:
        return
    debt.stayed_since = None
    resume(ctx, debt, "payment", reason, on)
    word = e.OVERDUE if debt.overdue_since else e.WAITING
    state(ctx, debt, e.APPLIED if debt.applied_on else word)


def stayed_by(ctx: ServiceContext, row: PenaltyRemedy) -> list[str]:
    """Numbers of the other remedies against the penalty whose 停止执行 stands."""
    ctx.session.flush()
    others = sa.select(FollowUp).where(
        FollowUp.district_id == ctx.district_id, FollowUp.number != row.number,
        FollowUp.number.in_(sa.select(PenaltyRemedy.number).where(
            PenaltyRemedy.district_id == ctx.district_id, PenaltyRemedy.penalty == row.penalty
        )),
    )  # fmt: skip
    return [other.number for other in ctx.session.scalars(others) if STAY in other.facts]


# -- when it is over --------------------------------------------------------------------------------


def outcome_row(ctx: ServiceContext, code: str, kind: str) -> dict[str, Any]:
    """The row of the table remedy-outcome.  Raises :class:`InvalidInput` for one that this kind does not have."""
    found = next((r for r in rows(ctx.settings, "remedy-outcome", today(ctx)) if r["code"] == code), None)
    if found is None or kind not in found["kinds"]:
        raise InvalidInput("结果不对。", fields={"outcome": [f"{kind}没有“{code}”这一结果，请重新选择。"]})
    return found


def note_amounts(ctx: ServiceContext, row: PenaltyRemedy, values: Mapping[str, Any]) -> None:
    """Changed amounts may only be less (review law 63, litigation law 77).  Raises :class:`InvalidInput`."""
    debt = debt_of(ctx, row)
    row.fine, row.confiscated = e.fen(values.get("fine")), e.fen(values.get("confiscated"))
    fine = debt.fine if debt else collected(follow_up(ctx.session, ctx.district_id, row.penalty))
    known = {"fine": fine, "confiscated": debt.confiscated if debt else 0}
    wrong = {
        name: [f"不能多于原来的 {e.yuan(amount)} 元：变更不得加重对当事人的处罚。"]
        for name, amount in known.items()
        if getattr(row, name) > amount
    }
    if wrong:
        raise InvalidInput("变更后的数额有误。", fields=wrong)


def end_pause(ctx: ServiceContext, row: PenaltyRemedy, on: date) -> None:
    """The surcharge counts again from the day after ``on``."""
    for pause in ctx.session.scalars(
        sa.select(SurchargePause).where(
            SurchargePause.district_id == ctx.district_id, SurchargePause.remedy == row.number
        )
    ):
        pause.until = on
    ctx.session.flush()


def go_on(ctx: ServiceContext, row: PenaltyRemedy, debt: PenaltyDebt) -> None:
    """The decision stands: from when on the court may be asked, and until when; not while another remedy lasts."""
    assert row.effective_on is not None
    if any(pause.until is None for pause in e.pauses_of(ctx.session, debt)):
        return
    resume(ctx, debt, "court-application", f"{row.kind}办结", row.effective_on)
    if running_deadline(ctx.session, ctx.district_id, debt.number, "lawsuit") is not None:
        _start_lawsuit(ctx, debt)


def watch_lawsuit(ctx: ServiceContext, debt: PenaltyDebt) -> None:
    """Once a payment is overdue: wait for the end of the party's time for review and lawsuit (ACL53)."""
    known = sa.select(Deadline.id).where(
        Deadline.district_id == ctx.district_id, Deadline.business_key == debt.number, Deadline.name == "lawsuit"
    )
    if ctx.session.scalar(known) is None:
        _start_lawsuit(ctx, debt)
        if pending := next((p for p in e.pauses_of(ctx.session, debt) if p.until is None), None):
            suspend(ctx, debt, "lawsuit", "remedy", pending.ground, pending.since)


def _start_lawsuit(ctx: ServiceContext, debt: PenaltyDebt) -> None:
    """From the service of the decision; after a review from its decision, after a judgment no more time runs."""
    last = ctx.session.scalar(
        sa.select(PenaltyRemedy)
        .where(
            PenaltyRemedy.district_id == ctx.district_id, PenaltyRemedy.penalty == debt.penalty,
            PenaltyRemedy.outcome != "", PenaltyRemedy.outcome.not_in(("撤回", "不予受理")),
        )
        .order_by(PenaltyRemedy.effective_on.desc())
        .limit(1)
    )  # fmt: skip
    name, start = "lawsuit", debt.served_on
    if last is not None and last.effective_on is not None and last.kind != OWN:
        name, start = ("lawsuit-after-review" if last.kind == REVIEW else "remedy-concluded"), last.effective_on
    source = limit(ctx.settings, name, start)
    ctx.set_deadline(
        debt.number, "lawsuit", started_at=morning(ctx, start), rule=source.rule, label=source.label,
        legal_basis=source.legal_basis,
    )  # fmt: skip


def too_much(ctx: ServiceContext, debt: PenaltyDebt) -> dict[str, int]:
    """What was paid beyond what is owed now, by purpose, in fen."""
    return e.balance(ctx.session, ctx.settings, ctx.calendar, debt, today(ctx)).too_much


def collected(penalty: FollowUp) -> int:
    """The fine an officer collected on the spot, in fen; such a penalty has no account of payments."""
    decision = penalty.facts.get("decision") or {}
    return e.fen(decision.get("amount")) if decision.get("payment") == COLLECTED else 0


def undo(ctx: ServiceContext, row: PenaltyRemedy, debt: PenaltyDebt, effect: str) -> None:
    """The decision is void or says less: nothing, or less, is owed; what was paid beyond it is given back."""
    if effect == VOID:
        debt.fine = debt.confiscated = 0
    else:
        debt.fine, debt.confiscated = row.fine or 0, row.confiscated or 0
    ctx.session.flush()
    row.refund = sum(too_much(ctx, debt).values())
    if debt.closed_at is None:
        if effect == VOID:
            ctx.send_message(ANNULLED, debt.number)
        else:
            ctx.send_message(CHANGED, debt.number, {"amount": debt.fine / 100, "confiscated": debt.confiscated / 100})
