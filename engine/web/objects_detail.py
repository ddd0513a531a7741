"""One inspected object: what is registered, who approves and who supervises, what was done, and every change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine.errors import NotFound
from engine.inspection import records
from engine.inspection.gate import ALIVE
from engine.inspection.models import DepartmentInspection, FollowUp, Inspection, Publication
from engine.inspection.object_duplicates import duplicates_of
from engine.inspection.object_permits import ABOUT_TO_EXPIRE, permits_of
from engine.inspection.opening import OFFICER
from engine.inspection.outside_visits import visits_of
from engine.inspection.registry_history import history_of
from engine.inspection.registry_import.columns import OBJECTS
from engine.inspection.registry_models import ChangeRequest, PermitHandover, RegistryChange, RegistryImport
from engine.inspection.special_areas import SpecialAreas
from engine.models import ProcessInstance
from engine.scope import instance_in_scope
from engine.web.cases import process_words
from engine.web.context import actor, database, settings
from engine.web.inspection_list import CHIPS
from engine.web.objects_common import industry_name, may_see_grades, regions, today

#: Fields as the history names them.
FIELDS = {column.field: column.header for column in OBJECTS} | {
    "supervisor": "主管部门", "risk_scheme": "风险等级方案", "to_verify": "待核事项",
}  # fmt: skip
#: Fields nobody without a department sees.
GRADES = frozenset({"risk_grade", "risk_grade_on", "risk_scheme"})
UNDER_WAY = ("起草", "待核对", "已退回")
#: Visits and publications one page lists.
MOST = 50


@dataclass(frozen=True)
class Visit:
    """An inspection of the object; ``open`` when the reader may look into it."""

    row: Inspection
    parts: Sequence[DepartmentInspection]
    open: bool


def page(uscc: str) -> ResponseReturnValue:
    """Every official sees the object; grades only those of a department, cases only whoever may see them."""
    field = request.args.get("field", "")
    with database().read() as session:
        district = settings().district_id
        row = records.inspected_object(session, district, uscc) if uscc.isascii() and uscc.isalnum() else None
        if row is None:
            raise NotFound(
                f"名录库中没有统一社会信用代码为 {uscc[:18]} 的检查对象，请核对代码，或者在名录中按名称查找。"
            )
        changes = _visible(history_of(session, district, "objects", uscc))
        visits = _visits(session, district, uscc)
        return render_template(
            "objects/show.html", row=row, fields=FIELDS, regions=regions(), industry=industry_name(row.industry),
            permits=permits_of(row.permits, today()), soon=ABOUT_TO_EXPIRE,
            handovers=_handovers(session, district, uscc),
            visits=visits, chips=CHIPS, outside=visits_of(session, district, uscc, MOST),
            follow_ups=_follow_ups(session, district, uscc), follow_up_names=process_words(),
            publications=_publications(session, district, visits), changes=changes,
            shown=[change for change in changes if not field or field in change.changes], field=field,
            latest=_latest(changes), origin=session.get(RegistryImport, row.import_id) if row.import_id else None,
            requests=_requests(session, district, uscc), duplicates=duplicates_of(session, district, uscc),
            areas=SpecialAreas.load(session, district, today()).names_of(uscc, row.industry),
            grades=may_see_grades(), may_propose=OFFICER in actor().roles, today=today(),
            stopped=row.status not in ALIVE,
        )  # fmt: skip


def _visible(changes: Sequence[RegistryChange]) -> list[RegistryChange]:
    """The changes without the fields the reader may not see."""
    if may_see_grades():
        return list(changes)
    for change in changes:
        change.changes = {name: values for name, values in change.changes.items() if name not in GRADES}
    return [change for change in changes if change.changes]


def _latest(changes: Sequence[RegistryChange]) -> dict[str, RegistryChange]:
    """The last change of every field that ever changed; ``changes`` come newest first."""
    found: dict[str, RegistryChange] = {}
    for change in changes:
        for name in change.changes:
            found.setdefault(name, change)
    return found


def _visits(session: Session, district_id: str, uscc: str) -> list[Visit]:
    """The object's inspections, newest first.

    Outside the reader's scope only those that are over: a visit to come may be unannounced.
    """
    instance = (
        sa.select(ProcessInstance.id)
        .where(
            ProcessInstance.district_id == Inspection.district_id, ProcessInstance.process_key == "inspection",
            ProcessInstance.business_key == Inspection.number,
        )
        .scalar_subquery()
    )  # fmt: skip
    found = session.execute(
        sa.select(Inspection, sa.case((instance_in_scope(actor(), instance), True), else_=False))
        .where(Inspection.district_id == district_id, Inspection.uscc == uscc)
        .order_by(Inspection.id.desc())
        .limit(MOST)
    ).all()
    shown = [(row, bool(open_)) for row, open_ in found if open_ or row.visits_ended_at is not None]
    parts: dict[str, list[DepartmentInspection]] = {row.number: [] for row, _ in shown}
    statement = sa.select(DepartmentInspection).where(
        DepartmentInspection.district_id == district_id, DepartmentInspection.inspection.in_(list(parts))
    )
    for part in session.scalars(statement.order_by(DepartmentInspection.number)):
        parts[part.inspection].append(part)
    return [Visit(row, parts[row.number], open_) for row, open_ in shown]


def _follow_ups(session: Session, district_id: str, uscc: str) -> list[tuple[FollowUp, str]]:
    """What followed that the reader may see, with the instance of each."""
    statement = (
        sa.select(FollowUp, ProcessInstance.id)
        .join(
            ProcessInstance,
            sa.and_(
                ProcessInstance.district_id == FollowUp.district_id, ProcessInstance.process_key == FollowUp.kind,
                ProcessInstance.business_key == FollowUp.number,
            ),
        )
        .where(FollowUp.district_id == district_id, FollowUp.uscc == uscc)
        .where(instance_in_scope(actor(), ProcessInstance.id))
        .order_by(FollowUp.opened_at.desc())
        .limit(MOST)
    )  # fmt: skip
    return [(row, instance_id) for row, instance_id in session.execute(statement)]


def _publications(session: Session, district_id: str, visits: Sequence[Visit]) -> list[Publication]:
    """What was made public about the object's visits and what came of them."""
    parts = [part.number for visit in visits for part in visit.parts]
    follow_ups = sa.select(FollowUp.number).where(FollowUp.district_id == district_id, FollowUp.root.in_(parts))
    statement = (
        sa.select(Publication)
        .where(
            Publication.district_id == district_id, Publication.state.in_(("published", "withdrawn")),
            sa.or_(Publication.subject.in_(parts), Publication.subject.in_(follow_ups)),
        )
        .order_by(Publication.published_at.desc())
    )  # fmt: skip
    return list(session.scalars(statement))


def _handovers(session: Session, district_id: str, uscc: str) -> list[PermitHandover]:
    statement = (
        sa.select(PermitHandover)
        .where(PermitHandover.district_id == district_id, PermitHandover.uscc == uscc)
        .order_by(PermitHandover.handed_at.desc())
    )
    return list(session.scalars(statement))


def _requests(session: Session, district_id: str, uscc: str) -> list[ChangeRequest]:
    """Changes of this object that are under way."""
    statement = sa.select(ChangeRequest).where(
        ChangeRequest.district_id == district_id, ChangeRequest.register == "objects", ChangeRequest.key == uscc,
        ChangeRequest.state.in_(UNDER_WAY),
    )  # fmt: skip
    return list(session.scalars(statement.order_by(ChangeRequest.created_at)))
