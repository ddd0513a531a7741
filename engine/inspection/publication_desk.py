"""What the publishing departments and supervision look at: what is still to be made public, and its fate since.

Lists are within the reader's departments; supervision, the conference's office and administrators see the district.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from engine.actor import Actor
from engine.calendar import Calendar
from engine.inspection import publication
from engine.inspection.models import DepartmentInspection, Inspection, Publication
from engine.inspection.publication_models import PublicationCorrection, WithheldPublication
from engine.models import Deadline, ProcessInstance, UserTask
from engine.settings import Settings

SEES_ALL = frozenset({"监管督查", "联席会议办公室", "系统管理员", "审计监督"})
MAY_READ = SEES_ALL | {"承办人", "科室负责人", "分管负责人", "机关负责人"}
#: Visited, and neither public nor withheld yet.
TO_PUBLISH = ("待检验结果", "待结论", "待审核", "待公示")


def left_in_words(session: Session, settings: Settings, due_at: datetime | None, today: date) -> str:
    """Working days until (or since) a due day, in words; empty without one."""
    if due_at is None:
        return ""
    calendar = Calendar.load(session, settings.district_id, settings.timezone)
    return working_days_words(calendar, due_at.astimezone(settings.timezone).date(), today)


def working_days_words(calendar: Calendar, due_on: date, today: date) -> str:
    """「还有 3 个工作日」, 「今天到期」, 「已超 2 个工作日」."""
    if due_on == today:
        return "今天到期"
    if due_on > today:
        return f"还有 {calendar.working_days_between(today, due_on)} 个工作日"
    return f"已超 {calendar.working_days_between(due_on, today)} 个工作日"


@dataclass(frozen=True)
class ToPublish:
    """One result on its way to the public: where it stands and how long is left."""

    part: DepartmentInspection
    name: str
    instance_id: str | None
    task: UserTask | None
    deadline: Deadline | None
    left: str


def departments_of(actor: Actor) -> frozenset[str] | None:
    """The departments whose publications the actor sees; None = all."""
    return None if actor.roles & SEES_ALL else actor.departments


def to_publish(
    session: Session, settings: Settings, actor: Actor, today: date, *, department: str, limit: int, offset: int
) -> tuple[list[ToPublish], int]:
    """Results visited and not public yet, the most urgent first; also how many there are."""
    part = DepartmentInspection
    statement = (
        sa.select(part, Inspection.object, ProcessInstance.id, Deadline)
        .join(Inspection, sa.and_(Inspection.district_id == part.district_id, Inspection.number == part.inspection))
        .outerjoin(
            ProcessInstance,
            sa.and_(
                ProcessInstance.district_id == part.district_id, ProcessInstance.business_key == part.number,
                ProcessInstance.process_key == "department-inspection",
            ),
        )
        .outerjoin(
            Deadline,
            sa.and_(
                Deadline.district_id == part.district_id, Deadline.business_key == part.number,
                Deadline.name == "publication",
            ),
        )
        .where(part.district_id == settings.district_id, part.state.in_(TO_PUBLISH))
    )  # fmt: skip
    statement = _within(statement, part.department, actor, department)
    total = session.scalar(sa.select(sa.func.count()).select_from(statement.subquery())) or 0
    rows = session.execute(
        statement.order_by(Deadline.due_at.is_(None), Deadline.due_at, part.number).limit(limit).offset(offset)
    ).all()
    tasks = {
        task.business_key: task
        for task in session.scalars(
            sa.select(UserTask).where(
                UserTask.district_id == settings.district_id, UserTask.process_key == "department-inspection",
                UserTask.state == "open", UserTask.business_key.in_([row[0].number for row in rows]),
            )
        )
    }  # fmt: skip
    calendar = Calendar.load(session, settings.district_id, settings.timezone) if rows else None
    found = []
    for part_, snapshot, instance_id, deadline in rows:
        left = ""
        if calendar is not None and deadline is not None and deadline.due_at is not None:
            left = working_days_words(calendar, deadline.due_at.astimezone(settings.timezone).date(), today)
        found.append(
            ToPublish(part_, str(snapshot.get("name", "")), instance_id, tasks.get(part_.number), deadline, left)
        )
    return found, total


def publications(
    session: Session, settings: Settings, actor: Actor, *, states: Sequence[str], push: Sequence[str] = (),
    kind: str = "", department: str = "", words: str = "", before: str | None = None, limit: int = 50,
) -> list[Publication]:  # fmt: skip
    """Publications within the actor's sight, the newest first; one more than ``limit`` when there are more."""
    statement = sa.select(Publication).where(
        Publication.district_id == settings.district_id, Publication.state.in_(states)
    )
    if push:
        statement = statement.where(Publication.push_state.in_(push))
    if kind:
        statement = statement.where(Publication.kind == kind)
    if words:
        like = [c.contains(words, autoescape=True) for c in (Publication.title, Publication.code, Publication.subject)]
        statement = statement.where(sa.or_(*like))
    if before:
        statement = statement.where(Publication.id < before)
    statement = _within(statement, Publication.department, actor, department)
    return list(session.scalars(statement.order_by(Publication.id.desc()).limit(limit + 1)))


