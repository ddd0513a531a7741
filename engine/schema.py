"""Bring a database to the schema this code was written for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from engine import jobs
from engine.db import make_engine
from engine.errors import LianjianError
from engine.shipped import folder

#: Two hosts that upgrade at once take turns on this PostgreSQL advisory lock.
_LOCK = 370105_2601


def config(connection: sa.Connection | None = None) -> Config:
    """Alembic's configuration; ``connection`` is what migrations/env.py works on."""
    result = Config()
    result.set_main_option("script_location", str(folder("migrations")).replace("%", "%%"))
    result.attributes["connection"] = connection
    return result


def head() -> str:
    """The newest revision this installation knows."""
    revision = ScriptDirectory.from_config(config()).get_current_head()
    assert revision is not None
    return revision


def current(url: str) -> str | None:
    """The revision the database is at; None when it has no tables yet."""
    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()


def upgrade(url: str) -> tuple[str | None, str]:
    """Apply every missing migration and prepare the job engine's tables.

    Returns the revisions before and after.  Raises :class:`LianjianError` when the database
    was last upgraded by a newer release.
    """
    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
                connection.commit()
            before = MigrationContext.configure(connection).get_current_revision()
            connection.rollback()
            _refuse_newer(before)
            if before != head():
                command.upgrade(config(connection), "head")
                connection.commit()
    finally:
        engine.dispose()  # also gives the advisory lock back
    jobs.prepare(url)
    return before, head()


def _refuse_newer(revision: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(config()).walk_revisions()}
    if revision is not None and revision not in known:
        raise LianjianError(f"数据库的结构版本 {revision} 比本程序新，请先升级程序，或改用相应的数据库。")
