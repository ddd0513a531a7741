"""Start, move or meet a statutory deadline (ADR 0005)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from engine.commands.context import CommandContext
from engine.db import new_id
from engine.models import Deadline, UserTask


@dataclass(frozen=True)
class SetDeadline:
    """``rule`` counts from ``started_at``: ``20wd`` working days, ``15d`` days (last day rolls on), ``24h`` hours.

    ``stream`` is the instance whose history says so: the one that acts, whose lock is held.
    """

    business_key: str
    name: str
    rule: str
    started_at: datetime
    legal_basis: str
    label: str = ""
    department: str = ""
    stream: str | None = None

    def run(self, ctx: CommandContext) -> Deadline:
        due = ctx.calendar.due(self.rule, self.started_at)
        deadline = ctx.session.scalar(_find(ctx, self.business_key, self.name))
        if deadline is None:
            deadline = Deadline(
                id=new_id(), district_id=ctx.district_id, business_key=self.business_key, name=self.name
            )
            ctx.session.add(deadline)
        deadline.label = self.label or self.name
        deadline.department = self.department
        deadline.started_at = self.started_at
        deadline.rule = self.rule
        deadline.due_at, deadline.provisional = due.at, due.provisional
        deadline.legal_basis = self.legal_basis
        deadline.met_at = None
        # A task being completed at this moment no longer needs its due time; waiting for it could
        # lock both commands against each other.
        open_tasks = (
            sa.select(UserTask.id)
            .where(
                UserTask.district_id == ctx.district_id,
                UserTask.business_key == self.business_key,
                UserTask.deadline_name == self.name,
                UserTask.state == "open",
            )
            .with_for_update(skip_locked=True)
        )
        ctx.session.execute(
            sa.update(UserTask)
            .where(UserTask.id.in_(open_tasks))
            .values(due_at=due.at)
            .execution_options(synchronize_session=False)
        )
        ctx.session.flush()
        ctx.record(
            self.stream,
            "deadline-set",
            {"business_key": self.business_key, "name": self.name, "rule": self.rule, "due_at": due.at.isoformat(),
             "legal_basis": self.legal_basis, "provisional": due.provisional},
        )  # fmt: skip
        return deadline


def meet_deadline(ctx: CommandContext, business_key: str, name: str) -> None:
    """Say that what the deadline asked for is done; a deadline that does not exist is no error."""
    deadline = ctx.session.scalar(_find(ctx, business_key, name))
    if deadline is not None and deadline.met_at is None:
        deadline.met_at = ctx.now


def _find(ctx: CommandContext, business_key: str, name: str) -> sa.Select[tuple[Deadline]]:
    return sa.select(Deadline).where(
        Deadline.district_id == ctx.district_id, Deadline.business_key == business_key, Deadline.name == name
    )
