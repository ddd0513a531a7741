"""What the last actions led to, said once at the top of the page that follows."""

from __future__ import annotations

import sqlalchemy as sa
from flask import get_flashed_messages, session

from engine.models import UserTask
from engine.web.case_view import waits_now
from engine.web.context import actor_or_none, database

_KEY = "submitted"
_SUBMITTED = sa.select(UserTask.name, UserTask.title, UserTask.instance_id).where(
    UserTask.id == sa.bindparam("of_task")
)


def note_submission(task_id: str) -> None:
    """Say on the next page that the task was submitted, and whom its case waits for by then."""
    session[_KEY] = [*session.get(_KEY, ()), task_id]


def notices() -> list[tuple[str, str]]:
    """(category, words) of everything to be said now; nothing is said twice."""
    found: list[tuple[str, str]] = []
    submitted = session.pop(_KEY) if _KEY in session else ()
    if submitted and actor_or_none() is not None:
        with database().lookup() as connection:
            for task_id in submitted:
                task = connection.execute(_SUBMITTED, {"of_task": task_id}).one()
                waits = waits_now(connection, task.instance_id)
                found.append(("success", f"“{task.name}”已提交：{task.title}。{waits}"))
    return [*found, *get_flashed_messages(with_categories=True)]
