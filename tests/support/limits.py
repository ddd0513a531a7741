"""A limit from its three sides: the evening before its last day, the evening of it, and the evening after (domain §3).

A :class:`LimitDistrict` is the demo district with one campaign drawn and one firm visited.  Bring a case of it to
where the limit runs, then ask :meth:`LimitDistrict.around`: each side is a copy of the whole district at that
moment, with every timer fired and every reminder sent that was due by then.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Collection, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.add_attachment import AddAttachment
from engine.commands.context import CommandContext
from engine.commands.deploy import Deploy
from engine.commands.fire_timers import FireTimers
from engine.commands.remind_of_deadlines import RemindOfDeadlines
from engine.commands.start_by_timer import StartByTimer
from engine.errors import LianjianError
from engine.inspection.follow_ups import open_follow_up
from engine.inspection.models import DepartmentInspection, FollowUp
from engine.lint.bundle import read_bundle
from engine.models import Deadline, DeadlineReminder, Incident, StartTrigger, Timer
from engine.periods import parse_rule
from tests.conftest import SHANGHAI, Clock
from tests.support.journey import (
    APPROVALS,
    CAMPAIGN,
    VISITS,
    Office,
    install,
    open_campaign,
    standard_answers,
    work_plan,
)
from tests.support.pages import engine_on, settings_for

LEAD, OTHER = "SCJG", "WJJ"
#: What a diagram starts: the literal kinds of its services start-follow-up.
_STARTED = re.compile(r'name="param:kind" value="&quot;([a-z-]+)&quot;"')
EVENING = time(23, 59)


@dataclass(frozen=True)
class Seen:
    """What an official sees of a limit at ``at``.

    ``colour`` is that of the deadline's row ("" for a limit that is only a step's due time), ``opened`` and ``gone``
    are the steps of the case (and of what came of it) the timers opened and took away, ``told`` are those reminded
    that the period is over (``<department>/<role>``, ``*/<role>`` or ``user:…``), ``on_time`` whether the act, done
    now, is in time.
    """

    at: datetime
    colour: str
    overdue: bool
    opened: frozenset[str]
    gone: frozenset[str]
    told: frozenset[str]
    on_time: bool | None = None


@dataclass(frozen=True)
class _Open:
    """Open a follow-up as a service task would."""

    kind: str
    origin: str
    variables: Mapping[str, Any]

    def run(self, ctx: CommandContext) -> str:
        return open_follow_up(ctx, self.kind, self.origin, self.variables).number


class LimitDistrict:
    """One district on one SQLite file, with its clock."""

    def __init__(self, path: Path, now: datetime) -> None:
        self.path, self.clock = path, Clock(now)
        self.engine = engine_on(settings_for(path), self.clock)
        self.office = Office(self.engine)
        standard_answers(self.office, work_plan(self.engine, LEAD, [OTHER]), problem_in=LEAD)
        self._copies = count(1)

    # -- cases ----------------------------------------------------------------------

    @property
    def part(self) -> str:
        """Number of the lead's part of the visited inspection: where a chain may begin."""
        with self.engine.read() as session:
            return session.scalars(
                sa.select(DepartmentInspection.number)
                .where(DepartmentInspection.department == LEAD, DepartmentInspection.visit_ended_at.is_not(None))
                .order_by(DepartmentInspection.number)
            ).first()  # type: ignore[return-value]

    def deploy(self, *keys: str) -> None:
        """Deploy shipped processes, and as far as they can be deployed the follow-ups their diagrams start.

        A test that comes to one that cannot be deployed fails there.
        """
        settings, waiting, done = self.engine.settings, list(keys), set[str]()
        while waiting:
            key = waiting.pop(0)
            if key in done:
                continue
            done.add(key)
            with nullcontext() if key in keys else suppress(LianjianError):
                bundle = read_bundle(settings.process_dir / key, settings.form_dir)
                self.engine.execute(Deploy(key, bundle), actor=Actor.system())
                waiting += [kind for text in bundle.values() for kind in _STARTED.findall(text)]

    def open(self, kind: str, origin: str = "", **variables: Any) -> str:
        """Open a follow-up of the visited part (or of ``origin``); returns its number."""
        self.deploy(kind)
        number: str = self.engine.execute(_Open(kind, origin or self.part, variables), actor=Actor.system())
        return number

    def follow_up(self, number: str) -> FollowUp:
        with self.engine.read() as session:
            return session.scalars(sa.select(FollowUp).where(FollowUp.number == number)).one()

    def steps(self, number: str = "") -> frozenset[str]:
        """Elements of the open tasks of a case and of what came of it, or of all cases."""
        keys = (number, f"{number}/") if number else ("", "")
        return frozenset(
            task.element_id
            for task in self.office.open_tasks()
            if task.business_key == keys[0] or task.business_key.startswith(keys[1])
        )

    def do(self, number: str, element: str, values: Mapping[str, Any] | None = None) -> None:
        """Submit the step as whoever it waits for; without values with the standard answers."""
        tasks = self.office.open_tasks(element, business_key=number)
        assert tasks, f"{element} is not open in {number}, but {sorted(self.steps(number))}"
        self.office.do(tasks[0], None if values is None else dict(values))

    def file(self, number: str, element: str, field: str) -> list[str]:
        """Upload a photograph to a field of an open step; returns the field's value."""
        task = self.office.open_tasks(element, business_key=number)[0]
        content = b"\x89PNG\r\n\x1a\n" + field.encode()
        upload = AddAttachment(task.id, field, f"{field}.png", "image/png", content)
        return [self.engine.execute(upload, actor=self.office.who(task))]

    def deadline(self, number: str, name: str) -> Deadline:
        with self.engine.read() as session:
            return session.scalars(
                sa.select(Deadline).where(Deadline.business_key == number, Deadline.name == name)
            ).one()

    # -- the three sides --------------------------------------------------------------

    def at(self, moment: datetime) -> LimitDistrict:
        """A copy of the district at ``moment``: timers fired, reminders sent."""
        with self.engine.database.engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        folder = self.path.parent / f"{self.path.stem}-{next(self._copies)}"
        shutil.copytree(self.path.parent / "data", folder / "data")
        shutil.copyfile(self.path, folder / self.path.name)
        copy = LimitDistrict(folder / self.path.name, moment)
        copy.run_timers()
        return copy

    def run_timers(self) -> None:
        """Do what the worker does by now: fire timers until none is due, then send reminders."""
        for _ in range(50):
            with self.engine.read() as session:
                due = set(session.scalars(sa.select(Timer.instance_id).where(Timer.due_at <= self.clock.now)))
                starts = set(
                    session.scalars(sa.select(StartTrigger.process_key).where(StartTrigger.due_at <= self.clock.now))
                )
            for instance in sorted(due):
                self.engine.execute(FireTimers(instance), actor=Actor.system())
            for process in sorted(starts):
                self.engine.execute(StartByTimer(process), actor=Actor.system())
            if not due and not starts:
                break
        while self.engine.execute(RemindOfDeadlines(), actor=Actor.system()):
            pass
        with self.engine.read() as session:
            troubles = session.scalars(sa.select(Incident.message).where(Incident.state == "open")).all()
        assert not troubles, troubles

    def around(
        self, number: str, deadline: str = "", *, step: str = "",
        then: Callable[[LimitDistrict], object] | None = None,
    ) -> tuple[Seen, Seen, Seen]:  # fmt: skip
        """The limit on the evening before its last day, of its last day, and of the day after.

        It is the row ``deadline`` of the case ``number``, or the due time of its open ``step``.  A limit in hours is
        seen an hour before, in its last second, and an hour after.  ``then`` does the act on each copy; ``on_time``
        says whether it was in time.
        """
        before, on, after = (
            self._seen(self.at(moment), number, deadline, step, then)
            for moment in self._sides(number, deadline, step)
        )  # fmt: skip
        return before, on, after

    def _sides(self, number: str, deadline: str, step: str) -> tuple[datetime, datetime, datetime]:
        hours = False
        if deadline:
            row = self.deadline(number, deadline)
            due, hours = row.due_at, parse_rule(row.rule)[1] == "h"
        else:
            due = self.office.open_tasks(step, business_key=number)[0].due_at
        assert due is not None, "the limit stands still or has no end"
        if hours:
            return due - timedelta(hours=1), due - timedelta(seconds=1), due + timedelta(hours=1)
        last = due.astimezone(SHANGHAI).date()
        before, on, after = (
            datetime.combine(last + timedelta(days=n), EVENING, tzinfo=SHANGHAI) for n in (-1, 0, 1)
        )  # fmt: skip
        return before, on, after

    def _seen(
        self, copy: LimitDistrict, number: str, deadline: str, step: str, then: Callable[[LimitDistrict], object] | None
    ) -> Seen:
        now, was, is_open = copy.clock.now, self.steps(number), copy.steps(number)
        told: Collection[str] = ()
        if deadline:
            row = copy.deadline(number, deadline)
            colour, due = row.colour(now), row.due_at
            with copy.engine.read() as session:
                told = session.scalars(
                    sa.select(DeadlineReminder.recipient).where(
                        DeadlineReminder.deadline_id == row.id, DeadlineReminder.percent == 100
                    )
                ).all()
        else:
            colour, due = "", self.office.open_tasks(step, business_key=number)[0].due_at
        on_time = None
        if then is not None:
            then(copy)
            met = copy.deadline(number, deadline).met_at if deadline else now
            assert met is not None, "the act did not meet the deadline"
            on_time = due is None or met <= due
        copy.engine.database.dispose()
        overdue = due is not None and due < now
        return Seen(now, colour, overdue, is_open - was, was - is_open, frozenset(told), on_time)


def build(template: Path, path: Path) -> None:
    """Write the district of the tests of limits at ``path``: one firm visited, a problem found by the lead."""
    shutil.copyfile(template, path)
    settings_for(path).data_dir.mkdir(parents=True, exist_ok=True)
    clock = Clock(datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI))
    engine = engine_on(settings_for(path), clock)
    install(engine, objects=200, inspectors=60, items=30, processes=CAMPAIGN)
    office = Office(engine)
    open_campaign(office)
    plan = work_plan(engine, LEAD, [OTHER], ratio=12)
    standard_answers(office, plan, problem_in=LEAD)
    office.do_all("draft_work_plan", *APPROVALS, "gate_check", "log_commitment", "reveal", "organ_approval")
    office.do_all("sign_for_receipt")
    keys = [task.business_key.rpartition("/")[0] for task in office.open_tasks("prepare_visit")]
    inspection = next(key for key in sorted(keys) if keys.count(key) == 2)  # both departments have items for this firm
    for step in VISITS:
        for task in office.open_tasks(step):
            if task.business_key.startswith(f"{inspection}/"):
                office.do(task)
    with engine.database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.database.dispose()
