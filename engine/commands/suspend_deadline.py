"""Let a deadline stand still on a lawful ground (中止), and let it run again (恢复)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.commands.context import CommandContext
from engine.commands.deadline_change import changed, find_deadline, locked_deadline, recount
from engine.commands.locking import locked_instance
from engine.deadline_rules import DeadlineRule, SuspensionGround, find_rule
from engine.errors import Conflict, Forbidden, InvalidInput
from engine.models import Deadline, UserTask

MAX_REASON = 500
#: Roles that are in charge of the deadlines of their own department.
IN_CHARGE = ("承办人", "科室负责人", "分管负责人", "机关负责人")


@dataclass(frozen=True)
class SuspendDeadline:
    """The time from ``since`` (None: now) until it is resumed does not count.

    ``ground`` is a code the deadline's row allows.  ``stream`` as in SetDeadline; None when a person acts from
    a page: then the actor must be in charge and the ground one that may be chosen by hand.  Raises
    :class:`InvalidInput` for a ground the row does not allow, no reason, or a day that cannot be;
    :class:`Conflict` when it stands still already or is overdue.
    """

    business_key: str
    name: str
    reason: str
    ground: str
    since: datetime | None = None
    stream: str | None = None

    def run(self, ctx: CommandContext) -> Deadline:
        deadline, stream = taken_up(ctx, self.business_key, self.name, self.stream)
        since = self.since or ctx.now
        if deadline.suspended_at is not None:
            raise Conflict(f"期限“{deadline.label}”已经中止，恢复以后才能再次中止。")
        row = rule_of(ctx, deadline)
        ground = row.ground(self.ground) if row else None
        if ground is None:
            allowed = "、".join(g.label for g in row.suspensions) if row else ""
            raise InvalidInput(
                f"期限“{deadline.label}”不能以此理由中止。",
                fields={"ground": [f"可以选择：{allowed}。" if allowed else "期限表没有规定这一期限可以中止。"]},
            )
        if self.stream is None and not ground.by_hand:
            raise InvalidInput("不能在这里以此理由中止。", fields={"ground": [way(ground)]})
        reason = reason_of(self.reason)
        last = max((s["until"] for s in deadline.suspensions), default=None)
        earliest = max(deadline.started_at, datetime.fromisoformat(last)) if last else deadline.started_at
        if since > ctx.now or since < earliest:
            words = ctx.calendar.local_date(earliest)
            raise InvalidInput(
                "中止的起始时间不对。", fields={"since": [f"中止不能早于 {words}，也不能晚于现在，请修改。"]}
            )
        if deadline.due_at is not None and since > deadline.due_at:
            raise Conflict(f"期限“{deadline.label}”在这一时间以前已经届满，不能再中止。")
        before = deadline.due_at
        entry = {"since": since.isoformat(), "until": None, "ground": ground.code}
        deadline.suspensions = [*deadline.suspensions, entry]
        deadline.suspended_at = since
        recount(ctx, deadline)
        changed(
            ctx, deadline, "suspended", before, stream=stream, reason=reason, ground=ground.label,
            legal_basis=ground.legal_basis, effective_at=since,
        )  # fmt: skip
        return deadline


@dataclass(frozen=True)
class ResumeDeadline:
    """The time after ``until`` (None: now) counts again.

    Raises :class:`Conflict` when the deadline does not stand still and :class:`InvalidInput` for a time that
    lies before the suspension or after now.
    """

    business_key: str
    name: str
    reason: str = ""
    until: datetime | None = None
    stream: str | None = None

    def run(self, ctx: CommandContext) -> Deadline:
        deadline, stream = taken_up(ctx, self.business_key, self.name, self.stream)
        if deadline.suspended_at is None:
            raise Conflict(f"期限“{deadline.label}”没有中止，不需要恢复。")
        until = self.until or ctx.now
        if not deadline.suspended_at <= until <= ctx.now:
            words = ctx.calendar.local_date(deadline.suspended_at)
            raise InvalidInput(
                "恢复的时间不对。", fields={"until": [f"恢复不能早于中止（{words}），也不能晚于现在，请修改。"]}
            )
        reason = reason_of(self.reason) if self.stream is None else self.reason.strip()[:MAX_REASON]
        *earlier, running = deadline.suspensions
        deadline.suspensions = [*earlier, {**running, "until": until.isoformat()}]
        deadline.suspended_at = None
        recount(ctx, deadline)
        changed(ctx, deadline, "resumed", None, stream=stream, reason=reason, effective_at=until)
        return deadline


def taken_up(
    ctx: CommandContext, business_key: str, name: str, stream: str | None
) -> tuple[Deadline, str | None]:  # fmt: skip
    """A deadline to be changed and the history that tells of it; a person must be in charge of it.

    The case is locked before its deadline, as everywhere.
    """
    if stream is not None:
        return locked_deadline(ctx, business_key, name), stream
    known = find_deadline(ctx, business_key, name)
    if known is not None and not in_charge(ctx.session, ctx.actor, known):
        raise Forbidden("只有承办人和所在部门的负责人可以中止或者恢复期限。")
    if known is not None and known.instance_id is not None:
        locked_instance(ctx, known.instance_id)
        ctx.session.expire(known)
    deadline = locked_deadline(ctx, business_key, name)
    return deadline, deadline.instance_id


def in_charge(session: Session, actor: Actor, deadline: Deadline) -> bool:
    """True for the officers and heads of the deadline's department and for whoever holds a task of its case."""
    if actor.is_system or any(actor.has_role(role, deadline.department) for role in IN_CHARGE):
        return True
    holds = sa.exists().where(
        UserTask.district_id == deadline.district_id, UserTask.business_key == deadline.business_key,
        UserTask.state == "open", UserTask.assignee_id == actor.user_id,
    )  # fmt: skip
    return bool(session.scalar(sa.select(holds)))


def rule_of(ctx: CommandContext, deadline: Deadline) -> DeadlineRule | None:
    """The row of the deadline table in force when the deadline started."""
    return find_rule(
        ctx.kernel.settings, deadline.name, ctx.calendar.local_date(deadline.started_at), deadline.department
    )


def way(ground: SuspensionGround) -> str:
    """How a period comes to stand still on a ground that is not chosen by hand, in words."""
    if ground.application and not ground.process:
        return f"“{ground.label}”须经机关负责人批准，请在案件页面另行启动“案件中止”。"
    return f"“{ground.label}”由{ground.process}自动中止和恢复，不需要手工办理。"


def reason_of(text: str) -> str:
    """The reason a person gives, which must not be empty or too long."""
    reason = text.strip()
    if not reason:
        raise InvalidInput("请写明理由。", fields={"reason": ["请写明理由。"]})
    if len(reason) > MAX_REASON:
        raise InvalidInput("理由过长。", fields={"reason": [f"理由最多 {MAX_REASON} 字，请精简。"]})
    return reason
