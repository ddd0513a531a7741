"""``lianjian verify-draw --share`` and what ``lianjian bench draw`` measures."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from engine.cli import cli
from engine.cli.bench import _text
from engine.errors import InvalidInput
from engine.inspection import draw_bench, draw_record
from engine.inspection.escrow import split
from tests.support.draw_records import sample


def shares(folder: Path, key: str, manifest: dict) -> list[Path]:
    paths = []
    for position, share in enumerate(split(bytes.fromhex(key), 3, 2), start=1):
        data = {
            "kind": "key-share", "draw_id": manifest["draw_id"], "holder": f"D{position}", "position": position,
            "count": 3, "threshold": 2, "share": share.hex(), "key_sha256": manifest["key_sha256"],
        }  # fmt: skip
        paths.append(folder / f"share-{position}.json")
        paths[-1].write_text(json.dumps(data), "utf-8")
    return paths


def test_an_auditor_verifies_a_record_without_its_key_from_the_holders_shares(tmp_path: Path) -> None:
    made = sample(3)
    withheld = {**made.files, "result.json": made.files["result.json"].replace(made.key, "")}
    (tmp_path / "record.zip").write_bytes(draw_record.zip_record(withheld))
    first, second, third = shares(tmp_path, made.key, json.loads(made.files["manifest.json"]))
    run = CliRunner()

    def verify(*given: Path) -> tuple[int, dict]:
        options = [word for path in given for word in ("--share", str(path))]
        done = run.invoke(cli, ["verify-draw", "--json", *options, str(tmp_path / "record.zip")], standalone_mode=False)
        assert done.exception is None, done.exception
        return done.return_value, json.loads(done.output)

    code, report = verify()
    assert code == 4 and "key" in [c["code"] for c in report["checks"] if not c["ok"]]
    for pair in ((first, second), (third, first)):
        code, report = verify(*pair)
        assert code == 0 and report["ok"]
    done = run.invoke(cli, ["verify-draw", "--share", str(first), str(tmp_path / "record.zip")], standalone_mode=False)
    assert isinstance(done.exception, InvalidInput) and "至少需要 2 份" in done.exception.message


def test_the_draw_is_measured_in_every_hash_and_mode_and_told_in_words(tmp_path: Path) -> None:
    path = tmp_path / "list.sqlite"
    draw_bench.make_list(path, 1000)
    rows = [draw_bench.measure_objects(path, 1000, *variant) for variant in draw_bench.VARIANTS]
    for row in rows:
        assert row["objects"] == 1000 and row["drawn"] == 50 and row["strata"] == 20
        assert set(row["reading"]) == set(row["tickets_and_selection"]) == {"wall", "cpu"}
    assert len({row["merkle"] for row in rows}) == 3  # without a salt the two hashes agree
    staffed = draw_bench.measure_assignment(1500, 500)
    assert staffed["load"]["most"] - staffed["load"]["least"] <= 4
    said = _text({"draws": rows, "assignments": [staffed]})
    assert "1,000 户 sha256 open" in said and "1,500 个任务 500 人" in said
