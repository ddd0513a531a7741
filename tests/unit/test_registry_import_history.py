"""What an import leaves behind: its counts, every changed field of every row, and where new rows came from (R16)."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.db import Database
from engine.errors import ServiceTaskFailed
from engine.inspection import uscc
from engine.inspection.models import InspectedObject, Inspector
from engine.inspection.registry_history import history_of
from engine.inspection.registry_import import ImportReport, ahead, import_file, import_registry
from engine.inspection.registry_import.blocks import judge
from engine.inspection.registry_import.columns import OBJECTS
from engine.inspection.registry_import.plain import Layout
from engine.inspection.registry_import.reading import Row, open_sheet
from engine.inspection.registry_import.rows import Surroundings, make_reader, score
from engine.inspection.registry_import.store import TABLES
from engine.inspection.registry_models import RegistryChange, RegistryImport
from engine.models import Department

DISTRICT = "370105"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
HEADER = "统一社会信用代码,检查对象名称,成立日期,标签,许可信息,经度,是否列入经营异常,联系电话"
PERMIT = "食品经营许可证|J1|2026-01-02|2031-01-01|审批局"


def code(number: int) -> str:
    return uscc.compose("91370105", f"XN{number:06d}")


def file_of(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *rows]).encode()


def take(database: Database, content: bytes, kind: str = "objects", reason: str = "月度更新") -> ImportReport:
    actor = Actor(None, "演示·导入人")
    return import_registry(
        database, kind, io.BytesIO(content), now=NOW, district_id=DISTRICT, actor=actor, reason=reason,
        source={"file": "对象.csv", "sha256": "ab"},
    )  # fmt: skip


def test_every_changed_field_is_kept_with_its_old_value_and_new_rows_know_their_import(database: Database) -> None:
    first = take(database, file_of(f"{code(1)},甲,2020-01-02,重点,{PERMIT},117.1,否,1", f"{code(2)},乙,,,,,否,2"))
    rows = (f"{code(1)},甲,2020-01-03,重点、学校周边,,117.2,是,1", f"{code(2)},乙,,,,,否,2", f"{code(3)},丙,,,,,否,")
    second = take(database, file_of(*rows))
    assert (second.inserted, second.updated, second.unchanged) == (1, 1, 1)
    with database.read() as session:
        (change,) = session.scalars(sa.select(RegistryChange)).all()
        permit = {
            "name": "食品经营许可证",
            "number": "J1",
            "issued": "2026-01-02",
            "expires": "2031-01-01",
            "issuer": "审批局",
        }
        assert change.changes == {
            "established_on": ["2020-01-02", "2020-01-03"], "tags": [["重点"], ["重点", "学校周边"]],
            "permits": [[permit], []], "longitude": [117.1, 117.2], "on_abnormal_list": [False, True],
        }  # fmt: skip
        assert (change.key, change.source, change.reference) == (code(1), "import", second.import_id)
        assert (change.reason, change.by_name) == ("月度更新", "演示·导入人")
        origin = dict(session.execute(sa.select(InspectedObject.uscc, InspectedObject.import_id)).tuples().all())
        assert origin == {code(1): first.import_id, code(2): first.import_id, code(3): second.import_id}
        row = session.get_one(RegistryImport, second.import_id)
        assert (row.inserted, row.updated, row.unchanged, row.refused, row.state) == (1, 1, 1, 0, "已完成")
        assert (row.file_name, row.sha256, row.reason, row.by_name) == ("对象.csv", "ab", "月度更新", "演示·导入人")


def test_a_file_with_other_columns_and_the_same_facts_changes_nothing(database: Database) -> None:
    take(database, file_of(f"{code(1)},甲,2020-01-02,重点,{PERMIT},117.1,否,1"))
    narrow = file_of(f"{code(1)},甲,1", header="统一社会信用代码,检查对象名称,联系电话")
    report = take(database, narrow)
    assert (report.updated, report.unchanged) == (0, 1)
    with database.read() as session:
        assert history_of(session, DISTRICT, "objects", code(1)) == []
        assert session.scalars(sa.select(InspectedObject.tags)).one() == ["重点"]


def test_new_columns_of_both_registries_are_read(database: Database) -> None:
    with database.write() as session:
        session.add(Department(district_id=DISTRICT, code="WJJ", name="卫生健康局"))
    header = "统一社会信用代码,检查对象名称,主管监管部门,信用风险等级,风险评定标准"
    report = take(
        database, file_of(f"{code(1)},甲,济南市天桥区卫生健康局,B,省通用A-D", f"{code(2)},乙,林业局,B,", header=header)
    )
    assert (report.inserted, report.rejected) == (1, 1)
    assert "系统中没有这个部门" in report.errors[0].message
    people = "人员编号,姓名,所属部门,执法证号,执法资质,资质有效期,业务专长,综合执法队伍"
    rows = ("W1,甲,WJJ,Z1,食品、药品,食品：2027/6/30；药品:2026-12-31,急救,D01", "W2,乙,WJJ,Z2,食品,食品:某日,,")
    report = take(database, file_of(*rows, header=people), "inspectors")
    assert (report.inserted, report.rejected) == (1, 1)
    with database.read() as session:
        found = session.scalars(sa.select(InspectedObject)).one()
        assert (found.supervisor, found.risk_scheme) == ("WJJ", "省通用A-D")
        person = session.scalars(sa.select(Inspector)).one()
        assert person.qualification_until == {"食品": "2027-06-30", "药品": "2026-12-31"}
        assert (person.specialities, person.team) == (["急救"], "D01")


def test_the_index_places_rows_that_an_import_wrote(database: Database) -> None:
    take(database, file_of(f"{code(1)},甲,,,,,否,1", f"{code(2)},乙,,,,,否,2"))
    with database.read() as session:
        before = dict(session.execute(sa.select(InspectedObject.uscc, InspectedObject.position)).tuples().all())
    take(database, file_of(f"{code(1)},甲一,,,,,否,1", f"{code(2)},乙,,,,,否,2"))
    with database.read() as session:
        after = dict(session.execute(sa.select(InspectedObject.uscc, InspectedObject.position)).tuples().all())
    assert None not in before.values() and after[code(2)] == before[code(2)]
    assert after[code(1)] not in (None, *before.values())


# --- judging by the block ------------------------------------------------------------------------

CELLS = {
    "uscc": [code(1), code(2), "91370105MA3C00000K", "", "370105600123456", " " + code(3) + " "],
    "name": ["济南演示有限公司", "", "名\t称", "长" * 201, " 空白 "],
    "kind": ["企业", "", "  "],
    "established_on": ["2020-01-02", "2020/1/2", "某日", ""],
    "industry": ["F5212", "Z99", ""],
    "region": ["370105001", "370102001", "12", ""],
    "tags": ["甲、乙", "", "甲；甲"],
    "permits": [PERMIT, "|", ""],
    "risk_grade": ["A级", "B", ""],
    "longitude": ["117.1", "12", ""],
    "on_abnormal_list": ["是", "否", "也许", ""],
    "supervisor": ["卫生健康局", "WJJ", "没有的局", ""],
    "status": ["存续", "注销", ""],
}


@pytest.mark.parametrize("seed", range(6))
def test_rows_judged_by_the_block_are_judged_as_one_by_one(seed: int) -> None:
    choose = random.Random(seed)
    columns = [column for column in OBJECTS if column.field in CELLS]
    if seed % 2:
        columns = [column for column in columns if column.field != "kind"]
    around = Surroundings(DISTRICT, {"WJJ": "WJJ", "卫生健康局": "WJJ"})
    reader, _ = make_reader("objects", [column.header for column in columns], around)
    layout = Layout.of("objects", TABLES["objects"], reader.fields())

    def cells() -> list[str]:
        usual = choose.random() < 0.6
        return [CELLS[c.field][0] if usual else choose.choice(CELLS[c.field]) for c in columns]

    rows: list[Row] = [(n, cells(), "") for n in range(2, 300)]
    rows[7] = (9, ["只有一列"], "有 1 列")
    block = judge(reader, layout, rows)
    alone = [judge(reader, layout, [row]) for row in rows]
    expected = [(line, plain) for one in alone for line, plain in zip(one.lines, one.rows, strict=True)]
    by_reader = []
    for line, text, problem in rows:
        record = None if problem else reader.read(line, text)
        if record is not None:
            by_reader.append((line, layout.plain(record)))
    assert list(zip(block.lines, block.rows, strict=True)) == expected == by_reader
    assert sorted(block.problems, key=lambda p: p.line) == [p for one in alone for p in one.problems]


def test_codes_are_plausible_exactly_when_nothing_is_doubtful() -> None:
    choose = random.Random(1)
    good = [code(n) for n in range(200)]
    bent = [c[:i] + choose.choice("0123456789ABCXIOZ") + c[i + 1 :] for c in good for i in (choose.randrange(18),)]
    for text in [*good, *bent]:
        assert uscc.plausible(text) == (uscc.doubts(text) == []), text
    assert not uscc.plausible("91370105") and not uscc.plausible("统" * 18)


def test_a_second_process_judges_a_large_file_the_same_way(
    new_sqlite_url: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "对象.csv"
    rows = [[code(n), f"演示{n}", "企业", "370105001" if n % 7 else "坏", ""] for n in range(1500)] + [
        [code(5), "重复", "企业", "", ""]
    ]
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(
            [["统一社会信用代码", "检查对象名称", "检查对象类型", "行政区划代码", "主管监管部门"], *rows]
        )
    results = []
    for size in (10**9, 1):
        monkeypatch.setattr(ahead, "LARGE", size)
        database = Database(new_sqlite_url())
        report = import_file(database, "objects", path, NOW, DISTRICT, error_path=tmp_path / f"{size}.csv")
        with database.read() as session:
            stored = session.execute(
                sa.select(InspectedObject.uscc, InspectedObject.name, InspectedObject.row_digest)
            ).all()
        results.append(
            (
                {**report.as_dict(), "error_file": ""},
                sorted(map(tuple, stored)),
                (tmp_path / f"{size}.csv").read_text("utf-8-sig"),
            )
        )
        database.dispose()
    assert results[0] == results[1]
    assert results[0][0]["rejected"] == 215 + 1


def test_a_reading_process_that_dies_is_said_and_what_was_saved_stands(tmp_path: Path) -> None:
    with (tmp_path / "gone.csv").open("wb") as sink:
        sink.write(file_of(f"{code(1)},甲,,,,,否,1"))
    sheet = open_sheet(io.BytesIO(file_of(f"{code(1)},甲,,,,,否,1")), score("objects"))
    reader, _ = make_reader("objects", sheet.header, Surroundings(DISTRICT, {}))
    layout = Layout.of("objects", TABLES["objects"], reader.fields())
    (tmp_path / "gone.csv").unlink()
    with pytest.raises(ServiceTaskFailed, match="重新导入同一文件"):
        list(ahead.blocks_ahead(tmp_path / "gone.csv", reader, layout))
