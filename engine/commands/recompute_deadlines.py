"""Count every open deadline anew on a changed calendar: all at once, whatever their number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from orjson import loads

from engine.calendar import Calendar
from engine.commands.bulk import CHUNK, Digits, Moments, Stored, among, chunks, hold_streams
from engine.commands.context import CommandContext
from engine.commands.deadline_change import counted, period_of
from engine.commands.follow_deadlines import ask_again
from engine.db import is_postgresql
from engine.deadline_rules import WarningStage, warning_stages
from engine.models import Deadline, DeadlineChange, DeadlineReminder, UserTask
from engine.settings import Settings

_COUNTED = ("due_at", "provisional", "yellow_at", "orange_at", "remind_at", "reminded")
#: What a deadline is told by, what it is counted from (lists as text: most are alike), and what follows from it.
_TOLD = (
    sa.type_coerce(Deadline.id, Digits).label("digits"), Deadline.business_key, Deadline.name, Deadline.label,
    Deadline.department, Deadline.instance_id,
)  # fmt: skip
_FROM = (
    sa.type_coerce(Deadline.started_at, Stored), Deadline.rule, Deadline.includes_start,
    sa.cast(Deadline.extensions, sa.Text), sa.cast(Deadline.suspensions, sa.Text),
)  # fmt: skip
_MOMENTS = frozenset({"due_at", "yellow_at", "orange_at", "remind_at"})
_READ = (
    *_TOLD, *_FROM,
    *(sa.type_coerce(column, Stored) if name in _MOMENTS else column
      for name in _COUNTED for column in [getattr(Deadline, name)]),
)  # fmt: skip


_Values = tuple[Any, ...]


class MovedDeadline(NamedTuple):
    """An open deadline that a changed calendar moves; what stands still has no due time and is not among them."""

    business_key: str
    name: str
    label: str
    department: str
    instance_id: str | None
    old_due_at: datetime
    new_due_at: datetime
    was_provisional: bool
    provisional: bool


def preview(connection: sa.Connection, settings: Settings, calendar: Calendar, now: datetime) -> list[MovedDeadline]:
    """What ``calendar`` would move, in the order of their ids; nothing is written."""
    return [moved for _, _, moved in _differing(connection, settings, calendar, now) if moved is not None]


def recompute(ctx: CommandContext, calendar: Calendar, reason: str) -> list[MovedDeadline]:
    """Count all open deadlines on ``calendar``, write each change to its trail and history; returns what moved.

    Deadlines already met stay as they were.  One event is added to the history of every case concerned.
    """
    ctx.flush()
    found: list[MovedDeadline] = []
    alike: dict[_Values, list[str]] = {}
    for digits, values, moved in _differing(ctx.connection, ctx.kernel.settings, calendar, ctx.now):
        alike.setdefault(values, []).append(digits)
        if moved is not None:
            found.append(moved)
    hold_streams(ctx, {one.instance_id for one in found if one.instance_id is not None})
    with ThreadPoolExecutor(1) as beside:
        written = beside.submit(_write_all, ctx, alike, reason)  # the database's work, while links are hashed here
        _tell(ctx, found, reason)
        written.result()
    ctx.flush()
    if found:
        _forget_reminders(ctx)
        ask_again(ctx, f"calendar/{ctx.now.isoformat()}")
    return found


def _write_all(ctx: CommandContext, alike: Mapping[_Values, Sequence[str]], reason: str) -> None:
    """Change deadlines, those that count alike together, and the tasks that show when they are due."""
    for values, ids in alike.items():
        for some in chunks(ids):
            _write(ctx, dict(zip(_COUNTED, values, strict=True)), some, reason)
    if alike:
        _move_tasks(ctx)


def _write(ctx: CommandContext, new: dict[str, Any], ids: Sequence[str], reason: str) -> None:
    """Add a step to the trails of deadlines that count alike now, then change them: two statements for all."""
    these = among(ctx.connection, Deadline.id, ids)
    if new["due_at"] is not None:
        table: Any = DeadlineChange.__table__
        fixed = {
            "district_id": ctx.district_id, "at": ctx.now, "kind": "moved", "due_after": new["due_at"],
            "provisional": new["provisional"], "rule": "", "ground": "", "reason": reason, "legal_basis": "",
            "document": "", "actor_id": ctx.actor.user_id, "actor_name": ctx.actor.name,
        }  # fmt: skip
        shifted = sa.or_(Deadline.due_at != new["due_at"], Deadline.provisional != new["provisional"])
        trail = sa.select(
            _random_id(ctx.connection), Deadline.id, Deadline.due_at,
            *(sa.literal(value, table.c[name].type) for name, value in fixed.items()),
        ).where(these, Deadline.due_at.is_not(None), shifted)  # fmt: skip
        ctx.connection.execute(sa.insert(table).from_select(["id", "deadline_id", "due_before", *fixed], trail))
    ctx.connection.execute(sa.update(Deadline).where(these).values(new))


def _random_id(connection: sa.Connection) -> sa.ColumnElement[Any]:
    """An id the database makes up for each row."""
    return (
        sa.func.gen_random_uuid() if is_postgresql(connection) else sa.func.lower(sa.func.hex(sa.func.randomblob(16)))
    )


def _differing(
    connection: sa.Connection, settings: Settings, calendar: Calendar, now: datetime
) -> Iterator[tuple[str, _Values, MovedDeadline | None]]:
    """Open deadlines whose count differs: the digits of its id, its new columns, and what moved if it did."""
    counting = _Counting(settings, calendar, now)
    wanted = sa.select(*_READ).where(Deadline.district_id == settings.district_id, Deadline.met_at.is_(None))
    moment = Moments()
    last = ""
    while True:
        rest = wanted.where(Deadline.id > last) if last else wanted
        rows = connection.execute(rest.order_by(Deadline.id).limit(CHUNK)).all()
        for (
            digits, key, name, label, department, case, started, *recorded, due, provisional, yellow, orange, remind,
            reminded,
        ) in rows:  # fmt: skip
            new = counting.of(name, moment[started], recorded, reminded)
            old = (moment[due], provisional, moment[yellow], moment[orange], moment[remind], reminded)
            if new == old:
                continue
            shifted = new[0] is not None and old[0] is not None and new[:2] != old[:2]
            moved = MovedDeadline(key, name, label, department, case, old[0], new[0], old[1], new[1])
            yield digits, new, moved if shifted else None
        if len(rows) < CHUNK:
            return
        last = rows[-1].digits


class _Counting:
    """Counts periods that are alike once: a hundred thousand deadlines began on some hundred days."""

    def __init__(self, settings: Settings, calendar: Calendar, now: datetime) -> None:
        self._settings, self._calendar, self._now = settings, calendar, now
        self._today = calendar.local_date(now)
        self._stages: dict[str, Sequence[WarningStage]] = {}
        self._known: dict[tuple[Any, ...], _Values] = {}

    def of(self, name: str, started_at: datetime, recorded: Sequence[Any], reminded: int) -> _Values:
        """The counted columns of a deadline, instants in UTC."""
        rule, *rest = recorded
        # Days do not ask for the hour at which the first one began.
        start = started_at if rule.rstrip().endswith("h") else started_at.astimezone(self._calendar.zone).date()
        key = (name, start, rule, *rest, reminded)
        found = self._known.get(key)
        if found is None:
            includes_start, extensions, suspensions = rest
            found = self._known[key] = self._count(
                name, Recorded(started_at, rule, includes_start, loads(extensions), loads(suspensions)), reminded
            )
        return found

    def _count(self, name: str, recorded: Recorded, reminded: int) -> _Values:
        if name not in self._stages:
            self._stages[name] = warning_stages(self._settings, name, self._today)
        new = counted(
            self._calendar, period_of(recorded), self._stages[name], reminded=reminded, now=self._now
        )  # fmt: skip
        values = (new[column] for column in _COUNTED)
        return tuple(v.astimezone(UTC) if isinstance(v, datetime) else v for v in values)


class Recorded(NamedTuple):
    """What a deadline is counted from."""

    started_at: datetime
    rule: str
    includes_start: bool
    extensions: list[Any]
    suspensions: list[Any]


def _tell(ctx: CommandContext, moved: Iterable[MovedDeadline], reason: str) -> None:
    """One event for the history of each case, whose row is held; the database is not asked here."""
    of_case: dict[str, list[MovedDeadline]] = {}
    for one in moved:
        if one.instance_id is not None:
            of_case.setdefault(one.instance_id, []).append(one)
    for instance_id, several in sorted(of_case.items()):
        told = [
            {"business_key": one.business_key, "name": one.name, "label": one.label,
             "due_before": one.old_due_at, "due_at": one.new_due_at, "provisional": one.provisional}
            for one in several
        ]  # fmt: skip
        ctx.record(instance_id, "deadline-moved", {"reason": reason, "deadlines": told})


def _forget_reminders(ctx: CommandContext) -> None:
    """What was said of a due time that has moved is said anew when the new one comes near."""
    stale = sa.select(Deadline.id).where(
        Deadline.id == DeadlineReminder.deadline_id, Deadline.due_at == DeadlineReminder.due_at
    )
    ctx.connection.execute(
        sa.delete(DeadlineReminder).where(
            DeadlineReminder.district_id == ctx.district_id, sa.not_(stale.correlate(DeadlineReminder).exists())
        )
    )


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
