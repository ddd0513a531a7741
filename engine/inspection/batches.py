"""Steps that many inspections pass with the same words: reviewed, told and released as one list.

Only clean department inspections (未发现问题) may go through in a batch; a problem is
looked at firm by firm.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.commands.task_access import CLERK
from engine.inbox import first_todo, todo_parameters
from engine.inspection.models import Finding
from engine.models import InstanceDepartment, UserTask
from engine.queries import waits_for


@dataclass(frozen=True)
class BatchStep:
    """A step offered as a list; ``clean_only`` leaves out inspections with a problem."""

    process_key: str
    element_id: str
    title: str
    clean_only: bool = True


#: Step by the name it has in addresses.
STEPS = {
    "review": BatchStep("department-inspection", "review", "批量审核检查结果"),
    "result-notice": BatchStep("department-inspection", "result_notice", "批量告知检查结果"),
    "publication-preview": BatchStep("department-inspection", "publication_preview", "批量公示预览"),
    "second-signoff": BatchStep("department-inspection", "second_signoff", "批量公示复核"),
    "dispatch-receipt": BatchStep("joint-inspection", "sign_for_receipt", "批量签收检查任务", clean_only=False),
}


def _statement(actor: Actor, step: BatchStep, department: str = "") -> sa.Select[tuple[UserTask]]:
    statement = sa.select(UserTask).where(
        UserTask.state == "open",
        UserTask.process_key == step.process_key,
        UserTask.element_id == step.element_id,
        _entered_for(actor, department) if department else waits_for(actor),
    )
    if step.clean_only:
        problem = sa.exists().where(
            Finding.district_id == UserTask.district_id,
            Finding.department_inspection == UserTask.business_key,
            Finding.problem,
        )
        statement = statement.where(~problem)
    return statement


def _entered_for(actor: Actor, department: str) -> sa.ColumnElement[bool]:
    """Tasks of another department that the actor may enter from its signed paper (代录)."""
    own = sorted(code for code in actor.departments if actor.has_role(CLERK, code))
    seen = sa.exists().where(
        InstanceDepartment.instance_id == UserTask.instance_id, InstanceDepartment.department == UserTask.on_behalf
    )
    return sa.and_(UserTask.department == department, UserTask.on_behalf.in_(own), seen)


def batch_tasks(
    session: Session, actor: Actor, step: BatchStep, limit: int, department: str = ""
) -> list[UserTask]:  # fmt: skip
    """Open tasks of the step that wait for the actor, the most urgent first.

    With a ``department``: those of that department which the actor may enter from its signed paper.
    """
    ordered = _statement(actor, step, department).order_by(
        UserTask.due_at.is_(None), UserTask.due_at, UserTask.business_key
    )
    return list(session.scalars(ordered.limit(limit)))


def batch_count(session: Session, actor: Actor, step: BatchStep, cap: int = 1_000, department: str = "") -> int:
    """How many such tasks wait, counted up to ``cap``."""
    capped = _statement(actor, step, department).with_only_columns(UserTask.id).limit(cap).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(capped)) or 0


@dataclass(frozen=True)
class Waiting:
    """What waits for somebody among their first tasks, up to one more than :data:`engine.inbox.COUNT_CAP`.

    ``batches`` are (name, step, count) of every step of which at least two tasks may go through as a list.
    """

    total: int
    batches: list[tuple[str, BatchStep, int]]


def waiting(session: Session, actor: Actor) -> Waiting:
    """Count what waits for the actor and what of it is offered as a list."""
    rows = session.execute(_counts(len(actor.groups)), todo_parameters(actor)).all()
    offered = {(row.process_key, row.element_id): row for row in rows}
    batches = []
    for name, step in STEPS.items():
        row = offered.get((step.process_key, step.element_id))
        count = 0 if row is None else row.clean if step.clean_only else row.tasks
        if count >= 2:
            batches.append((name, step, count))
    return Waiting(sum(row.tasks for row in rows), batches)


@lru_cache(maxsize=64)
def _counts(groups: int) -> sa.Select[Any]:
    first = first_todo(groups, ("process_key", "element_id", "business_key", "district_id"))
    problem = sa.exists().where(
        Finding.district_id == first.c.district_id, Finding.department_inspection == first.c.business_key,
        Finding.problem,
    )  # fmt: skip
    listed = sa.tuple_(first.c.process_key, first.c.element_id).in_(
        [(step.process_key, step.element_id) for step in STEPS.values() if step.clean_only]
    )
    clean = sa.func.sum(sa.case((sa.and_(listed, ~problem), 1), else_=0))
    return sa.select(
        first.c.process_key, first.c.element_id, sa.func.count().label("tasks"), clean.label("clean")
    ).group_by(first.c.process_key, first.c.element_id)
