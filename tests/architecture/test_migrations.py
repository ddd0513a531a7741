"""The migrations lead to exactly what the models say, on both databases."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

import engine.inspection.metadata  # noqa: F401 - registers the domain's tables
from engine import schema
from engine.db import Base, make_engine
from engine.errors import LianjianError
from engine.jobs import owns_table
from engine.models import HistoryEvent

ENGINE = Path(__file__).resolve().parents[2] / "engine"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: str = request.getfixturevalue("postgresql_server")
    admin = make_engine(server.format("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text("CREATE DATABASE migrated"))
    yield server.format("migrated")
    with admin.connect() as connection:
        connection.execute(sa.text("DROP DATABASE migrated WITH (FORCE)"))
    admin.dispose()


def test_the_migrations_build_exactly_the_tables_of_the_models(empty_url: str) -> None:
    assert schema.upgrade(empty_url) == (None, schema.head())
    engine = make_engine(empty_url)
    with engine.connect() as connection:
        options = {"include_name": _ours, "compare_type": True}
        differences = compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata)
    engine.dispose()
    assert differences == [], 'the models changed: run tools/migration.sh "<what changed>"'


def test_the_history_stays_what_it_was_when_its_hashes_become_bytes(empty_url: str) -> None:
    engine = make_engine(empty_url)
    letters = {"prev_hash": "0" * 64, "hash": "0a" * 32}
    columns = {"id": uuid4().hex, "district_id": "370105", "stream": "district", "seq": 1, "at": "2026-03-02 01:00:00",
               "actor_name": "", "kind": "made", "body": "{}", **letters}  # fmt: skip
    with engine.connect() as connection:
        command.upgrade(schema.config(connection), "0002")
        names = ", ".join(columns)
        connection.execute(
            sa.text(f"INSERT INTO history_event ({names}) VALUES ({', '.join(map(':{}'.format, columns))})"), columns
        )
        connection.commit()
    schema.upgrade(empty_url)
    with engine.connect() as connection:
        row = connection.execute(sa.select(HistoryEvent.prev_hash, HistoryEvent.hash)).one()
    engine.dispose()
    assert dict(row._mapping) == letters


def test_upgrading_twice_changes_nothing(empty_url: str) -> None:
    schema.upgrade(empty_url)
    assert schema.upgrade(empty_url) == (schema.head(), schema.head())


def test_a_database_of_a_newer_release_is_left_alone(empty_url: str) -> None:
    schema.upgrade(empty_url)
    engine = make_engine(empty_url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(LianjianError, match="9999"):
        schema.upgrade(empty_url)


def test_there_is_one_migration_head() -> None:
    assert len(ScriptDirectory.from_config(schema.config()).get_heads()) == 1


def test_every_table_carries_its_district() -> None:
    without = [table.name for table in Base.metadata.sorted_tables if "district_id" not in table.columns]
    assert without == []


def test_tables_are_declared_only_in_modules_the_migrations_read() -> None:
    registered = re.findall(r"^import engine\.inspection\.(\w+)", (ENGINE / "inspection/metadata.py").read_text(), re.M)
    declared = {
        path.relative_to(ENGINE).as_posix()
        for path in ENGINE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and any(isinstance(b, ast.Name) and b.id == "Base" for b in node.bases)
    }
    assert declared == {"models.py", *(f"inspection/{name}.py" for name in registered)}


def _ours(name: str | None, kind: str, parents: dict[str, str | None]) -> bool:
    return not (kind == "table" and name is not None and owns_table(name, parents.get("schema_name")))
