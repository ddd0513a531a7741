"""异议: somebody says that what is public is wrong (domain.md §3: 3 working days, 7 when others must verify).

An objection is a follow-up of the case the publication speaks of; upheld, it opens a correction or withdrawal and
waits for it, so that the public page shows what was changed and why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.commands.context import CommandContext
from engine.errors import Conflict, Forbidden, NotFound
from engine.inspection import corrections, records
from engine.inspection.follow_ups import find_follow_up, open_follow_up, root_of
from engine.inspection.models import FollowUp, Publication
from engine.inspection.opening import OFFICER
from engine.models import Deadline
from engine.service_tasks import ServiceContext

KIND = "objection"
DEADLINE = "objection"


@dataclass(frozen=True)
class OpenObjection:
    """Open the registration of an objection to a publication; returns its number.

    Raises :class:`Forbidden` unless an officer of the publishing department acts, :class:`Conflict` when it is not
    public, :class:`NotFound` when what it speaks of is no inspection, lead or case.
    """

    publication_id: str

    def run(self, ctx: CommandContext) -> str:
        row = corrections.found(ctx.session, ctx.district_id, self.publication_id)
        if not (ctx.actor.is_system or ctx.actor.has_role(OFFICER, row.department)):
            raise Forbidden("只有公示机关的承办人可以登记异议。")
        if row.state != "published":
            raise Conflict("该信息没有在公示，不能登记异议。")
        opened = open_follow_up(ctx, KIND, row.subject, {"publication": row.id})
        opened.state, opened.facts = "待登记", {"publication": row.id}
        return opened.number


def may_object(session: Session, row: Publication) -> bool:
    """Does the publication speak of a case that an objection can follow?"""
    if row.state != "published":
        return False
    try:
        root_of(session, row.district_id, row.subject)
    except NotFound:
        return False
    return True


def of_task(ctx: ServiceContext) -> tuple[FollowUp, Publication]:
    """The objection this process is about, and the publication it objects to, locked."""
    row = records.follow_up(ctx.session, ctx.district_id, ctx.business_key)
    return row, corrections.found(ctx.session, ctx.district_id, publication_of(ctx.session, row, ctx.data))


def publication_of(session: Session, row: FollowUp, data: Any) -> str:
    """The id of the publication; an objection opened from the case's page means the newest one that is public."""
    if known := data.get("publication") or row.facts.get("publication"):
        return str(known)
    newest = session.scalar(
        sa.select(Publication.id)
        .where(
            Publication.district_id == row.district_id, Publication.subject == row.origin,
            Publication.state == "published",
        )
        .order_by(Publication.published_at.desc())
        .limit(1)
    )  # fmt: skip
    if newest is None:
        raise Conflict("这件事项没有正在公示的信息，不能登记异议。")
    return str(newest)


@dataclass(frozen=True)
class About:
    """What a list says of an objection besides its row: the publication, and when it must be answered."""

    publication_id: str
    title: str
    due: Deadline | None


def about(session: Session, rows: Sequence[FollowUp]) -> dict[str, About]:
    """By number, for one page of a list."""
    numbers, ids = [row.number for row in rows], [str(row.facts.get("publication") or "") for row in rows]
    limits = {
        one.business_key: one
        for one in session.scalars(
            sa.select(Deadline).where(Deadline.business_key.in_(numbers), Deadline.name == DEADLINE)
        )
    }
    published = {
        one.id: one.title or one.subject
        for one in session.scalars(sa.select(Publication).where(Publication.id.in_([i for i in ids if i])))
    }
    return {
        row.number: About(known, published.get(known, row.origin), limits.get(row.number))
        for row, known in zip(rows, ids, strict=True)
    }


def overdue(now: datetime) -> sa.ColumnElement[bool]:
    """The condition that an objection was not answered within its limit."""
    return sa.exists().where(
        Deadline.district_id == FollowUp.district_id, Deadline.business_key == FollowUp.number,
        Deadline.name == DEADLINE, Deadline.met_at.is_(None), Deadline.due_at < now,
    )  # fmt: skip


def told_before(session: Session, row: FollowUp) -> str:
    """What the party said when it was told the result of the visit, so that it is not typed again."""
    if find_follow_up(session, row.district_id, row.origin) is not None:
        return ""
    part = records.department_inspection(session, row.district_id, row.origin)
    return str((part.record.get("result_notice") or {}).get("objection") or "")
