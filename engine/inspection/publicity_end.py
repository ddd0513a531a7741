"""停止公示: what was public stops being shown, by the calendar or after repair; the record stays inside (R58).

The public pages and feeds look at the last day themselves, so nothing is shown a day too long when the worker
sleeps; the job puts it on record, in the trail and in the history, and tells the 省工作平台.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.commands.context import CommandContext
from engine.inspection import penalty_publicity, publication
from engine.inspection.models import FollowUp, Publication
from engine.inspection.publication_release import PUSH_PUBLICATION, digest_of, push_key
from engine.models import ProcessInstance

EXPIRED = "expired"
#: Stages of the trail: the time is over, or it ended early.
OVER, EARLY = "expired", "ended"
RAN_OUT = "公示期届满"
#: Publications one command ends; the job runs until there are none left.
CHUNK = 100


class Ending(Protocol):
    """What ending needs: the inside of a command, or of a service task."""

    @property
    def session(self) -> Session: ...
    @property
    def now(self) -> datetime: ...
    @property
    def actor(self) -> Actor: ...

    def enqueue(self, kind: str, key: str, args: Mapping[str, Any], delay_seconds: float = 0) -> None: ...


def end(
    ctx: Ending, row: Publication, stage: str, reason: str, record: Callable[[str, Mapping[str, Any]], Any]
) -> None:
    """Stop showing ``row``; ``record`` writes the event.  Again is harmless: what has ended is left alone."""
    if row.state != "published":
        return
    row.state, row.ended_at, row.legal_ground = EXPIRED, ctx.now, reason[:300]
    row.release += 1
    row.push_state, row.push_attempts, row.push_error, row.next_push_at = "pending", 0, "", None
    row.receipt, row.received_at = "", None
    publication.add_version(
        ctx.session, row, stage, at=ctx.now, by_user=ctx.actor.user_id, by_name=ctx.actor.name, note=reason,
        release=row.release,
    )  # fmt: skip
    record(
        "publication-stage",
        {"publication": row.id, "subject": row.subject, "stage": stage, "note": reason,
         "content_sha256": digest_of(row)},
    )  # fmt: skip
    ctx.enqueue(PUSH_PUBLICATION, push_key(row), {"publication_id": row.id})


@dataclass(frozen=True)
class EndPublicity:
    """End some of the publications whose last day has passed; returns how many, :data:`CHUNK` when more may wait.

    Penalties released before their period was kept get it here first.
    """

    def run(self, ctx: CommandContext) -> int:
        today = ctx.calendar.local_date(ctx.now)
        _fix_missing(ctx)
        rows = ctx.session.scalars(
            sa.select(Publication)
            .where(
                Publication.district_id == ctx.district_id, Publication.state == "published",
                Publication.public_until < today,
            )
            .order_by(Publication.public_until, Publication.id)
            .limit(CHUNK)
            .with_for_update(skip_locked=True)
        ).all()  # fmt: skip
        for row in rows:
            end(ctx, row, OVER, RAN_OUT, partial(ctx.record, _case_of(ctx, row)))
        return len(rows)


def _fix_missing(ctx: CommandContext) -> None:
    pairs = ctx.session.execute(
        sa.select(Publication, FollowUp)
        .join(
            FollowUp,
            sa.and_(FollowUp.district_id == Publication.district_id, FollowUp.number == Publication.subject),
        )
        .where(
            Publication.district_id == ctx.district_id, Publication.kind == "penalty",
            Publication.state == "published", Publication.public_until.is_(None),
        )
        .limit(CHUNK)
    )  # fmt: skip
    for row, penalty in pairs:
        if row.published_at is not None and (penalty.facts.get("decision") or {}).get("decided_on"):
            penalty_publicity.fix(ctx.settings, penalty, row, ctx.calendar.local_date(row.published_at))
    ctx.session.flush()


def _case_of(ctx: CommandContext, row: Publication) -> str | None:
    """The case whose history tells of it; None: the district's own."""
    return ctx.session.scalar(
        sa.select(ProcessInstance.id)
        .where(ProcessInstance.district_id == row.district_id, ProcessInstance.business_key == row.subject)
        .order_by(ProcessInstance.started_at)
        .limit(1)
    )
