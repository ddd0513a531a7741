"""Databases made once and copied: what many tests begin with is loaded once a test process."""

from __future__ import annotations

import atexit
import hashlib
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import psycopg
import sqlalchemy as sa

from engine.db import Database
from engine.models import HistoryEvent, User

_KNOWN: dict[str, str] = {}
_FOLDER = Path(tempfile.mkdtemp(prefix="lianjian-templates-"))
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)


def filled(database: Database, what: str, fill: Callable[[], None]) -> None:
    """Fill a new database: by ``fill`` the first time, later as a copy of what it wrote.

    ``what`` names everything the content depends on.  A database that holds something already is filled in place.
    """
    with database.read() as session:
        if any(session.scalar(sa.select(sa.exists(sa.select(table.id)))) for table in (User, HistoryEvent)):
            return fill()
    tables = sorted(sa.inspect(database.engine).get_table_names())
    key = hashlib.sha256(f"{database.engine.dialect.name} {what} {tables}".encode()).hexdigest()[:20]
    if key not in _KNOWN:
        fill()
    database.dispose()  # neither kind of database is copied while somebody is connected
    if database.engine.dialect.name == "sqlite":
        _sqlite(Path(database.engine.url.database or ""), key)
    else:
        _postgresql(database.engine.url, key)
    return None


def _sqlite(path: Path, key: str) -> None:
    template = _FOLDER / f"{key}.db"
    if key in _KNOWN:
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        shutil.copyfile(template, path)
    elif not path.with_name(path.name + "-wal").exists():  # else somebody is connected, and the file is not whole
        shutil.copyfile(path, template)
        _KNOWN[key] = str(template)


def _postgresql(url: sa.URL, key: str) -> None:
    admin = url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    template = f"template_{key}"
    with psycopg.connect(admin, autocommit=True) as connection:
        if key in _KNOWN:
            connection.execute(f'DROP DATABASE "{url.database}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{url.database}" TEMPLATE "{template}" STRATEGY FILE_COPY')
            return
        try:
            connection.execute(f'CREATE DATABASE "{template}" TEMPLATE "{url.database}" STRATEGY FILE_COPY')
        except psycopg.errors.ObjectInUse:
            return  # somebody is connected: the next test tries again
        _KNOWN[key] = template
