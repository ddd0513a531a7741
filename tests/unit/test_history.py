"""The history chain detects what a database's keeper could do to it."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.db import Database
from engine.errors import InvalidInput
from engine.history import GENESIS, Chain, event_hash, export_root, seal, verify
from engine.models import HistoryEvent
from tests.conftest import Clock

DISTRICT = "370105"


@pytest.fixture
def root(database: Database, clock: Clock) -> dict[str, Any]:
    """Three streams of four events each, and their exported root."""
    with database.write() as session:
        chain = Chain(session, DISTRICT)
        for n in range(4):
            for stream in ("a", "b", "district"):
                chain.append(stream, "task-completed", {"n": n, "意见": "同意"}, actor=Actor.system(), now=clock.now)
            clock.advance(minutes=1)
    with database.write() as session:
        return export_root(session, DISTRICT, clock.now)


def problems(database: Database, root: dict[str, Any] | None) -> list[str]:
    with database.read() as session:
        return verify(session, DISTRICT, root).problems


def change(database: Database, statement: Any) -> None:
    with database.write() as session:
        session.execute(statement)


def recompute(database: Database, stream: str) -> None:
    """What a clever forger does: make every later hash of the stream fit again."""
    with database.write() as session:
        prev = GENESIS
        for seq, row in enumerate(
            session.scalars(sa.select(HistoryEvent).where(HistoryEvent.stream == stream).order_by(HistoryEvent.seq)), 1
        ):
            row.seq = seq
            row.prev_hash = prev
            row.hash = prev = event_hash(
                DISTRICT, stream, seq, row.at, row.actor_id, row.actor_name, row.kind, row.body, prev
            )


def renumber(database: Database) -> None:
    with database.write() as session:
        for n, row in enumerate(
            session.scalars(sa.select(HistoryEvent).order_by(HistoryEvent.position, HistoryEvent.id))
        ):
            row.position = n


def test_an_untouched_history_is_sound_and_may_grow(database: Database, clock: Clock, root: dict[str, Any]) -> None:
    assert root["size"] == 12
    assert problems(database, root) == []
    with database.write() as session:
        Chain(session, DISTRICT).append("a", "more", {}, actor=Actor.system(), now=clock.now)
        seal(session, DISTRICT)
    assert problems(database, root) == []


def test_a_changed_event_is_found_without_the_root(database: Database, root: dict[str, Any]) -> None:
    change(database, sa.update(HistoryEvent).where(HistoryEvent.stream == "a", HistoryEvent.seq == 2).values(body="{}"))
    found = problems(database, None)
    assert any("流 a 第 2 条：内容与哈希不符" in p for p in found)


def test_a_changed_event_is_found_even_when_later_hashes_were_recomputed(
    database: Database, root: dict[str, Any]
) -> None:
    change(database, sa.update(HistoryEvent).where(HistoryEvent.stream == "a", HistoryEvent.seq == 2).values(body="{}"))
    recompute(database, "a")
    assert problems(database, None) == []
    assert any("根与" in p for p in problems(database, root))


def test_a_deleted_event_is_found_even_when_everything_was_recomputed(database: Database, root: dict[str, Any]) -> None:
    change(database, sa.delete(HistoryEvent).where(HistoryEvent.stream == "b", HistoryEvent.seq == 2))
    assert any("缺少记录" in p for p in problems(database, None))
    recompute(database, "b")
    renumber(database)
    assert any("根与" in p for p in problems(database, root))


def test_an_inserted_event_is_found_even_when_everything_was_recomputed(
    database: Database, clock: Clock, root: dict[str, Any]
) -> None:
    change(
        database,
        sa.update(HistoryEvent).where(HistoryEvent.stream == "b", HistoryEvent.seq == 4).values(seq=5),
    )
    change(
        database,
        sa.insert(HistoryEvent).values(
            id=hashlib.md5(b"x").hexdigest(), district_id=DISTRICT, stream="b", seq=4, at=clock.now, actor_name="",
            kind="forged", body="{}", prev_hash="", hash="",
        ),
    )  # fmt: skip
    recompute(database, "b")
    with database.write() as session:
        session.execute(sa.update(HistoryEvent).where(HistoryEvent.kind == "forged").values(position=12))
    assert any("根与" in p for p in problems(database, root))


def test_a_cut_tail_is_found(database: Database, root: dict[str, Any]) -> None:
    change(database, sa.delete(HistoryEvent).where(HistoryEvent.position >= 9))
    assert any("导出时有 12 条" in p for p in problems(database, root))


def test_a_removed_instance_is_found_even_when_positions_were_renumbered(
    database: Database, root: dict[str, Any]
) -> None:
    change(database, sa.delete(HistoryEvent).where(HistoryEvent.stream == "b"))
    renumber(database)
    assert problems(database, None) == []
    assert any("导出时有 12 条" in p for p in problems(database, root))


def test_a_changed_name_or_time_breaks_the_link(database: Database, root: dict[str, Any]) -> None:
    change(
        database,
        sa.update(HistoryEvent).where(HistoryEvent.stream == "a", HistoryEvent.seq == 1).values(actor_name="x"),
    )
    assert any("流 a 第 1 条" in p for p in problems(database, None))


def test_another_districts_root_is_refused(database: Database, root: dict[str, Any]) -> None:
    with database.read() as session, pytest.raises(InvalidInput):
        verify(session, "370102", root)


def test_the_export_is_plain_json(root: dict[str, Any]) -> None:
    assert orjson.loads(orjson.dumps(root)) == root
