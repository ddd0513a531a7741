"""Files uploaded on the page, on both databases: previewed without a trace, confirmed, imported, resumed."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.errors import Conflict, Forbidden, InvalidInput
from engine.inspection import uscc
from engine.inspection.models import InspectedObject
from engine.inspection.registry_import.uploads import (
    ConfirmImport,
    GiveUpImport,
    KeepUpload,
    is_small,
    preview_upload,
    run_import,
)
from engine.inspection.registry_models import RegistryChange, RegistryImport
from engine.models import HistoryEvent
from engine.process_engine import ProcessEngine

PERSON = Actor("00000000-0000-7000-8000-000000000001", "演示·办公室", "SCJG", frozenset({"SCJG/联席会议办公室"}))
CODES = [uscc.compose("91370105", f"XN{n:06d}") for n in range(20)]


def content(*numbers: int, phone: str = "1") -> bytes:
    lines = (f"{CODES[n]},演示{n},企业,{phone}" for n in numbers)
    return ("统一社会信用代码,检查对象名称,检查对象类型,联系电话\n" + "\n".join(lines)).encode()


def keep(engine: ProcessEngine, body: bytes, **more: Any) -> str:
    found: str = engine.execute(KeepUpload("objects", "对象.csv", body, **more), actor=PERSON)
    preview_upload(engine, {"import_id": found})
    return found


def row(engine: ProcessEngine, import_id: str) -> RegistryImport:
    with engine.read() as session:
        whole = [sa.orm.undefer(RegistryImport.content), sa.orm.undefer(RegistryImport.missing)]
        return session.get_one(RegistryImport, import_id, options=whole)


def count(engine: ProcessEngine, table: Any) -> int:
    with engine.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def imported(engine: ProcessEngine, body: bytes, **more: Any) -> RegistryImport:
    import_id = keep(engine, body, full=more.pop("full", False))
    engine.execute(ConfirmImport(import_id, "月度更新", **more), actor=PERSON)
    run_import(engine, {"import_id": import_id})
    return row(engine, import_id)


def test_a_preview_changes_nothing_and_tells_what_would(engine: ProcessEngine) -> None:
    imported(engine, content(1, 2, 3))
    import_id = keep(engine, content(1, 4, phone="9"))
    found = row(engine, import_id)
    assert found.state == "待确认" and found.preview is not None and is_small(found)
    assert [found.preview[k] for k in ("inserted", "updated", "unchanged", "rejected")] == [1, 1, 0, 0]
    assert found.preview["differences"][0]["changes"] == [["联系电话", "1", "9"]]
    assert count(engine, InspectedObject) == 3 and count(engine, RegistryChange) == 0
    engine.execute(GiveUpImport(import_id), actor=PERSON)
    assert row(engine, import_id).content is None
    with pytest.raises(Conflict):
        engine.execute(ConfirmImport(import_id, "月度更新"), actor=PERSON)


def test_an_import_begun_again_counts_what_was_saved_as_unchanged(engine: ProcessEngine) -> None:
    first = imported(engine, content(1, 2))
    assert (first.state, first.inserted, first.content) == ("已完成", 2, None)
    import_id = keep(engine, content(1, 2, 3, phone="9"))
    engine.execute(ConfirmImport(import_id, "月度更新"), actor=PERSON)
    kept = row(engine, import_id).content
    run_import(engine, {"import_id": import_id})
    with engine.database.write() as session:  # as a crash after the last batch would have left it
        session.execute(
            sa.update(RegistryImport).where(RegistryImport.id == import_id).values(state="导入中", content=kept)
        )
    run_import(engine, {"import_id": import_id})
    again = row(engine, import_id)
    assert (again.state, again.inserted, again.updated, again.unchanged) == ("已完成", 0, 0, 3)
    assert count(engine, RegistryChange) == 2 and count(engine, InspectedObject) == 3
    with engine.read() as session:
        by = set(session.scalars(sa.select(RegistryChange.by_user)))
        assert by == {PERSON.user_id}
        assert "registry-imported" in set(session.scalars(sa.select(HistoryEvent.kind)))


def test_rows_missing_from_a_full_file_are_stopped_only_when_confirmed(engine: ProcessEngine) -> None:
    imported(engine, content(*range(10)))
    left = imported(engine, content(*range(7)), full=True)
    assert (left.stopped, left.state) == (0, "已完成")
    done = imported(engine, content(*range(7)), full=True, stop_missing=True)
    assert done.stopped == 3
    with engine.read() as session:
        stopped = session.scalars(sa.select(InspectedObject.uscc).where(InspectedObject.status == "停用"))
        assert set(stopped) == set(CODES[7:10])
    assert imported(engine, content(*range(7)), full=True, stop_missing=True).stopped == 0


def test_only_those_who_keep_the_registries_may_and_with_a_reason(engine: ProcessEngine) -> None:
    stranger = Actor(PERSON.user_id, "演示·承办", "SCJG", frozenset({"SCJG/承办人"}))
    with pytest.raises(Forbidden):
        engine.execute(KeepUpload("objects", "x.csv", b"a"), actor=stranger)
    with pytest.raises(InvalidInput):
        engine.execute(KeepUpload("accounts", "x.csv", b"a"), actor=PERSON)
    import_id = keep(engine, content(1))
    with pytest.raises(InvalidInput, match="理由"):
        engine.execute(ConfirmImport(import_id, " "), actor=PERSON)
    broken = keep(engine, b"no header here\n1,2,3")
    found = row(engine, broken)
    assert found.state == "失败" and "表头" in found.message and found.content is None
