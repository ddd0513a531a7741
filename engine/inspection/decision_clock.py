"""The days for a penalty decision stand still during a hearing and an announcement (PL60).

Whoever stops the clock lets it go on again.  One reason stands at a time: where a hearing and an announcement
overlap, the one that lasts longer takes over when the other ends.
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from engine.inspection import hearings, service_records
from engine.inspection.follow_ups import find_follow_up, running_deadline
from engine.inspection.service_models import Hearing, ServiceRecord
from engine.models import Deadline
from engine.service_tasks import ServiceContext

DECISION = "decision"
#: Ground of the suspension for a hearing in the row ``decision`` of the deadline table.
HEARING = "hearing"


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
    """Let it run again if it stands still on that ground; False when there is nothing to do.

    What else still excludes days of the case then stops it anew.
    """
    if deadline is None or deadline.suspended_at is None or deadline.suspensions[-1].get("ground") != ground:
        return False
    ctx.resume_deadline(deadline.business_key, deadline.name, reason)
    for other, words in _lasting(ctx, deadline.business_key):
        if stop(ctx, deadline, other, words):
            break
    return True


def _lasting(ctx: ServiceContext, case: str) -> Iterator[tuple[str, str]]:
    """Hearings and announcements of the case that are not over: the ground each gives, and in words."""
    ctx.session.flush()
    heard = sa.select(Hearing.number).where(
        Hearing.district_id == ctx.district_id, Hearing.origin == case, Hearing.state.in_(hearings.OPEN)
    )
    for number in ctx.session.scalars(heard):
        yield HEARING, f"听证 {number} 尚未办结"
    announced = sa.select(ServiceRecord).where(
        ServiceRecord.district_id == ctx.district_id, ServiceRecord.state == service_records.ANNOUNCED,
        ServiceRecord.number.startswith(f"{case}/", autoescape=True),
    )  # fmt: skip
    for row in ctx.session.scalars(announced):
        mode = service_records.mode_of(ctx.settings, row.mode, row.attempted_on)
        if mode.suspends is not None:
            yield mode.suspends, f"{row.document}公告期间"
