"""Find the rows that services and pages speak about, by their business keys."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.errors import NotFound
from engine.inspection.models import (
    Campaign,
    DepartmentInspection,
    Draw,
    FollowUp,
    InspectedObject,
    Inspection,
    Inspector,
    Plan,
    Publication,
)
from engine.inspection.plan_models import PlanVersion
from engine.models import Deadline, Department, User


def campaign(session: Session, district_id: str, number: str) -> Campaign:
    """The campaign (抽查任务) ``number``.  Raises :class:`NotFound`."""
    row = session.scalar(sa.select(Campaign).where(Campaign.district_id == district_id, Campaign.number == number))
    if row is None:
        raise NotFound(f"抽查任务 {number} 不存在。")
    return row


def inspection(session: Session, district_id: str, number: str) -> Inspection:
    """The inspection ``number``.  Raises :class:`NotFound`."""
    row = session.scalar(
        sa.select(Inspection).where(Inspection.district_id == district_id, Inspection.number == number)
    )
    if row is None:
        raise NotFound(f"检查 {number} 不存在。")
    return row


def locked_inspection(session: Session, district_id: str, number: str) -> Inspection:
    """The same under its row lock: departments that finish at the same moment follow one another,
    so that exactly one of them sees that it is the last.
    """
    row = session.scalar(
        sa.select(Inspection)
        .where(Inspection.district_id == district_id, Inspection.number == number)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound(f"检查 {number} 不存在。")
    return row


def department_inspection(session: Session, district_id: str, number: str) -> DepartmentInspection:
    """One department's part, ``<inspection>/<department>``.  Raises :class:`NotFound`."""
    row = session.scalar(
        sa.select(DepartmentInspection).where(
            DepartmentInspection.district_id == district_id, DepartmentInspection.number == number
        )
    )
    if row is None:
        raise NotFound(f"部门检查 {number} 不存在。")
    return row


def note_who_entered(row: DepartmentInspection, actor: Actor) -> None:
    """Remember when somebody of another organ entered for the department (代录); its own people clear it."""
    own = actor.is_system or row.department in actor.departments
    row.entered_on_behalf_by = None if own else actor.user_id


def department_inspections(session: Session, district_id: str, inspection_number: str) -> list[DepartmentInspection]:
    """All departments' parts of one inspection, in the order of their codes."""
    return list(
        session.scalars(
            sa.select(DepartmentInspection)
            .where(
                DepartmentInspection.district_id == district_id, DepartmentInspection.inspection == inspection_number
            )
            .order_by(DepartmentInspection.department)
            .execution_options(populate_existing=True)
        )
    )


def follow_up(session: Session, district_id: str, number: str) -> FollowUp:
    """The follow-up ``number``.  Raises :class:`NotFound`."""
    row = session.scalar(sa.select(FollowUp).where(FollowUp.district_id == district_id, FollowUp.number == number))
    if row is None:
        raise NotFound(f"后续处置 {number} 不存在。")
    return row


def plan(session: Session, district_id: str, business_key: str) -> Plan:
    """The plan under its business key.  Raises :class:`NotFound`."""
    row = session.scalar(sa.select(Plan).where(Plan.district_id == district_id, Plan.business_key == business_key))
    if row is None:
        raise NotFound(f"计划 {business_key} 不存在。")
    return row


def plan_version(session: Session, district_id: str, number: str) -> PlanVersion:
    """The version of a plan that the process ``number`` prepares.  Raises :class:`NotFound`."""
    row = session.scalar(
        sa.select(PlanVersion).where(PlanVersion.district_id == district_id, PlanVersion.number == number)
    )
    if row is None:
        raise NotFound(f"计划调整 {number} 不存在。")
    return row


def draw(session: Session, district_id: str, draw_id: str) -> Draw:
    """The draw ``draw_id``.  Raises :class:`NotFound`."""
    row = session.scalar(sa.select(Draw).where(Draw.district_id == district_id, Draw.draw_id == draw_id))
    if row is None:
        raise NotFound(f"抽取 {draw_id} 不存在。")
    return row


def publication_deadline(session: Session, district_id: str, number: str) -> Deadline | None:
    """When the results of the inspection ``number`` must be public (R40); None before the last visit ends."""
    return session.scalar(
        sa.select(Deadline).where(
            Deadline.district_id == district_id, Deadline.business_key == number, Deadline.name == "publication"
        )
    )


def publication(session: Session, district_id: str, kind: str, subject: str) -> Publication | None:
    """The publication of ``subject``, or None."""
    return session.scalar(
        sa.select(Publication).where(
            Publication.district_id == district_id, Publication.kind == kind, Publication.subject == subject
        )
    )


def inspected_object(session: Session, district_id: str, uscc: str) -> InspectedObject | None:
    """The registry's row of a firm, or None."""
    return session.scalar(
        sa.select(InspectedObject).where(InspectedObject.district_id == district_id, InspectedObject.uscc == uscc)
    )


def inspector(session: Session, district_id: str, code: str) -> Inspector:
    """The registry row; raises :class:`NotFound`."""
    row = session.scalar(sa.select(Inspector).where(Inspector.district_id == district_id, Inspector.code == code))
    if row is None:
        raise NotFound(f"执法检查人员名录库中没有编号 {code}。")
    return row


def department_names(session: Session, district_id: str) -> dict[str, str]:
    """Code → name of every department, in the district's own order."""
    rows = session.execute(
        sa.select(Department.code, Department.name)
        .where(Department.district_id == district_id)
        .order_by(Department.position, Department.code)
    )
    return {code: name for code, name in rows}


def user_name(session: Session, user_id: str | None) -> str:
    """The name of an account, empty when there is none."""
    user = session.get(User, user_id) if user_id else None
    return user.name if user is not None else ""
