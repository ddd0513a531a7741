"""Officials of the demo district at work: whoever a task waits for submits it by the same commands as anybody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.commands.complete_task import CompleteTask
from engine.inspection.lead_entry import RegisterLead
from engine.inspection.open_follow_up import OpenFollowUp
from engine.models import ProcessInstance, TaskCandidate, User, UserRole, UserTask
from engine.process_engine import ProcessEngine


def register(
    engine: ProcessEngine, department: str, uscc: str, title: str, content: str, received: date | None = None
) -> str:
    """Enter a lead, received yesterday unless ``received`` says another day; returns its number."""
    yesterday = (engine.clock() - timedelta(days=1)).astimezone(engine.settings.timezone).date()
    values = {
        "department": department, "source": "投诉举报", "received_on": (received or yesterday).isoformat(),
        "real_name": "匿名", "uscc": uscc, "title": title, "content": content,
    }  # fmt: skip
    with engine.read() as session:
        clerk = holder(session, "承办人", department)
    number: str = engine.execute(RegisterLead(values), actor=clerk)
    return number


def open_follow_up(engine: ProcessEngine, number: str, kind: str) -> None:
    """Open a follow-up of the lead ``number``, as the officer in charge of its department."""
    with engine.read() as session:
        case = session.scalars(sa.select(ProcessInstance).where(ProcessInstance.business_key == number)).one()
        clerk = holder(session, "承办人", case.department)
    engine.execute(OpenFollowUp(case.id, kind), actor=clerk)


def submit(
    engine: ProcessEngine, number: str, element: str, values: Mapping[str, Any], *, if_open: bool = False
) -> None:
    """Complete the first open task ``element`` of the case ``number``, as the first person it waits for."""
    with engine.read() as session:
        task = session.scalars(
            sa.select(UserTask)
            .where(UserTask.business_key == number, UserTask.element_id == element, UserTask.state == "open")
            .order_by(UserTask.created_at, UserTask.id)
            .limit(1)
        ).one_or_none()
        if task is None and if_open:
            return
        assert task is not None, f"{element} of {number} is not open"
        actor = _awaited(session, task)
    engine.execute(CompleteTask(task.id, task.version, dict(values)), actor=actor)


def login(session: Session, name: str) -> Actor:
    """The account ``name`` as somebody signed in."""
    return _person(session, session.scalars(sa.select(User.id).where(User.login == name)).one())


def holder(session: Session, role: str, department: str) -> Actor:
    """Who holds a role in the department, as somebody signed in."""
    user = session.scalars(
        sa.select(User)
        .join(UserRole, UserRole.user_id == User.id)
        .where(UserRole.department == department, UserRole.role == role, User.department == department)
        .order_by(User.login)
    ).first()
    assert user is not None, f"the demo district has nobody for {role}"
    return Actor(user.id, user.name, department, frozenset({f"{department}/{role}"}))


def _awaited(session: Session, task: UserTask) -> Actor:
    named = (
        task.assignee_id
        or session.scalars(
            sa.select(TaskCandidate.user_id).where(TaskCandidate.task_id == task.id).order_by(TaskCandidate.user_id)
        ).first()
    )
    return _person(session, named) if named else holder(session, task.role, task.department)


def _person(session: Session, user_id: str) -> Actor:
    user = session.get_one(User, user_id)
    roles = session.execute(sa.select(UserRole.department, UserRole.role).where(UserRole.user_id == user_id))
    return Actor(user.id, user.name, user.department, frozenset(f"{d}/{r}" for d, r in roles))
