"""The public log of draws: its lines, its key, its signed heads, and that it only ever grows."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine import merkle
from engine.db import Database
from engine.inspection import draw_log, draw_register
from engine.inspection.draw_record import RecordUnreadable
from engine.settings import Settings

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def test_typed_reasons_cannot_forge_another_line_or_field():
    leaf = draw_log.leaf_text("annul", "CN-1", "错误\n范围\tcommit", "2026-03-02")
    assert leaf == "annul\tCN-1\t错误 范围 commit\t2026-03-02"
    assert draw_log.parse_leaf(leaf)[2] == "错误 范围 commit"
    with pytest.raises(ValueError):
        draw_log.leaf_text("annul", "CN-1", "理由")
    for broken in ("annul\tCN-1", "unknown\ta\tb\tc", ""):
        with pytest.raises(RecordUnreadable):
            draw_log.parse_leaf(broken)


def test_the_key_is_made_once_and_belongs_to_its_owner_alone(tmp_path: Path):
    with ThreadPoolExecutor(4) as threads:
        folders = [tmp_path / "data"] * 8
        made = {draw_log.public_key_hex(key) for key in threads.map(draw_log.log_key, folders)}
    assert len(made) == 1
    mode = stat.S_IMODE((tmp_path / "data" / "draw-log.key").stat().st_mode)
    assert mode == 0o600
    assert [p.name for p in (tmp_path / "data").iterdir()] == ["draw-log.key"]


def test_a_signed_head_holds_and_any_change_of_it_does_not(tmp_path: Path):
    key = draw_log.log_key(tmp_path)
    head = draw_log.signed_head("370105", 3, b"\x01" * 32, "2026-03-02", key)
    assert draw_log.head_is_signed(head)
    assert draw_log.parse_head(head) == ("370105", 3, "01" * 32, "2026-03-02")
    assert not draw_log.head_is_signed({**head, "text": head["text"].replace("\t3\t", "\t4\t")})
    assert not draw_log.head_is_signed({**head, "public_key": "00" * 32})
    assert not draw_log.head_is_signed({**head, "signature": "zz"})
    assert not draw_log.head_is_signed({})


def test_the_log_grows_by_index_and_proves_that_its_past_is_unchanged(database: Database, tmp_path: Path):
    settings = Settings(data_dir=tmp_path)
    with database.write() as session:
        for number in range(1, 6):
            draw_id = f"CN-370105-SCJG-2026-{number:04d}"
            entry = draw_register.append(session, "370105", NOW, "abort", draw_id, "演练", "2026-03-02")
            assert entry.index == number - 1
    with database.read() as session:
        early = draw_register.leaves(session, "370105")
    with database.write() as session:
        draw_register.append(session, "370105", NOW, "annul", "CN-370105-SCJG-2026-0005", "范围有误", "2026-03-02")
    with database.read() as session:
        assert draw_register.leaves(session, "370105")[:5] == early
        proof = draw_register.consistency(session, "370105", 5)
        path = [bytes.fromhex(step) for step in proof["path"]]
        old, new = draw_log.tree_of(early).root(), bytes.fromhex(proof["root"])
        assert merkle.verify_consistency(5, proof["size"], old, new, path)
        head = draw_register.signed_head(session, settings, NOW)
        assert draw_log.parse_head(head)[1:3] == (6, proof["root"])
