"""Both verifiers, the program's and the browser's, accept honest records and refuse every forgery."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from engine.inspection import draw_record
from engine.inspection.draw_verify import verify
from tests.support.browser_verifier import in_the_browsers_program
from tests.support.draw_records import LOG_KEY, sample
from tests.support.draw_tampering import TAMPERINGS, honest


@cache
def forged() -> tuple[dict[str, draw_record.Files], dict[str, dict[str, Any]]]:
    records = {name: tamper(honest()) for name, tamper in TAMPERINGS.items()}
    return records, dict(zip(records, in_the_browsers_program(list(records.values())), strict=True))


def test_there_are_enough_ways_to_cheat():
    assert len(TAMPERINGS) >= 30


def test_the_honest_record_is_accepted_by_both():
    files = honest().files
    assert verify(files).ok, verify(files).text()
    (report,) = in_the_browsers_program([files])
    assert report["ok"], [c for c in report["checks"] if not c["ok"]]
    said = {check.code: check.explanation for check in verify(files).checks}
    theirs = {check["code"]: check["explanation"] for check in report["checks"]}
    for code in ("manifest", "log-signature"):  # what citizens read, in their words, and the same in both
        assert said[code] == theirs[code]
    assert "SHA-256 摘要，受保护抽取" in said["manifest"] and "日志于北京时间 2026年" in said["log-signature"]


@pytest.mark.parametrize("name", TAMPERINGS)
def test_a_forgery_is_refused_by_both(name: str):
    records, reports = forged()
    assert records[name] != honest().files
    ours = verify(records[name])
    assert not ours.ok, ours.text()
    assert not reports[name]["ok"]
    assert next(c for c in reports[name]["checks"] if not c["ok"])["explanation"]


def test_an_addition_that_is_committed_and_not_drawn_yet_is_noted_by_both():
    made = honest()
    own = made.files["addition-0001.json"].split('"draw_id": "')[1].split('"')[0]
    made.leaves = [leaf for leaf in made.leaves if not (leaf.startswith("change") and "\t3\t" in leaf)]
    made.leaves = [leaf for leaf in made.leaves if not (leaf.startswith(("result", "witness")) and own in leaf)]
    del made.files["change-0003.json"]
    made.write_log()
    ours = verify(made.files)
    (theirs,) = in_the_browsers_program([made.files])
    assert ours.ok and theirs["ok"], (ours.text(), theirs)
    assert ours.notes == theirs["notes"] and f"补充名单 {own} 已经封存，尚未抽取。" in ours.notes


def test_both_agree_on_two_hundred_random_records():
    records = [
        sample(
            number,
            objects=40 + number,
            mode="open" if number % 3 == 0 else "sealed",
            hash_name="sm3" if number % 4 == 0 else "sha256",
            rounding=("ceil", "hamilton", "systematic")[number % 3],
            changes=number % 5 == 0,
            grouped=number % 7 in (1, 4, 5),
            addition=number % 5 in (0, 2),
            serial=1 + number % 3,
        ).files
        for number in range(200)
    ]
    theirs = in_the_browsers_program(records)
    for number, (files, report) in enumerate(zip(records, theirs, strict=True)):
        ours = verify(files)
        assert ours.ok and report["ok"], (number, ours.text(), report)
        assert [c.code for c in ours.checks] == [c["code"] for c in report["checks"]]
        assert (ours.level, ours.draw_id) == (report["level"], report["draw_id"])


def test_another_logs_signature_is_refused_when_the_reader_knows_the_key():
    from engine.inspection.draw_log import public_key_hex

    files = honest().files
    assert verify(files, log_key=public_key_hex(LOG_KEY)).ok
    assert not verify(files, log_key="00" * 32).ok


def test_a_record_survives_the_way_through_folder_and_zip(tmp_path: Path):
    files = honest().files
    draw_record.write_record(files, tmp_path / "folder")
    (tmp_path / "record.zip").write_bytes(draw_record.zip_record(files))
    assert draw_record.read_record(tmp_path / "folder") == files
    assert draw_record.read_record(tmp_path / "record.zip") == files
    assert draw_record.zip_record(files) == draw_record.zip_record(dict(reversed(files.items())))
    assert verify(tmp_path / "record.zip").ok and verify(tmp_path / "folder").ok


def test_what_is_no_record_is_refused_in_words(tmp_path: Path):
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 nothing")
    (tmp_path / "letter.txt").write_text("not a record", "utf-8")
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe")
    for name in ("broken.zip", "letter.txt", "bytes.json", "missing"):
        report = verify(tmp_path / name)
        assert not report.ok and report.checks[0].explanation