def withheld(
    session: Session, settings: Settings, actor: Actor, *, department: str = "", ended: bool = False
) -> list[tuple[WithheldPublication, Publication]]:
    """Decisions not to publish, the next review first."""
    statement = (
        sa.select(WithheldPublication, Publication)
        .join(Publication, Publication.id == WithheldPublication.publication_id)
        .where(WithheldPublication.district_id == settings.district_id)
        .where(WithheldPublication.ended_at.is_not(None) if ended else WithheldPublication.ended_at.is_(None))
    )
    statement = _within(statement, WithheldPublication.department, actor, department)
    return [(row, of) for row, of in session.execute(statement.order_by(WithheldPublication.review_on).limit(500))]


def corrections(
    session: Session, settings: Settings, actor: Actor, *, department: str = ""
) -> list[tuple[PublicationCorrection, Publication, str | None]]:
    """Applications to correct or withdraw with their cases, the newest first."""
    statement = (
        sa.select(PublicationCorrection, Publication, ProcessInstance.id)
        .join(Publication, Publication.id == PublicationCorrection.publication_id)
        .outerjoin(
            ProcessInstance,
            sa.and_(
                ProcessInstance.district_id == PublicationCorrection.district_id,
                ProcessInstance.process_key == "publication-correction",
                ProcessInstance.business_key == PublicationCorrection.number,
            ),
        )
        .where(PublicationCorrection.district_id == settings.district_id)
    )
    statement = _within(statement, PublicationCorrection.department, actor, department)
    rows = session.execute(statement.order_by(PublicationCorrection.id.desc()).limit(200))
    return [(row, of, instance_id) for row, of, instance_id in rows]


def counts(session: Session, settings: Settings, actor: Actor) -> dict[str, int]:
    """Figures over the lists, within the actor's sight."""
    district = settings.district_id

    def count(column: InstrumentedAttribute[str], *conditions: sa.ColumnElement[bool]) -> int:
        statement = _within(sa.select(sa.func.count()).where(*conditions), column, actor, "")
        return session.scalar(statement) or 0

    part, row, held, asked = DepartmentInspection, Publication, WithheldPublication, PublicationCorrection
    public = (row.district_id == district, row.state.in_(("published", "withdrawn")))
    return {
        "due": count(part.department, part.district_id == district, part.state.in_(TO_PUBLISH)),
        "public": count(row.department, *public),
        "ended": count(row.department, row.district_id == district, row.state == "expired"),
        "unreported": count(
            row.department,
            row.district_id == district,
            row.state.in_(publication.TOLD),
            row.push_state.in_(("pending", "failed")),
        ),
        "withheld": count(held.department, held.district_id == district, held.ended_at.is_(None)),
        "corrections": count(asked.department, asked.district_id == district, asked.state.in_(("申请", "审批中"))),
    }


def _within(
    statement: sa.Select[Any], column: InstrumentedAttribute[str], actor: Actor, department: str
) -> sa.Select[Any]:
    own = departments_of(actor)
    if own is not None:
        statement = statement.where(column.in_(sorted(own)))
    return statement.where(column == department) if department else statement
