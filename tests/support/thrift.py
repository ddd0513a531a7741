"""What a test process does once instead of once a test: compile a statement or a template, judge a shipped process.

A system in service opens one database, builds one application and deploys a process once; a test process does it
hundreds of times.  Nothing here changes what is executed: statements, templates and findings are the product's own.
Passwords alone are hashed for less than in service, where the price is the point.
"""

from __future__ import annotations

import functools
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import CodeType
from typing import Any

import flask
import flask.templating
import jinja2
import jinja2.bccache
import sqlalchemy as sa
from argon2 import PasswordHasher
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from engine import accounts
from engine.commands import deploy
from engine.lint import linter
from engine.lint.finding import Finding
from engine.service_tasks import ServiceRegistry

#: Where files are kept in memory, and how much must be free there, in bytes, for the files of all tests of a run.
MEMORY, ROOM = Path("/dev/shm"), 4 << 30

_STATEMENTS: dict[Any, Any] = {}


def economise() -> None:
    """Begin to be thrifty in this process."""
    _keep_files_in_memory()
    _share_statements()
    _share_templates()
    _judge_once()
    # What the product takes is proven by tests/web/test_auth.py.
    accounts._hasher = PasswordHasher(time_cost=1, memory_cost=16, parallelism=1)


def _keep_files_in_memory() -> None:
    """Databases of tests are in memory where it has room: no test is about the disk, and a new one costs a twentieth.

    Who sets ``TMPDIR`` chooses another place; processes that tests start inherit it.
    """
    if "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ["TMPDIR"], tempfile.tempdir = str(MEMORY), None


def _share_statements() -> None:
    """Every database of a kind uses the statements compiled for the first.

    SQLAlchemy keeps what it compiled by dialect, and makes a dialect for each engine; here two of one class that
    write JSON alike are the same.
    """

    def sort(dialect: Any) -> tuple[Any, ...]:
        return type(dialect), dialect._json_serializer, dialect._json_deserializer

    for kind in (SQLiteDialect_pysqlite, PGDialect_psycopg):
        kind.__hash__ = lambda self: hash(sort(self))  # type: ignore[method-assign]
        kind.__eq__ = lambda self, other: sort(self) == sort(other) if type(self) is type(other) else NotImplemented

    @sa.event.listens_for(sa.Engine, "engine_connect")
    def _connected(connection: sa.Connection) -> None:
        connection.execution_options(compiled_cache=_STATEMENTS)


def _judge_once() -> None:
    """What is deployed to many districts is linted once: the same files, roles and services have the same findings."""
    judged: dict[tuple[str, frozenset[str] | None], list[tuple[ServiceRegistry, list[Finding]]]] = {}

    def lint(files: dict[str, str], *, roles: frozenset[str] | None, services: ServiceRegistry) -> list[Finding]:
        known = judged.setdefault((deploy.bundle_digest(files), roles), [])
        for offered, findings in known:
            if (offered, offered.functions, offered.documents) == (services, services.functions, services.documents):
                return findings
        known.append((services, linter.lint(files, roles=roles, services=services)))
        return known[-1][1]

    deploy.lint = lint  # type: ignore[assignment]


class _Kept(jinja2.BytecodeCache):
    """The code of every template, for the next application."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        if bucket.code is not None:
            self._code[bucket.key, bucket.checksum] = bucket.code


def _share_templates() -> None:
    make: Callable[..., Any] = functools.partial(flask.templating.Environment, bytecode_cache=_Kept())
    flask.Flask.jinja_environment = make  # type: ignore[assignment]
