"""Look into the job engine's own table."""

from __future__ import annotations

import sqlalchemy as sa

from engine.db import Database


def table(database: Database) -> str:
    """Its name: on SQLite it has no schema."""
    return "workflow_status" if database.engine.dialect.name == "sqlite" else "dbos.workflow_status"


def job_names(database: Database) -> set[str]:
    """The names of all jobs, whatever became of them."""
    with database.read() as session:
        return set(session.scalars(sa.text(f"SELECT workflow_uuid FROM {table(database)}")))


def none_is_running(database: Database) -> bool:
    """True when no executor is in the middle of a job, so that stopping interrupts nothing."""
    with database.read() as session:
        count = session.scalar(sa.text(f"SELECT count(*) FROM {table(database)} WHERE status = 'PENDING'"))
        return count == 0
