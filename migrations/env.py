"""How Alembic reaches the database and what it compares; called through engine/schema.py."""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context

import engine.inspection.metadata
import engine.models  # noqa: F401 - registers the kernel's tables
from engine.db import Base, Instant, make_engine
from engine.jobs import owns_table
from engine.settings import Settings


def include_name(name: str | None, kind: str, parents: Any) -> bool:
    """The job engine keeps and migrates its tables itself."""
    return not (kind == "table" and name is not None and owns_table(name, parents.get("schema_name")))


def render_item(kind: str, item: Any, _autogen: Any) -> str | Literal[False]:
    """Write plain column types: a migration must not change when our classes do."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, Instant) else False


def run(connection: sa.Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_name=include_name,
        render_item=render_item,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    context.configure(dialect_name="postgresql", target_metadata=Base.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
elif (given := context.config.attributes.get("connection")) is not None:
    run(given)
else:
    database = make_engine(Settings.from_env().url)
    with database.connect() as own:
        run(own)
        own.commit()
