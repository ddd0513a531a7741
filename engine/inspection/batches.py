"""Steps that many inspections pass with the same words: reviewed, told and released as one list.

Only clean department inspections (未发现问题) may go through in a batch; a problem is
looked at firm by firm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.inbox import first_todo
from engine.inspection.models import Finding
from engine.models import UserTask
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


def _statement(actor: Actor, step: BatchStep) -> sa.Select[tuple[UserTask]]:
    statement = sa.select(UserTask).where(
        UserTask.state == "open",
        UserTask.process_key == step.process_key,
        UserTask.element_id == step.element_id,
        waits_for(actor),
    )
    if step.clean_only:
        problem = sa.exists().where(
            Finding.district_id == UserTask.district_id,
            Finding.department_inspection == UserTask.business_key,
            Finding.problem,
        )
        statement = statement.where(~problem)
    return statement


def batch_tasks(session: Session, actor: Actor, step: BatchStep, limit: int) -> list[UserTask]:
    """Open tasks of the step that wait for the actor, the most urgent first."""
    ordered = _statement(actor, step).order_by(UserTask.due_at.is_(None), UserTask.due_at, UserTask.business_key)
    return list(session.scalars(ordered.limit(limit)))


def batch_count(session: Session, actor: Actor, step: BatchStep, cap: int = 1_000) -> int:
    """How many such tasks wait, counted up to ``cap``."""
    capped = _statement(actor, step).with_only_columns(UserTask.id).limit(cap).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(capped)) or 0


def waiting_batches(
    session: Session, actor: Actor, waiting: Mapping[tuple[str, str], int]
) -> list[tuple[str, BatchStep, int]]:  # fmt: skip
    """(name, step, count) of every step of which at least two tasks wait for the actor.

    ``waiting`` is :func:`engine.inbox.todo_steps`; like it, this looks at the first thousand tasks only.
    """
    offered = {key for step in STEPS.values() if waiting.get(key := (step.process_key, step.element_id), 0) >= 2}
    if not offered:
        return []
    first, parameters = first_todo(session, actor, ("process_key", "element_id", "business_key", "district_id"))
    # Findings belong to department inspections alone, so this leaves the other steps as they are.
    problem = sa.exists().where(
        Finding.district_id == first.c.district_id, Finding.department_inspection == first.c.business_key,
        Finding.problem,
    )  # fmt: skip
    batch_steps = sa.tuple_(first.c.process_key, first.c.element_id).in_(sorted(offered))
    rows = session.execute(
        sa.select(first.c.process_key, first.c.element_id, sa.func.count())
        .where(batch_steps, ~problem)
        .group_by(first.c.process_key, first.c.element_id),
        parameters,
    )
    clean = {(process_key, element_id): count for process_key, element_id, count in rows}
    found = [(name, step, clean.get((step.process_key, step.element_id), 0)) for name, step in STEPS.items()]
    return [entry for entry in found if entry[2] >= 2]
