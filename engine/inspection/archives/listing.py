"""Which cases wait to be archived, and which are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.commands.task_access import CLERK
from engine.inspection.archive_models import CaseFile
from engine.inspection.archives.case import CLOSED
from engine.inspection.archives.rules import Rule
from engine.inspection.models import Campaign, DepartmentInspection
from engine.models import ProcessInstance
from engine.scope import instance_in_scope


@dataclass(frozen=True)
class Wanted:
    """A question to the list of archived cases; ``text`` is part of the archive number or the title."""

    category: str = ""
    department: str = ""
    text: str = ""


def own_departments(actor: Actor) -> list[str]:
    """Departments whose cases the actor archives."""
    return sorted(code for code in actor.departments if actor.has_role(CLERK, code))


def waiting(
    session: Session, district_id: str, actor: Actor, known: Mapping[str, Rule], *, after: str = "", limit: int = 50
) -> list[ProcessInstance]:  # fmt: skip
    """Closed cases the actor archives (of the ``known`` rules) without a case file, the oldest first.

    ``after`` is the last one's id.

    A lead department's own part of an inspection lies in the inspection's file and is not asked for again.
    """
    archived = sa.exists().where(CaseFile.instance_id == ProcessInstance.id)
    bound_with_another = sa.exists().where(
        DepartmentInspection.district_id == ProcessInstance.district_id,
        DepartmentInspection.number == ProcessInstance.business_key,
        Campaign.district_id == DepartmentInspection.district_id,
        Campaign.number == DepartmentInspection.campaign,
        Campaign.lead == ProcessInstance.department,
    )
    statement = sa.select(ProcessInstance).where(
        ProcessInstance.district_id == district_id,
        sa.or_(
            sa.and_(
                ProcessInstance.department.in_(own_departments(actor)),
                ProcessInstance.process_key.in_([key for key, rule in known.items() if rule.archivist == CLERK]),
            ),
            ProcessInstance.process_key.in_(
                [key for key, rule in known.items() if rule.archivist != CLERK and actor.has_role(rule.archivist)]
            ),
        ),
        ProcessInstance.status.in_(CLOSED),
        ~archived,
        sa.or_(ProcessInstance.process_key != "department-inspection", ~bound_with_another),
        instance_in_scope(actor, ProcessInstance.id),
    )
    if after:
        statement = statement.where(ProcessInstance.id > after)
    return list(session.scalars(statement.order_by(ProcessInstance.id).limit(limit)))


def archived(
    session: Session, district_id: str, actor: Actor, wanted: Wanted, *, before: str = "", limit: int = 50
) -> list[CaseFile]:  # fmt: skip
    """Case files in the actor's scope, the newest first; ``before`` is the last one's id."""
    statement = sa.select(CaseFile).where(
        CaseFile.district_id == district_id, instance_in_scope(actor, CaseFile.instance_id)
    )
    if wanted.category:
        statement = statement.where(CaseFile.category == wanted.category)
    if wanted.department:
        statement = statement.where(CaseFile.department == wanted.department)
    if wanted.text:
        found = (CaseFile.archive_number, CaseFile.title, CaseFile.business_key)
        statement = statement.where(sa.or_(*(c.contains(wanted.text, autoescape=True) for c in found)))
    if before:
        statement = statement.where(CaseFile.id < before)
    return list(session.scalars(statement.order_by(CaseFile.id.desc()).limit(limit)))
