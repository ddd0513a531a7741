"""The days for a penalty decision stand still during a hearing, an announcement, a transfer, a suspension (PL60).

Whoever stops the clock lets it go on again.  One reason stands at a time: where two overlap, the one that lasts
longer takes over when the other ends.  A transfer and a granted suspension keep in their facts what they exclude.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa

from engine.inspection import hearings, service_records
from engine.inspection.follow_ups import find_follow_up, running_deadline
from engine.inspection.models import FollowUp
from engine.inspection.records import follow_up
from engine.inspection.service_models import Hearing, ServiceRecord
from engine.models import Deadline
from engine.service_tasks import ServiceContext

DECISION = "decision"
#: Ground of the suspension for a hearing in the row ``decision`` of the deadline table.
HEARING = "hearing"
#: Key in the facts of a granted suspension: its ground and reason, until the case is resumed.
GRANTED = "suspension"
#: Until when a case that stands still is expected to go on.
RESUMPTION = "case-resumption"
#: Key in the facts of a crime transfer: the penalties whose days it excludes; and ground and reason it gives, whose
#: readers need not know of the transfer.
EXCLUDED, TRANSFER, TRANSFER_WORDS = "stopped", "suspended-case", "案件中止调查"


def decision_above(ctx: ServiceContext, number: str) -> Deadline | None:
    """The decision deadline that still runs of the case ``number`` or of one it came from, the nearest first."""
    while True:
        if found := running_deadline(ctx.session, ctx.district_id, number, DECISION):
            return found
        row = find_follow_up(ctx.session, ctx.district_id, number)
        if row is None or row.origin == number:
            return None
        number = row.origin


def stop(
    ctx: ServiceContext, deadline: Deadline | None, ground: str, reason: str, since: datetime | None = None
) -> bool:  # fmt: skip
    """Let the deadline stand still from ``since`` (None: now) on; False when there is none, it stands already, or
    it is over.
    """
    if deadline is None or deadline.suspended_at is not None or deadline.due_at is None or deadline.due_at < ctx.now:
        return False
    ctx.suspend_deadline(deadline.business_key, deadline.name, reason, ground=ground, since=since)
    return True


def go_on(
    ctx: ServiceContext, deadline: Deadline | None, ground: str, reason: str, until: datetime | None = None
) -> bool:  # fmt: skip
    """Let it run again after ``until`` (None: now) if it stands still on that ground; False when there is nothing
    to do.

    What else still excludes days of the case then stops it anew.
    """
    if deadline is None or deadline.suspended_at is None or deadline.suspensions[-1].get("ground") != ground:
        return False
    ctx.resume_deadline(deadline.business_key, deadline.name, reason, until=until)
    for other, words in _lasting(ctx, deadline.business_key):
        if stop(ctx, deadline, other, words, until):
            break
    return True


def _lasting(ctx: ServiceContext, case: str) -> Iterator[tuple[str, str]]:
    """Hearings, announcements, transfers and granted suspensions of the case that are not over: the ground each
    gives, and in words.
    """
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
    others = sa.select(FollowUp).where(
        FollowUp.district_id == ctx.district_id, FollowUp.closed_at.is_(None),
        FollowUp.kind.in_(("case-suspension", "crime-transfer")),
        FollowUp.root == follow_up(ctx.session, ctx.district_id, case).root,
    )  # fmt: skip
    for other in ctx.session.scalars(others.order_by(FollowUp.opened_at, FollowUp.number)):
        granted = other.facts.get(GRANTED) if other.origin == case else None
        if granted:
            yield granted["ground"], granted["reason"]
        elif case in (other.facts.get(EXCLUDED) or ()):
            yield TRANSFER, TRANSFER_WORDS
