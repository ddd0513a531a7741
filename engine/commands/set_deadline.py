"""Start a statutory deadline, or say that it is met (ADR 0005, ADR 0037)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from engine.commands.context import CommandContext
from engine.commands.deadline_change import changed, find_deadline, forget_reminders, recount
from engine.db import new_id
from engine.deadline_rules import deadline_rule, find_rule
from engine.models import Deadline, ProcessInstance


@dataclass(frozen=True)
class SetDeadline:
    """Start the deadline ``name`` of a business key at ``started_at`` (None: now).

    ``rule``, ``legal_basis`` and ``label`` come from the row of the deadline table in force on the start date
    unless they are given.  A deadline set again starts anew: its extensions and suspensions are forgotten,
    the trail keeps them.  ``stream`` is the instance whose history says so: the one that acts, whose lock is
    held.  Raises :class:`ServiceTaskFailed` when no row has the name and no ``rule`` is given.
    """

    business_key: str
    name: str
    started_at: datetime | None = None
    rule: str | None = None
    legal_basis: str | None = None
    label: str | None = None
    department: str = ""
    stream: str | None = None

    def run(self, ctx: CommandContext) -> Deadline:
        started_at = self.started_at or ctx.now
        on, settings = ctx.calendar.local_date(started_at), ctx.kernel.settings
        find = deadline_rule if self.rule is None else find_rule
        row = find(settings, self.name, on, self.department)
        deadline = find_deadline(ctx, self.business_key, self.name, lock=True)
        if deadline is None:
            deadline = Deadline(
                id=new_id(), district_id=ctx.district_id, business_key=self.business_key, name=self.name,
                instance_id=self._case(ctx),
            )  # fmt: skip
            ctx.session.add(deadline)
        before = deadline.due_at
        deadline.label = self.label or (row.label if row else self.name)
        deadline.department = self.department
        deadline.started_at = started_at
        deadline.rule = self.rule or (row.rule if row else "")
        deadline.includes_start = row.includes_start if row else False
        deadline.legal_basis = self.legal_basis or (row.legal_basis if row else "")
        deadline.extensions, deadline.suspensions = [], []
        deadline.suspended_at = deadline.met_at = None
        deadline.reminded = 0
        forget_reminders(ctx, deadline)
        recount(ctx, deadline)
        changed(
            ctx, deadline, "set", before, stream=self.stream, rule=deadline.rule, legal_basis=deadline.legal_basis,
            effective_at=started_at,
        )  # fmt: skip
        return deadline

    def _case(self, ctx: CommandContext) -> str | None:
        """The oldest case of the business key: changes from outside are told in its history."""
        return ctx.session.scalar(
            sa.select(ProcessInstance.id)
            .where(ProcessInstance.district_id == ctx.district_id, ProcessInstance.business_key == self.business_key)
            .order_by(ProcessInstance.started_at, ProcessInstance.id)
            .limit(1)
        )


def meet_deadline(ctx: CommandContext, business_key: str, name: str, *, stream: str | None = None) -> None:
    """Say that what the deadline asked for is done; a deadline that does not exist is no error.

    One that stands still ends its suspension with it.
    """
    deadline = find_deadline(ctx, business_key, name, lock=True)
    if deadline is None or deadline.met_at is not None:
        return
    before = deadline.due_at
    if deadline.suspended_at is not None:
        *earlier, running = deadline.suspensions
        deadline.suspensions = [*earlier, {**running, "until": ctx.now.isoformat()}]
        deadline.suspended_at = None
        recount(ctx, deadline)
    deadline.met_at = ctx.now
    forget_reminders(ctx, deadline)
    changed(ctx, deadline, "met", before, stream=stream or deadline.instance_id)
