"""Let the timers that wait for a deadline ask for it again, in the background when they are many."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from engine.commands.context import CommandContext
from engine.commands.stepping import follow_deadlines
from engine.models import Deadline, ProcessInstance, Timer

FOLLOW_DEADLINES = "follow-deadlines"
#: So many cases are stepped within the command that moved their deadlines; more of them by the worker.
AT_ONCE = 200


@dataclass(frozen=True)
class FollowDeadlines:
    """Step the next :data:`AT_ONCE` cases after the case ``after``; the job for those that follow is added with it.

    A timer whose deadline moved further away asks again by itself when it rings; one whose deadline
    came nearer must be told.
    """

    mark: str
    after: str = ""

    def run(self, ctx: CommandContext) -> int:
        found = _waiting(ctx, self.after)
        if len(found) > AT_ONCE:
            last = found[AT_ONCE - 1][0]
            ctx.enqueue(FOLLOW_DEADLINES, f"{self.mark}/{last}", {"mark": self.mark, "after": last})
        return follow_deadlines(ctx, {business_key for _, business_key in found[:AT_ONCE]})


def ask_again(ctx: CommandContext, mark: str) -> None:
    """After all deadlines were counted anew: few cases at once, many as a job; ``mark`` names the occasion for good."""
    found = _waiting(ctx, "")
    if len(found) <= AT_ONCE:
        ctx.following.update(business_key for _, business_key in found)
    else:
        ctx.enqueue(FOLLOW_DEADLINES, mark, {"mark": mark, "after": ""})


def _waiting(ctx: CommandContext, after: str) -> list[tuple[str, str]]:
    """Running cases with a timer and an open deadline, by id: one more than are stepped at once."""
    open_deadline = sa.exists().where(
        Deadline.district_id == ProcessInstance.district_id, Deadline.met_at.is_(None),
        Deadline.business_key == ProcessInstance.business_key,
    )  # fmt: skip
    wanted = (
        sa.select(ProcessInstance.id, ProcessInstance.business_key)
        .where(
            ProcessInstance.district_id == ctx.district_id, ProcessInstance.status == "running", open_deadline,
            ProcessInstance.id.in_(sa.select(Timer.instance_id)),
        )
        .order_by(ProcessInstance.id)
        .limit(AT_ONCE + 1)
    )  # fmt: skip
    if after:
        wanted = wanted.where(ProcessInstance.id > after)
    ctx.flush()
    return [(row[0], row[1]) for row in ctx.connection.execute(wanted)]
