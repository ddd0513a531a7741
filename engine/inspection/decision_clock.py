"""The days for a penalty decision stand still during a hearing and an announcement (PL60).

Whoever stops the clock lets it go on again, and only then: one reason at a time.
"""

from __future__ import annotations

from engine.inspection.follow_ups import find_follow_up, running_deadline
from engine.models import Deadline
from engine.service_tasks import ServiceContext

DECISION = "decision"


def decision_above(ctx: ServiceContext, number: str) -> Deadline | None:
    """The decision deadline that still runs of the case ``number`` or of one it came from, the nearest first."""
    while True:
        if found := running_deadline(ctx.session, ctx.district_id, number, DECISION):
            return found
        row = find_follow_up(ctx.session, ctx.district_id, number)
        if row is None or row.origin == number:
            return None
        number = row.origin


def stop(ctx: ServiceContext, deadline: Deadline | None, ground: str, reason: str) -> bool:
    """Let the deadline stand still from now on; False when there is none, it stands already, or it is over."""
    if deadline is None or deadline.suspended_at is not None or deadline.due_at is None or deadline.due_at < ctx.now:
        return False
    ctx.suspend_deadline(deadline.business_key, deadline.name, reason, ground=ground)
    return True


def go_on(ctx: ServiceContext, deadline: Deadline | None, ground: str, reason: str) -> bool:
    """Let it run again if it stands still on that ground; False when there is nothing to do."""
    if deadline is None or deadline.suspended_at is None or deadline.suspensions[-1].get("ground") != ground:
        return False
    ctx.resume_deadline(deadline.business_key, deadline.name, reason)
    return True
