"""Database plumbing: engine, sessions, column types and identifiers.

SQLite and PostgreSQL run the same code.  SQLite writers take the write lock at
BEGIN (``BEGIN IMMEDIATE``) so that two commands can never both read an instance
and then race to save it; PostgreSQL uses row locks and the version column.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from time import monotonic, time_ns
from typing import Any, ClassVar

import orjson
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from engine.prepared import Prepared

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

#: Execution option that makes a SQLite transaction take the write lock at once.
WRITER = {"lianjian_writer": True}
#: Execution option of connections whose statements stand alone: no BEGIN before, no ROLLBACK after them.
ALONE = {"lianjian_alone": True}

#: Seconds a PostgreSQL connection may rest before it is asked whether it still lives.
RESTED = 5.0


class _Ids:
    """UUIDv7 in text form, each later than the one before, whatever the clock does."""

    def __init__(self) -> None:
        self._last = 0  # milliseconds and, within one, a number of twelve bits
        self._lock = threading.Lock()

    def __call__(self) -> str:
        with self._lock:
            stamp = self._last = max(time_ns() // 1_000_000 << 12, self._last + 1)
        tail = int.from_bytes(os.urandom(8)) >> 2 | 1 << 63
        digits = f"{stamp >> 12:012x}7{stamp & 0xFFF:03x}{tail:016x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


#: A time-ordered UUIDv7 in text form.
new_id = _Ids()


class Instant(sa.types.TypeDecorator[datetime]):
    """An aware datetime, stored in UTC on every database; naive values are refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime: every instant carries its zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Digest(sa.types.TypeDecorator[str]):
    """A hash as hexadecimal text, stored as its bytes: half the room, twice in every link of the history."""

    impl = sa.LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> bytes | None:
        return None if value is None else bytes.fromhex(value)

    def process_result_value(self, value: bytes | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else value.hex()


class _IdText(sa.Uuid[str]):
    """Ids as text; where the database keeps their digits, hyphens are put in and left out without a UUID between."""

    def bind_processor(self, dialect: sa.Dialect) -> Any:
        return super().bind_processor(dialect) if dialect.supports_native_uuid else _digits

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Any:
        return super().result_processor(dialect, coltype) if dialect.supports_native_uuid else _hyphened


def _digits(text: str | None) -> str | None:
    return None if text is None else text.replace("-", "")


def _hyphened(digits: str | None) -> str | None:
    return None if digits is None else f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


Id = _IdText(as_uuid=False)
_UUID_PARTS = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))


class id_text(sa.sql.functions.FunctionElement[str]):
    """An :data:`Id` column as the text of its UUID; SQLite stores the digits alone."""

    type = sa.String()
    inherit_cache = True


@compiles(id_text)
def _cast(element: id_text, compiler: Any, **options: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **options)} AS VARCHAR)"


@compiles(id_text, "sqlite")
def _with_hyphens(element: id_text, compiler: Any, **options: Any) -> str:
    digits = compiler.process(element.clauses, **options)
    return "||'-'||".join(f"substr({digits},{first},{count})" for first, count in _UUID_PARTS)


def is_postgresql(connection: Session | sa.Connection) -> bool:
    """Whether this is PostgreSQL; the other one is SQLite, whose writers follow one another anyway."""
    bind = connection.get_bind() if isinstance(connection, Session) else connection
    return bind.dialect.name == "postgresql"


def key_lock(text: Any) -> sa.ColumnElement[Any]:
    """PostgreSQL's lock on a text, held until the transaction ends."""
    return sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(text, 0))


_LOCK_KEY = sa.select(key_lock(sa.bindparam("text", type_=sa.Text)))


def lock_key(connection: Session | sa.Connection, text: str) -> None:
    """Hold ``text`` until the transaction ends; whoever wants the same text waits."""
    if is_postgresql(connection):
        connection.execute(_LOCK_KEY, {"text": text})


