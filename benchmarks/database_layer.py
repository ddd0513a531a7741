"""One completion in the process engine: its CPU against a floor and the stock library, its statements, its bytes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from statistics import mean, median
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy import event

from benchmarks import case
from benchmarks.figures import Benchmark, Line, Scale, at_most
from benchmarks.measure import Samples
from benchmarks.places import Place
from benchmarks.stock import StockEngine, StockStart
from benchmarks.system import DEPARTMENT, ROLE, hire, open_system
from engine.actor import Actor
from engine.db import WRITER, Database, new_id
from engine.models import HistoryEvent, ProcessInstance
from engine.process_engine import ProcessEngine

LINES = (
    Line("over_floor", "database-layer completion CPU ÷ floor (UPDATE + INSERT + commit)", "×", at_most(4)),
    Line("stock_over", "stock library, same rows ÷ database-layer completion CPU", "×"),
    Line("cpu_ms", "database-layer completion, CPU", "ms"),
    Line("wall_ms", "database-layer completion, wall", "ms"),
    Line("floor_cpu_ms", "floor, CPU", "ms"),
    Line("stock_cpu_ms", "stock library, same rows, CPU", "ms"),
)

COUNT_LINES = (
    Line("statements", "statements per completion, mean of a case", "", at_most(7)),
    Line("commits", "commits per completion", "", at_most(1)),
    Line("statements_most", "statements of the completion with most", ""),
)

BYTES_LINES = (
    Line("state_and_history", "finished 12-step case, state + history", "KB", at_most(12)),
    Line("state", "of this, state", "KB"),
    Line("disk", "finished 12-step case, everything on disk with indexes", "KB"),
)


def _system(place: Place) -> tuple[ProcessEngine, Actor]:
    engine = open_system(place.fresh(), place.scratch, case.KEY)
    return engine, hire(engine.database, engine.settings.district_id, [(DEPARTMENT, ROLE)])[0]


# -- CPU --------------------------------------------------------------------------------


def run(place: Place, scale: Scale) -> Mapping[str, float]:
    engine, official = _system(place)
    stock = StockEngine.beside(engine)
    floor = _Floor(engine, official)
    rounds: list[tuple[Samples, Samples, Samples]] = []
    warmups = int(scale.rounds > 1)
    for _ in range(scale.rounds + warmups):
        ours, theirs, least = Samples(), Samples(), Samples()
        for _ in range(scale.cases):
            mine = engine.execute(case.start("layer"), actor=official)
            other = engine.execute(StockStart(case.business_key("stock")), actor=official)
            # Interleaved step by step, so that a busy neighbour slows all three alike.
            for task in case.open_tasks(engine.database, mine):
                ours.time(lambda t=task: engine.execute(case.completion(t), actor=official))  # type: ignore[misc]
                their_task = case.next_task(engine.database, other)
                assert their_task is not None
                theirs.time(lambda t=their_task: stock.execute(case.completion(t), actor=official))  # type: ignore[misc]
                least.time(floor.once)
        rounds.append((ours, theirs, least))
    rounds = rounds[warmups:]
    engine.database.dispose()
    return {
        "over_floor": median(mine.cpu_ms / least.cpu_ms for mine, _, least in rounds),
        "stock_over": median(theirs.cpu_ms / mine.cpu_ms for mine, theirs, _ in rounds),
        "cpu_ms": median(mine.cpu_ms for mine, _, _ in rounds),
        "wall_ms": median(mine.wall_ms for mine, _, _ in rounds),
        "floor_cpu_ms": median(least.cpu_ms for _, _, least in rounds),
        "stock_cpu_ms": median(theirs.cpu_ms for _, theirs, _ in rounds),
    }


class _Floor:
    """The least a durable step can do: the state updated under its version, one event inserted, one commit."""

    _UPDATE = (
        sa.update(ProcessInstance.__table__)  # type: ignore[arg-type]
        .where(ProcessInstance.id == sa.bindparam("of"), ProcessInstance.version == sa.bindparam("seen"))
        .values(state=sa.bindparam("state"), version=sa.bindparam("next"))
    )
    _INSERT = sa.insert(HistoryEvent.__table__)  # type: ignore[arg-type]

    def __init__(self, engine: ProcessEngine, official: Actor) -> None:
        self._instance = engine.execute(case.start("floor"), actor=official)
        self._engine = engine.database.engine.execution_options(**WRITER)
        with engine.read() as session:
            row = session.get_one(ProcessInstance, self._instance)
            self._state, self._version = row.state, row.version
            columns = [c.name for c in HistoryEvent.__table__.columns]
            sample = session.scalars(sa.select(HistoryEvent).where(HistoryEvent.stream == self._instance)).first()
            assert sample is not None
            self._event = {name: getattr(sample, name) for name in columns}
        self._seq = 1_000

    def once(self) -> None:
        self._seq += 1
        event_row = {**self._event, "id": new_id(), "seq": self._seq, "at": datetime.now(UTC)}
        with self._engine.begin() as connection:
            connection.execute(
                self._UPDATE,
                {"of": self._instance, "seen": self._version, "state": self._state, "next": self._version + 1},
            )
            connection.execute(self._INSERT, event_row)
        self._version += 1


BENCHMARK = Benchmark("layer", "a completion in the process engine", LINES, run)


# -- statements -------------------------------------------------------------------------


@contextmanager
def counted(database: Database) -> Iterator[tuple[list[str], list[object]]]:
    """Statements and commits of the block, counted where the drivers are asked: not all pass through SQLAlchemy."""
    statements: list[str] = []
    commits: list[object] = []

    class Counting:
        def execute(self, statement: Any, *arguments: Any, **options: Any) -> Any:
            statements.append(str(statement))
            return super().execute(statement, *arguments, **options)  # type: ignore[misc]

        def executemany(self, statement: Any, *arguments: Any, **options: Any) -> Any:
            statements.append(str(statement))
            return super().executemany(statement, *arguments, **options)  # type: ignore[misc]

    class PostgreSQLCursor(Counting, psycopg.Cursor[Any]):  # type: ignore[misc]
        pass

    class SQLiteCursor(Counting, sqlite3.Cursor):
        pass

    class SQLiteConnection(sqlite3.Connection):
        def cursor(self, *_: Any) -> Any:
            return super().cursor(SQLiteCursor)

    def connecting(dialect: sa.Dialect, _record: Any, _arguments: Any, options: dict[str, Any]) -> None:
        kind = {"cursor_factory": PostgreSQLCursor} if dialect.name == "postgresql" else {"factory": SQLiteConnection}
        options.update(kind)

    listeners: list[tuple[str, Any]] = [("do_connect", connecting), ("commit", commits.append)]
    for name, listener in listeners:
        event.listen(database.engine, name, listener)
    try:
        database.engine.dispose()
        database.engine.connect().close()  # what a new connection asks for belongs to no completion
        statements.clear()
        yield statements, commits
    finally:
        for name, listener in listeners:
            event.remove(database.engine, name, listener)
        database.engine.dispose()
        # SQLite's transactions begin with a statement of ours, PostgreSQL's by themselves.
        statements[:] = [statement for statement in statements if not statement.startswith("BEGIN")]


def completions_in_statements(place: Place) -> list[tuple[str, list[str], int]]:
    """(step, its statements, its commits) of every completion of one case, definitions already loaded."""
    engine, official = _system(place)
    case.finish(engine, official, engine.execute(case.start("warm"), actor=official))
    instance = engine.execute(case.start("counted"), actor=official)
    found = []
    for task in case.open_tasks(engine.database, instance):
        with counted(engine.database) as (statements, commits):
            engine.execute(case.completion(task), actor=official)
        found.append((task.element_id, statements, len(commits)))
    engine.database.dispose()
    return found


def run_statements(place: Place, scale: Scale) -> Mapping[str, float]:
    found = completions_in_statements(place)
    return {
        "statements": mean(len(statements) for _, statements, _ in found),
        "commits": mean(commits for _, _, commits in found),
        "statements_most": max(len(statements) for _, statements, _ in found),
    }


STATEMENTS = Benchmark("statements", "statements and commits of a completion", COUNT_LINES, run_statements)


# -- bytes ------------------------------------------------------------------------------


def run_bytes(place: Place, scale: Scale) -> Mapping[str, float]:
    engine, official = _system(place)
    before = _size(engine.database)
    count = scale.rounds * scale.cases
    for _ in range(count):
        case.finish(engine, official, engine.execute(case.start("bytes"), actor=official))
    grown = (_size(engine.database) - before) / count
    with engine.read() as session:
        states = session.scalar(sa.select(sa.func.sum(sa.func.length(ProcessInstance.state)))) or 0
        columns = [sa.func.coalesce(_octets(column), 0) for column in HistoryEvent.__table__.columns]
        streams = sa.select(sa.func.sum(sum(columns[1:], columns[0]))).where(HistoryEvent.stream != "district")
        history = session.scalar(streams) or 0
        cases = session.scalar(sa.select(sa.func.count()).select_from(ProcessInstance))
    assert cases == count
    engine.database.dispose()
    return {
        "state_and_history": (states + history) / count / 1024,
        "state": states / count / 1024,
        "disk": grown / 1024,
    }


def _octets(column: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    """Bytes a value takes: its text, or its fixed width."""
    kind = getattr(column.type, "impl_instance", column.type)
    if isinstance(kind, sa.Uuid):
        return sa.literal(16)
    if isinstance(kind, sa.LargeBinary):
        return sa.func.length(sa.type_coerce(column, sa.LargeBinary))
    if isinstance(kind, sa.String):
        return sa.func.length(sa.cast(column, sa.LargeBinary))
    return sa.literal(8)


def _size(database: Database) -> int:
    """Bytes of the whole database on disk."""
    with database.engine.connect() as connection:
        if database.engine.dialect.name == "postgresql":
            return int(connection.scalar(sa.text("SELECT pg_database_size(current_database())")) or 0)
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar() or 0
        return int(pages) * int(connection.exec_driver_sql("PRAGMA page_size").scalar() or 0)


BYTES = Benchmark("bytes", "what a finished case leaves behind", BYTES_LINES, run_bytes)
