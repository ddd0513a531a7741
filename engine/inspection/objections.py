"""异议: somebody says that what is public is wrong (domain.md §3: 3 working days, 7 when others must verify).

An objection is a follow-up of the case the publication speaks of; upheld, it opens a correction or withdrawal and
waits for it, so that the public page shows what was changed and why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.commands.context import CommandContext
from engine.errors import Conflict, Forbidden, NotFound
from engine.inspection import corrections, publication_desk, records
from engine.inspection.follow_ups import find_follow_up, open_follow_up, root_of
from engine.inspection.models import FollowUp, Publication
from engine.inspection.opening import OFFICER
from engine.models import Deadline, ProcessInstance
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
        return open_follow_up(ctx, KIND, row.subject, {"publication": row.id}).number


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
class Listed:
    """A line of the page 异议."""

    row: FollowUp
    instance_id: str
    publication_id: str
    about: str
    due: Deadline | None

    @property
    def registration(self) -> dict[str, Any]:
        return self.row.facts.get("registration") or {}

    @property
    def answered_on(self) -> str:
        return str((self.row.facts.get("answer") or {}).get("told_on") or "")[:10]


def listed(
    session: Session, district_id: str, actor: Actor, *, department: str = "", state: str = "", words: str = "",
    limit: int = 50, offset: int = 0,
) -> list[Listed]:  # fmt: skip
    """Objections of the departments the reader answers for, the newest first; ``state`` is 在办, 逾期 or 已办结."""
    statement = (
        sa.select(FollowUp, ProcessInstance.id, Deadline)
        .join(ProcessInstance, sa.and_(
            ProcessInstance.business_key == FollowUp.number, ProcessInstance.process_key == FollowUp.kind,
            ProcessInstance.district_id == FollowUp.district_id,
        ))
        .outerjoin(Deadline, sa.and_(
            Deadline.business_key == FollowUp.number, Deadline.name == DEADLINE,
            Deadline.district_id == FollowUp.district_id,
        ))
        .where(FollowUp.district_id == district_id, FollowUp.kind == KIND)
        .order_by(FollowUp.opened_at.desc(), FollowUp.id.desc())
    )  # fmt: skip
    own = publication_desk.departments_of(actor)
    if own is not None:
        statement = statement.where(FollowUp.department.in_(sorted(own)))
    if department:
        statement = statement.where(FollowUp.department == department)
    if state == "已办结":
        statement = statement.where(FollowUp.closed_at.is_not(None))
    elif state:
        statement = statement.where(FollowUp.closed_at.is_(None))
    if words:
        like = f"%{words.replace('%', '').replace('_', '')}%"
        statement = statement.where(sa.or_(FollowUp.subject_name.like(like), FollowUp.number.like(like)))
    found = session.execute(statement.limit(limit).offset(offset)).all()
    about = {
        row.id: row.title or row.subject
        for row in session.scalars(
            sa.select(Publication).where(
                Publication.id.in_([str(f.facts.get("publication") or "") for f, _, _ in found])
            )
        )
    }
    return [
        Listed(row, instance, str(row.facts.get("publication") or ""),
               about.get(str(row.facts.get("publication") or ""), row.origin), due)
        for row, instance, due in found
    ]  # fmt: skip


def told_before(session: Session, row: FollowUp) -> str:
    """What the party said when it was told the result of the visit, so that it is not typed again."""
    if find_follow_up(session, row.district_id, row.origin) is not None:
        return ""
    part = records.department_inspection(session, row.district_id, row.origin)
    return str((part.record.get("result_notice") or {}).get("objection") or "")