class Base(DeclarativeBase):
    """Base of every table.  Every table carries ``district_id`` (checked by a test)."""

    metadata = sa.MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar = {dict[str, Any]: sa.JSON, list[Any]: sa.JSON, list[str]: sa.JSON, datetime: Instant}

    district_id: Mapped[str] = mapped_column(sa.String(12))


def pk() -> Mapped[str]:
    """A UUIDv7 primary key column."""
    return mapped_column(Id, primary_key=True, default=new_id)


def dumps(value: Any) -> str:
    """JSON text that keeps key order and Chinese characters."""
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()


def make_engine(url: str, **kwargs: Any) -> sa.Engine:
    """Create an engine with the durability settings of docs/adr/0004-two-databases.md."""
    url_obj = sa.make_url(url)
    if url_obj.drivername in {"postgresql", "postgres"}:
        url_obj = url_obj.set(drivername="postgresql+psycopg")
    options: dict[str, Any] = {"json_serializer": dumps, "json_deserializer": orjson.loads, **kwargs}
    if url_obj.get_backend_name() == "sqlite":
        options.setdefault("pool_size", 80)
        options.setdefault("connect_args", {"timeout": 30, "check_same_thread": False})
        engine = sa.create_engine(url_obj, **options)
        _prepare_sqlite(engine)
        return engine
    options.setdefault("pool_size", 20)
    options.setdefault("max_overflow", 12)
    engine = sa.create_engine(url_obj, **options)
    _ask_rested_connections(engine)
    return engine


def _ask_rested_connections(engine: sa.Engine) -> None:
    """Find out that the server went away before a command does, without asking before every one."""

    @event.listens_for(engine, "checkin")
    def _checkin(_connection: Any, record: Any) -> None:
        record.info["used"] = monotonic()

    @event.listens_for(engine, "checkout")
    def _checkout(connection: Any, record: Any, _proxy: Any) -> None:
        if monotonic() - record.info.get("used", monotonic()) < RESTED:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error:
            raise sa.exc.DisconnectionError from None


_BEGIN, _BEGIN_WRITING = Prepared(sa.text("BEGIN")), Prepared(sa.text("BEGIN IMMEDIATE"))


def _prepare_sqlite(engine: sa.Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we emit BEGIN ourselves, see below
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA busy_timeout=30000")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        options = connection.get_execution_options()
        if not options.get("lianjian_alone"):
            (_BEGIN_WRITING if options.get("lianjian_writer") else _BEGIN).run(connection, {})


class Database:
    """One engine and the ways to use it: :meth:`read`, :meth:`write` and, for commands, :meth:`begin`."""

    def __init__(self, url: str) -> None:
        self.engine = make_engine(url)
        postgresql = self.engine.dialect.name == "postgresql"
        snapshot = {"isolation_level": "REPEATABLE READ"} if postgresql else {}
        # Connections of their own: PostgreSQL's driver takes longer to change to AUTOCOMMIT and back than to answer.
        self._lookup = (
            make_engine(url, isolation_level="AUTOCOMMIT", pool_size=8, max_overflow=0)
            if postgresql
            else self.engine.execution_options(**ALONE)
        )
        self._read = sessionmaker(self.engine.execution_options(**snapshot), expire_on_commit=False)
        self._writer = self.engine.execution_options(**WRITER)
        self._write = sessionmaker(self._writer, expire_on_commit=False)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for queries that all see the same moment; nothing it does is committed.

        A page that read a task as open and then its instance after somebody's commit would contradict itself.
        Closing it ends the transaction and, unlike a rollback, leaves what was loaded readable.
        """
        with self._read() as session:
            yield session

    @contextmanager
    def lookup(self) -> Iterator[sa.Connection]:
        """A connection for single queries on every request's way, without the cost of a session or a transaction.

        Two queries may see two moments; what must agree belongs into one statement or :meth:`read`.
        """
        with self._lookup.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that commits when the block ends and rolls back on any exception."""
        with self._write.begin() as session:
            yield session

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """A connection that commits when the block ends and rolls back on any exception, without a session's cost."""
        with self._writer.begin() as connection:
            yield connection

    def dispose(self) -> None:
        self.engine.dispose()
        self._lookup.dispose()
