"""Remind of deadlines that reached a stage of their period: the officer first, then whoever answers for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from engine.commands.bulk import hold_streams
from engine.commands.context import CommandContext
from engine.commands.deadline_change import changed, counted, period_of
from engine.db import new_id
from engine.deadline_rules import WarningStage, warning_stages
from engine.models import Deadline, DeadlineReminder, TaskCandidate, UserTask
from engine.periods import count
from engine.scope import DISTRICT_ROLES

#: Who holds the work; every other role is a post of the deadline's department or of the district.
OFFICER = "承办人"
CHUNK = 200
COLOURS = {"yellow": "黄色", "orange": "橙色", "red": "红色"}


@dataclass(frozen=True)
class RemindOfDeadlines:
    """Send what is due of reminders, for :data:`CHUNK` deadlines at most; returns how many were looked at.

    A stage is reminded of once: the deadline notes it in the same transaction.  Of several stages reached
    since the last look only the highest is told.  Nothing is sent while a deadline stands still.
    """

    def run(self, ctx: CommandContext) -> int:
        due = sa.and_(
            Deadline.district_id == ctx.district_id, Deadline.met_at.is_(None), Deadline.suspended_at.is_(None),
            Deadline.remind_at <= ctx.now,
        )  # fmt: skip
        wanted = sa.select(Deadline.id, Deadline.instance_id).where(due).order_by(Deadline.remind_at).limit(CHUNK)
        ids = {row.id: row.instance_id for row in ctx.session.execute(wanted)}
        hold_streams(ctx, {case for case in ids.values() if case is not None})  # a case is locked before its deadlines
        deadlines = ctx.session.scalars(
            sa.select(Deadline).where(Deadline.id.in_(list(ids)), due).order_by(Deadline.id).with_for_update()
        ).all()
        holders = _holders(ctx, {deadline.business_key for deadline in deadlines})
        for deadline in deadlines:
            stages = warning_stages(ctx.kernel.settings, deadline.name, ctx.calendar.local_date(ctx.now))
            _remind(ctx, deadline, stages, holders.get(deadline.business_key, ()))
        return len(ids)


def _remind(
    ctx: CommandContext, deadline: Deadline, stages: Sequence[WarningStage], holders: Iterable[str]
) -> None:  # fmt: skip
    """Send the highest stage reached and note when the next one is."""
    period = period_of(deadline)
    marks = count(ctx.calendar, period, [stage.percent for stage in stages]).marks
    stage = max((s for s in stages if marks[s.percent] <= ctx.now), key=lambda s: s.percent, default=None)
    fresh = stage is not None and stage.percent > deadline.reminded
    reached = stage.percent if stage is not None else 0
    for column, value in counted(ctx.calendar, period, stages, reminded=reached, now=ctx.now).items():
        setattr(deadline, column, value)
    if stage is None or not fresh:
        return
    assert deadline.due_at is not None  # it does not stand still
    recipients = sorted({r for role in stage.roles for r in _recipients(deadline, role, holders)})
    # A stage may come again at the same due time: set anew, or moved within its period by a notice.
    ctx.session.execute(
        sa.delete(DeadlineReminder).where(
            DeadlineReminder.deadline_id == deadline.id, DeadlineReminder.percent == stage.percent
        )
    )
    ctx.session.add_all(
        DeadlineReminder(
            id=new_id(), district_id=ctx.district_id, deadline_id=deadline.id, percent=stage.percent,
            due_at=deadline.due_at, recipient=recipient, sent_at=ctx.now,
        )
        for recipient in recipients
    )  # fmt: skip
    changed(
        ctx, deadline, "reminded", deadline.due_at, stream=deadline.instance_id, rule=f"{stage.percent}%",
        reason=f"进入{COLOURS.get(stage.colour, stage.colour)}，提醒{'、'.join(stage.roles)}",
    )  # fmt: skip


def _recipients(deadline: Deadline, role: str, holders: Iterable[str]) -> list[str]:
    if role == OFFICER and (held := list(holders)):
        return held
    return [f"*/{role}" if role in DISTRICT_ROLES else f"{deadline.department}/{role}"]


def _holders(ctx: CommandContext, business_keys: Iterable[str]) -> Mapping[str, list[str]]:
    """Who holds or is offered the open tasks of each business key, as recipients."""
    found: dict[str, list[str]] = {}
    tasks = ctx.session.execute(
        sa.select(UserTask.business_key, UserTask.assignee_id, UserTask.group, TaskCandidate.user_id)
        .outerjoin(TaskCandidate, TaskCandidate.task_id == UserTask.id)
        .where(
            UserTask.district_id == ctx.district_id, UserTask.state == "open",
            UserTask.business_key.in_(sorted(business_keys)),
        )
    )  # fmt: skip
    for business_key, assignee, group, candidate in tasks:
        person: Any = assignee or candidate
        recipient = f"user:{person}" if person else group
        if recipient:
            found.setdefault(business_key, []).append(recipient)
    return found
