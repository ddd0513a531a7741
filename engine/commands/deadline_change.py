"""What every change of a deadline does: count it anew, move what shows it, write its trail and the history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.calendar import Calendar
from engine.commands.context import CommandContext
from engine.db import new_id
from engine.deadline_rules import WarningStage, warning_stages
from engine.errors import NotFound
from engine.models import Deadline, DeadlineChange, DeadlineReminder, UserTask
from engine.periods import Period, Suspension, count


def locked_deadline(ctx: CommandContext, business_key: str, name: str) -> Deadline:
    """The open deadline under its lock.  Raises :class:`NotFound` when there is none, or it is met."""
    found = find_deadline(ctx, business_key, name, lock=True)
    if found is None or found.met_at is not None:
        raise NotFound(f"“{business_key}”没有未办结的期限“{name}”，可能已经办结。")
    return found


def find_deadline(ctx: CommandContext, business_key: str, name: str, *, lock: bool = False) -> Deadline | None:
    """The deadline ``name`` of a business key, met or not."""
    wanted = sa.select(Deadline).where(
        Deadline.district_id == ctx.district_id, Deadline.business_key == business_key, Deadline.name == name
    )
    return ctx.session.scalar(wanted.with_for_update() if lock else wanted)


def period_of(row: Any) -> Period:
    """What is recorded of a deadline, as it is counted; ``row`` has the columns of :class:`Deadline`."""
    return Period(
        row.rule,
        row.started_at,
        row.includes_start,
        tuple(
            Suspension(datetime.fromisoformat(s["since"]), datetime.fromisoformat(s["until"]) if s["until"] else None)
            for s in row.suspensions
        ),
        tuple(extension["rule"] for extension in row.extensions),
    )


def counted(
    calendar: Calendar, period: Period, stages: Iterable[WarningStage], *, reminded: int, now: datetime
) -> dict[str, Any]:
    """The columns of a deadline that follow from its period.

    A stage that lies in the future again, because the period grew, is reminded of again when it comes.
    """
    stages = list(stages)
    found = count(calendar, period, [stage.percent for stage in stages])
    if found.due_at is None:
        return {
            "due_at": None, "provisional": False, "yellow_at": None, "orange_at": None, "remind_at": None,
            "reminded": reminded,
        }  # fmt: skip
    reached = max((s.percent for s in stages if found.marks[s.percent] <= now), default=0)
    reminded = min(reminded, reached)
    return {
        "due_at": found.due_at,
        "provisional": found.provisional,
        "yellow_at": _first(found.marks, stages, ("yellow", "orange")) or found.due_at,
        "orange_at": _first(found.marks, stages, ("orange",)) or found.due_at,
        "remind_at": next((found.marks[s.percent] for s in stages if s.percent > reminded), None),
        "reminded": reminded,
    }


def _first(marks: Mapping[int, datetime], stages: Iterable[WarningStage], colours: Sequence[str]) -> datetime | None:
    """When the first stage of these colours comes; a colour without a stage of its own begins with the next one."""
    return min((marks[stage.percent] for stage in stages if stage.colour in colours), default=None)


def recount(ctx: CommandContext, deadline: Deadline) -> None:
    """Count ``deadline`` anew and let the open tasks that name it show when it is due."""
    today = ctx.calendar.local_date(ctx.now)
    stages = warning_stages(ctx.kernel.settings, deadline.name, today)
    for column, value in counted(
        ctx.calendar, period_of(deadline), stages, reminded=deadline.reminded or 0, now=ctx.now
    ).items():
        setattr(deadline, column, value)
    # A task being completed at this moment no longer needs its due time; waiting for it could
    # lock both commands against each other.
    open_tasks = (
        sa.select(UserTask.id)
        .where(
            UserTask.district_id == ctx.district_id,
            UserTask.business_key == deadline.business_key,
            UserTask.deadline_name == deadline.name,
            UserTask.state == "open",
        )
        .with_for_update(skip_locked=True)
    )
    ctx.session.execute(
        sa.update(UserTask)
        .where(UserTask.id.in_(open_tasks))
        .values(due_at=deadline.due_at)
        .execution_options(synchronize_session=False)
    )
    forget_reminders(ctx, deadline, but=deadline.due_at)
    ctx.session.flush()
    ctx.following.add(deadline.business_key)


def forget_reminders(ctx: CommandContext, deadline: Deadline, *, but: datetime | None = None) -> None:
    """Take back what people were reminded of, except of the due time ``but``."""
    of_this = sa.delete(DeadlineReminder).where(DeadlineReminder.deadline_id == deadline.id)
    ctx.session.execute(of_this if but is None else of_this.where(DeadlineReminder.due_at != but))


def changed(
    ctx: CommandContext, deadline: Deadline, kind: str, before: datetime | None, *, stream: str | None,
    reason: str = "", **details: Any,
) -> None:  # fmt: skip
    """Add a step to the trail of ``deadline`` and tell the history of ``stream``; ``details`` as in DeadlineChange."""
    ctx.session.add(
        DeadlineChange(
            id=new_id(), district_id=ctx.district_id, deadline_id=deadline.id, at=ctx.now, kind=kind,
            due_before=before, due_after=deadline.due_at, provisional=deadline.provisional, reason=reason,
            actor_id=ctx.actor.user_id, actor_name=ctx.actor.name, **details,
        )
    )  # fmt: skip
    ctx.session.flush()
    body: dict[str, Any] = {
        "business_key": deadline.business_key, "name": deadline.name, "label": deadline.label,
        "due_before": moment(before), "due_at": moment(deadline.due_at), "provisional": deadline.provisional,
        "reason": reason, **details,
    }  # fmt: skip
    body["effective_at"] = moment(details.get("effective_at"))
    ctx.record(stream, f"deadline-{kind}", {key: value for key, value in body.items() if value not in (None, "")})


def moment(value: datetime | None) -> str | None:
    """An instant as the history writes it."""
    return value.isoformat() if value is not None else None
