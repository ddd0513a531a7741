"""Prepared statements answer, convert and fail as SQLAlchemy's own execution does, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
import sqlalchemy.exc

from engine.db import Database, is_postgresql, new_id
from engine.models import HistoryEvent, TaskDraft, UserTask
from engine.prepared import Prepared

DISTRICT = "370105"
NOW = datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=UTC)
TABLE: Any = HistoryEvent.__table__
INSERT = Prepared(sa.insert(TABLE), columns=set(TABLE.columns.keys()) - {"position"})
SELECT = sa.select(HistoryEvent).where(HistoryEvent.stream == sa.bindparam("of")).order_by(HistoryEvent.seq)
UPDATE = Prepared(
    sa.update(TABLE)
    .where(HistoryEvent.stream == sa.bindparam("of"))
    .values(position=sa.bindparam("place"), kind="moved")
)


def event(seq: int, stream: str = "a") -> dict[str, Any]:
    return {
        "id": new_id(), "district_id": DISTRICT, "stream": stream, "seq": seq, "at": NOW, "actor_id": new_id(),
        "actor_name": "张敏", "kind": "made", "body": '{"项":"值"}', "prev_hash": "00" * 32, "hash": "ab" * 32,
    }  # fmt: skip


def rows(connection: sa.Connection, stream: str = "a") -> list[tuple[Any, ...]]:
    return Prepared(SELECT).all(connection, {"of": stream})


def test_what_is_written_and_read_is_what_core_reads(database: Database) -> None:
    given = [event(1), event(2)]
    with database.begin() as connection:
        INSERT.run_each(connection, given)
        INSERT.run_each(connection, [event(3)])
    with database.lookup() as connection:
        found = rows(connection)
        assert found == [tuple(row) for row in connection.execute(SELECT, {"of": "a"})]
        first = Prepared(SELECT).first(connection, {"of": "a"})
        assert first == found[0] and Prepared(SELECT).first(connection, {"of": "none"}) is None
    columns = [column.name for column in TABLE.columns]
    assert {name: value for name, value in zip(columns, found[0], strict=True) if name in given[0]} == given[0]


def test_json_keeps_its_kind(database: Database) -> None:
    draft: Any = TaskDraft.__table__
    key = {"task_id": new_id(), "user_id": new_id()}
    insert = Prepared(sa.insert(draft), columns=draft.columns.keys())
    with database.begin() as connection:
        if is_postgresql(connection):
            connection.exec_driver_sql("SET session_replication_role = replica")  # no task stands behind this draft
        else:
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        values = {"数": 1, "list": [None, True, "x"], "deep": {"a": 1.5}}
        insert.run(connection, {**key, "district_id": DISTRICT, "values": values, "saved_at": NOW})
        found = Prepared(sa.select(TaskDraft.values, TaskDraft.saved_at)).first(connection, {})
        assert found == (values, NOW)
        connection.rollback()


def test_changes_are_counted_and_belong_to_the_transaction(database: Database) -> None:
    with database.begin() as connection:
        INSERT.run_each(connection, [event(1), event(2), event(1, "b")])
    with pytest.raises(RuntimeError), database.begin() as connection:
        assert UPDATE.run(connection, {"of": "a", "place": None}) == 2
        assert UPDATE.run(connection, {"of": "none", "place": None}) == 0
        assert {row[TABLE.columns.keys().index("kind")] for row in rows(connection)} == {"moved"}
        raise RuntimeError
    with database.lookup() as connection:
        assert {row[TABLE.columns.keys().index("kind")] for row in rows(connection)} == {"made"}


def test_a_savepoint_undoes_it(database: Database) -> None:
    with database.begin() as connection:
        INSERT.run(connection, event(1))
        nested = connection.begin_nested()
        INSERT.run(connection, event(2))
        nested.rollback()
        assert len(rows(connection)) == 1


@pytest.mark.parametrize("many", [False, True])
def test_errors_are_those_of_sqlalchemy(database: Database, many: bool) -> None:
    again = [event(1), event(1)] if many else [event(1)]
    with database.begin() as connection:
        INSERT.run(connection, event(1))
    with pytest.raises(sqlalchemy.exc.IntegrityError) as refused, database.begin() as connection:
        INSERT.run_each(connection, again)
    assert "unique" in str(refused.value.orig).lower()
    with database.lookup() as connection:
        assert len(rows(connection)) == 1


@pytest.mark.parametrize(
    ("statement", "columns"),
    [
        (sa.select(UserTask.id).where(UserTask.id.in_(sa.bindparam("ids", expanding=True))), None),
        (sa.insert(UserTask.__table__), ["id"]),  # type: ignore[arg-type]
    ],
    ids=["another text each time", "defaults"],
)
def test_a_statement_that_is_not_always_the_same_is_refused(
    database: Database, statement: Any, columns: list[str] | None
) -> None:
    with pytest.raises(TypeError), database.begin() as connection:
        Prepared(statement, columns).run(connection, {"ids": [new_id()], "id": new_id()})


def test_a_missing_value_is_an_error_of_ours(database: Database) -> None:
    with pytest.raises(KeyError), database.begin() as connection:
        UPDATE.run(connection, {"of": "a"})


def test_a_server_that_went_away_is_an_error_once(new_postgresql_url: Any) -> None:
    database = Database(new_postgresql_url())
    try:
        with pytest.raises(sqlalchemy.exc.OperationalError) as lost, database.begin() as connection:
            own = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
            with database.lookup() as other:
                other.exec_driver_sql(f"SELECT pg_terminate_backend({own})")
            INSERT.run(connection, event(1))
        assert lost.value.connection_invalidated
        with database.begin() as connection:
            INSERT.run(connection, event(1))
        with database.lookup() as connection:
            assert len(rows(connection)) == 1
    finally:
        database.dispose()
