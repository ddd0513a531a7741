"""Count every open deadline anew on a changed calendar: all at once, whatever their number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.calendar import Calendar
from engine.commands.bulk import change_rows, hold_streams
from engine.commands.context import CommandContext
from engine.commands.deadline_change import counted, moment, period_of
from engine.commands.follow_deadlines import ask_again
from engine.db import new_id
from engine.deadline_rules import WarningStage, warning_stages
from engine.models import Deadline, DeadlineChange, UserTask
from engine.periods import Period
from engine.prepared import Prepared
from engine.settings import Settings

_READ = (
    Deadline.id, Deadline.business_key, Deadline.name, Deadline.label, Deadline.department, Deadline.instance_id,
    Deadline.started_at, Deadline.rule, Deadline.includes_start, Deadline.extensions, Deadline.suspensions,
    Deadline.suspended_at, Deadline.due_at, Deadline.provisional, Deadline.yellow_at, Deadline.orange_at,
    Deadline.remind_at, Deadline.reminded,
)  # fmt: skip
_COUNTED = ("due_at", "provisional", "yellow_at", "orange_at", "remind_at", "reminded")
_TRAIL = Prepared(sa.insert(DeadlineChange.__table__), columns=DeadlineChange.__table__.columns.keys())  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class MovedDeadline:
    """An open deadline that a changed calendar moves; what stands still has no due time and is not among them."""

    id: str
    business_key: str
    name: str
    label: str
    department: str
    instance_id: str | None
    old_due_at: datetime
    new_due_at: datetime
    was_provisional: bool
    provisional: bool


def preview(session: Session, settings: Settings, calendar: Calendar, now: datetime) -> list[MovedDeadline]:
    """What ``calendar`` would move, in the order of their business keys; nothing is written."""
    return [moved for _, _, moved in _differing(session, settings, calendar, now) if moved is not None]


def recompute(ctx: CommandContext, calendar: Calendar, reason: str) -> list[MovedDeadline]:
    """Count all open deadlines on ``calendar``, write each change to its trail and history; returns what moved.

    Deadlines already met stay as they were.  One event is added to the history of every case concerned.
    """
    ctx.flush()
    differing = _differing(ctx.session, ctx.kernel.settings, calendar, ctx.now)
    change_rows(
        ctx.connection, Deadline.__table__, _COUNTED, ((row.id, *(new[c] for c in _COUNTED)) for row, new, _ in differing)
    )  # fmt: skip
    moved = [found for _, _, found in differing if found is not None]
    if moved:
        _TRAIL.run_each(ctx.connection, [_step(ctx, one, reason) for one in moved])
        _tell(ctx, moved, reason)
        _move_tasks(ctx)
        ask_again(ctx, f"calendar/{ctx.now.isoformat()}")
    return moved


def _differing(
    session: Session, settings: Settings, calendar: Calendar, now: datetime
) -> list[tuple[Any, dict[str, Any], MovedDeadline | None]]:
    """Open deadlines whose count differs: the row, its new columns, and what to tell when the due time moved."""
    session.flush()
    today = calendar.local_date(now)

    @cache
    def stages(name: str) -> Sequence[WarningStage]:
        return warning_stages(settings, name, today)

    @cache  # few periods differ: a hundred thousand deadlines began on some hundred days
    def count_alike(period: Period, name: str, reminded: int) -> dict[str, Any]:
        return counted(calendar, period, stages(name), reminded=reminded, now=now)

    rows = session.execute(
        sa.select(*_READ)
        .where(Deadline.district_id == settings.district_id, Deadline.met_at.is_(None))
        .order_by(Deadline.business_key, Deadline.name)
    )
    found = []
    for row in rows:
        period = period_of(row)
        if not period.rule.rstrip().endswith("h"):  # days do not ask at what time the first one began
            start = calendar.start_of_day(calendar.local_date(period.started_at))
            period = Period(period.rule, start, period.includes_start, period.suspensions, period.extensions)
        new = count_alike(period, row.name, row.reminded)
        if any(new[column] != getattr(row, column) for column in _COUNTED):
            found.append((row, new, _moved(row, new)))
    return found


def _moved(row: Any, new: dict[str, Any]) -> MovedDeadline | None:
    due = new["due_at"]
    if due is None or row.due_at is None or (due, new["provisional"]) == (row.due_at, row.provisional):
        return None
    return MovedDeadline(
        row.id, row.business_key, row.name, row.label, row.department, row.instance_id, row.due_at, due,
        row.provisional, new["provisional"],
    )  # fmt: skip


def _step(ctx: CommandContext, moved: MovedDeadline, reason: str) -> dict[str, Any]:
    return {
        "id": new_id(), "district_id": ctx.district_id, "deadline_id": moved.id, "at": ctx.now, "kind": "moved",
        "due_before": moved.old_due_at, "due_after": moved.new_due_at, "provisional": moved.provisional, "rule": "",
        "effective_at": None, "ground": "", "reason": reason, "legal_basis": "", "document": "",
        "actor_id": ctx.actor.user_id, "actor_name": ctx.actor.name,
    }  # fmt: skip


def _tell(ctx: CommandContext, moved: Iterable[MovedDeadline], reason: str) -> None:
    """One event in the history of each case, whose row is held while its chain grows."""
    of_case: dict[str, list[MovedDeadline]] = {}
    for one in moved:
        if one.instance_id is not None:
            of_case.setdefault(one.instance_id, []).append(one)
    hold_streams(ctx, of_case)
    for instance_id, several in sorted(of_case.items()):
        told = [
            {"business_key": one.business_key, "name": one.name, "label": one.label,
             "due_before": moment(one.old_due_at), "due_at": moment(one.new_due_at), "provisional": one.provisional}
            for one in several
        ]  # fmt: skip
        ctx.record(instance_id, "deadline-moved", {"reason": reason, "deadlines": told})


def _move_tasks(ctx: CommandContext) -> None:
    """Open tasks that name a deadline show when it is due now."""
    task: Any = UserTask.__table__
    deadline: Any = Deadline.__table__
    ctx.connection.execute(
        sa.update(task)
        .where(
            task.c.district_id == ctx.district_id, task.c.state == "open", task.c.deadline_name == deadline.c.name,
            task.c.business_key == deadline.c.business_key, deadline.c.district_id == task.c.district_id,
            deadline.c.met_at.is_(None), deadline.c.due_at.is_not(None),
            sa.or_(task.c.due_at.is_(None), task.c.due_at != deadline.c.due_at),
        )
        .values(due_at=deadline.c.due_at)
    )  # fmt: skip
