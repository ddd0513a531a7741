"""涉嫌犯罪案件移送: who may work on it, moments in their order, the penalty's clock meanwhile (R42)."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.bpmn.timers import parse_instant
from engine.errors import InvalidInput
from engine.inspection import missed_limits
from engine.inspection.decision_clock import DECISION, EXCLUDED, TRANSFER, TRANSFER_WORDS, go_on, stop
from engine.inspection.follow_ups import running_deadline
from engine.inspection.models import FollowUp, Inspector, Recusal
from engine.inspection.records import follow_up
from engine.inspection.visit_models import RecusalApplication
from engine.models import UserRole
from engine.service_tasks import ServiceContext

#: The process, whose instances are known to those who work on them and to supervision alone (ADR 0034).
PROCESS = "crime-transfer"
PENALTY = "administrative-penalty"
#: Outcomes, as the closed message says them: after the first the penalty ends, after the others it goes on.
FILED, NOT_TRANSFERRED, REFUSED, CONVICTED, RETURNED = (
    "立案", "不予移送", "公安机关不予立案", "追究刑事责任", "退回行政处理",
)  # fmt: skip
#: What becomes of the penalty, as the closed message says it.
ENDS, GOES_ON = "终止", "继续"
#: What the organ does with its own case once public security has filed.
ENDS_HERE, WAITS, PENALTY_FIRST = "移送结案", "中止等待", "先行处罚"
#: How the penalty process says that it ended with the transfer.
CLOSED_AS_TRANSFERRED = "移送公安机关"
#: Reason that the penalty's deadline gives: its readers need not know of the transfer.
RESUMED = "中止调查的原因消除"
OFFICER = "执法检查人员"


def recused(session: Session, district_id: str, row: FollowUp) -> frozenset[str]:
    """Accounts that must keep away: a declared or decided recusal from this party or in this chain (PL43)."""
    codes = sa.select(Recusal.inspector_code).where(Recusal.district_id == district_id, Recusal.uscc == row.uscc)
    decided = sa.select(RecusalApplication.inspector).where(
        RecusalApplication.district_id == district_id, RecusalApplication.department_inspection == row.root,
        RecusalApplication.decision == "决定回避",
    )  # fmt: skip
    found = session.scalars(
        sa.select(Inspector.user_id).where(
            Inspector.district_id == district_id, Inspector.user_id.is_not(None),
            sa.or_(Inspector.code.in_(codes), Inspector.code.in_(decided)),
        )
    )  # fmt: skip
    return frozenset(user for user in found if user)


def officers(session: Session, district_id: str, department: str) -> frozenset[str]:
    """Accounts of the department's enforcement officers."""
    return frozenset(
        session.scalars(
            sa.select(UserRole.user_id).where(
                UserRole.district_id == district_id, UserRole.department == department, UserRole.role == OFFICER
            )
        )
    )


def moment(ctx: ServiceContext, field: str, *, after: datetime | None = None, what: str = "") -> datetime:
    """The moment typed into ``field`` (left empty: now).

    Raises :class:`InvalidInput` when it lies after now, or before ``after``, the moment of ``what``.
    """
    text = (ctx.values or {}).get(field)
    found = parse_instant(text, ctx.settings.timezone) if text else ctx.now
    if found > ctx.now:
        raise InvalidInput("时间不对。", fields={field: ["不能晚于现在，请修改。"]})
    # Fields are typed to the minute, what they follow may carry seconds.
    if after is not None and found < after.replace(second=0, microsecond=0):
        said = after.astimezone(ctx.settings.timezone).strftime("%Y-%m-%d %H:%M")
        raise InvalidInput("时间不对。", fields={field: [f"不能早于{what}（{said}），请修改。"]})
    return found


def noted(row: FollowUp, step: str) -> datetime | None:
    """The moment an earlier step of this transfer put on record."""
    text = (row.facts.get(step) or {}).get("at")
    return datetime.fromisoformat(text) if text else None


def keep(ctx: ServiceContext, step: str, state: str, at: datetime) -> FollowUp:
    """Put a step's values and its moment on record; ``state`` is what the case is from now on.

    Limits that passed before it are put on record with it, before the step meets them.
    """
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    missed_limits.note(ctx, row)
    earlier = row.facts.get(step)
    told = {**(ctx.values or {}), "at": at.isoformat(), "by": ctx.actor.name}
    # The same step again (sent on, supplemented): the earlier answer is kept beside the new one.
    if earlier:
        told["earlier"] = [*(earlier.get("earlier") or []), {k: v for k, v in earlier.items() if k != "earlier"}]
    row.state, row.facts = state, {**row.facts, step: told}
    return row


def stop_penalties(ctx: ServiceContext, row: FollowUp, since: datetime) -> None:
    """The days for a penalty decision in this chain do not count while public security has the case."""
    stopped = list(row.facts.get(EXCLUDED) or [])
    for number in [penalty.number for penalty in penalties(ctx, row) if penalty.closed_at is None]:
        deadline = running_deadline(ctx.session, ctx.district_id, number, DECISION)
        stop(ctx, deadline, TRANSFER, TRANSFER_WORDS)
        # One that stands still on another ground already goes on standing when that ground is over.
        if deadline is not None and deadline.suspended_at is not None and number not in stopped:
            stopped.append(number)
    row.facts = {**row.facts, EXCLUDED: stopped, "stopped_at": since.isoformat()}


def resume_penalties(ctx: ServiceContext, row: FollowUp) -> None:
    """Let the days count again that this transfer stopped, and only those."""
    stopped = row.facts.get(EXCLUDED) or []
    row.facts = {**row.facts, EXCLUDED: []}
    for number in stopped:
        go_on(ctx, running_deadline(ctx.session, ctx.district_id, number, DECISION), TRANSFER, RESUMED)


def penalties(ctx: ServiceContext, row: FollowUp) -> list[FollowUp]:
    """Penalties against this party in this chain, open and closed."""
    wanted = sa.select(FollowUp).where(
        FollowUp.district_id == ctx.district_id, FollowUp.root == row.root, FollowUp.kind == PENALTY,
        FollowUp.uscc == row.uscc,
    )  # fmt: skip
    return list(ctx.session.scalars(wanted.order_by(FollowUp.number)))


def check_over(ctx: ServiceContext, name: str) -> None:
    """Nobody is late before the time is over.  Raises :class:`InvalidInput`."""
    deadline = running_deadline(ctx.session, ctx.district_id, ctx.business_key, name)
    if deadline is not None and deadline.due_at is not None and deadline.due_at > ctx.now:
        until = deadline.due_at.astimezone(ctx.settings.timezone).strftime("%Y-%m-%d %H:%M")
        raise InvalidInput("期限还没有届满。", fields={"result": [f"期限到 {until} 届满，届满后才能登记逾期。"]})


def filed(ctx: ServiceContext, at: datetime, answered: str) -> None:
    """Public security files the case: what it asked for is answered, things and files follow (rules 12)."""
    ctx.meet_deadline(answered)
    ctx.set_deadline(ctx.business_key, "case-materials", started_at=at)
