"""Importing registries into real databases: good rows stand, bad rows are explained (issue: real input)."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from engine.db import Database
from engine.errors import InvalidInput, NotFound
from engine.inspection import uscc
from engine.inspection.models import InspectedObject, Inspector, Item
from engine.inspection.registry_import import ImportReport, blocks, import_file, import_registry
from engine.models import Department

DISTRICT = "370105"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
HEADER = ["统一社会信用代码", "检查对象名称", "检查对象类型", "成立日期", "行政区划代码", "行业代码", "联系电话"]


def code(number: int) -> str:
    return uscc.compose("91370105", f"XN{number:06d}")


def row(number: int, **changes: str) -> list[str]:
    values = dict(
        zip(
            HEADER,
            [code(number), f"济南演示{number}有限公司", "企业", "2020-01-02", "370105001", "F5212", "1"],
            strict=True,
        )
    )
    return list((values | changes).values())


def csv_bytes(*rows: list[str], header: list[str] = HEADER, encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([header, *rows])
    return text.getvalue().encode(encoding)


def run(
    database: Database, content: bytes, kind: str = "objects", now: datetime = NOW
) -> tuple[ImportReport, list[dict[str, str]]]:
    """Import and return the report with the rows of the error file."""
    errors = io.StringIO()
    report = import_registry(database, kind, io.BytesIO(content), now=now, district_id=DISTRICT, error_file=errors)
    return report, list(csv.DictReader(io.StringIO(errors.getvalue())))


def counts(report: ImportReport) -> tuple[int, int, int, int, int]:
    return report.total, report.inserted, report.updated, report.unchanged, report.rejected


def stored(database: Database) -> dict[str, InspectedObject]:
    with database.read() as session:
        found = {entry.uscc: entry for entry in session.scalars(sa.select(InspectedObject))}
        session.expunge_all()
    return found


@pytest.fixture
def departments(database: Database) -> Database:
    with database.write() as session:
        for place, name in (("SCJG", "市场监督管理局"), ("GAJ", "公安分局")):
            session.add(Department(district_id=DISTRICT, code=place, name=name))
    return database


def test_good_rows_stand_and_every_bad_row_is_reported_with_its_remedy(database: Database) -> None:
    report, errors = run(
        database,
        csv_bytes(
            row(1),
            row(2, 统一社会信用代码=""),
            row(3, 成立日期="2020-13-01", 行业代码="Z99"),
            row(4),
            row(5, 统一社会信用代码="370105600001234"),
        ),
    )
    assert counts(report) == (5, 2, 0, 0, 3)
    assert set(stored(database)) == {code(1), code(4)}
    assert [(e["行号"], e["字段"], e["原值"]) for e in errors] == [
        ("3", "统一社会信用代码", ""),
        ("4", "成立日期", "2020-13-01"),
        ("4", "行业代码", "Z99"),
        ("6", "统一社会信用代码", "370105600001234"),
    ]
    assert all(e["级别"] == "拒绝" and e["问题"] and e["处理办法"] for e in errors)
    assert "15位注册号" in errors[3]["问题"]


def test_a_second_run_changes_nothing_and_a_changed_row_changes_only_itself(database: Database) -> None:
    first = csv_bytes(row(1), row(2))
    run(database, first)
    before = stored(database)
    report, errors = run(database, first, now=NOW + timedelta(days=1))
    assert counts(report) == (2, 0, 0, 2, 0)
    assert errors == []
    later = NOW + timedelta(days=2)
    report, _ = run(database, csv_bytes(row(1), row(2, 联系电话="2"), row(3)), now=later)
    assert counts(report) == (3, 1, 1, 1, 0)
    after = stored(database)
    assert after[code(1)].updated_at == before[code(1)].updated_at == NOW
    assert (after[code(2)].id, after[code(2)].created_at) == (before[code(2)].id, NOW)
    assert (after[code(2)].phone, after[code(2)].updated_at) == ("2", later)


@pytest.mark.parametrize(
    ("encoding", "shown"), [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("gb18030", "gb18030"), ("utf-16", "utf-16")]
)
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|", "，"])
def test_encoding_and_delimiter_are_found(
    new_sqlite_url: Callable[[], str], encoding: str, shown: str, delimiter: str
) -> None:
    database = Database(new_sqlite_url())
    report, _ = run(
        database, csv_bytes(row(1, 检查对象名称="济南𠮷祥商贸有限公司"), encoding=encoding, delimiter=delimiter)
    )
    assert counts(report) == (1, 1, 0, 0, 0)
    assert report.encoding == shown
    assert stored(database)[code(1)].name == "济南𠮷祥商贸有限公司"
    database.dispose()


def test_a_failing_check_character_flags_the_firm_instead_of_dropping_it(database: Database) -> None:
    wrong = code(1)[:17] + ("0" if code(1)[17] != "0" else "1")
    report, errors = run(database, csv_bytes(row(1, 统一社会信用代码=wrong), row(2, 行政区划代码="370102001")))
    assert (report.rejected, report.to_verify) == (0, 2)
    found = stored(database)
    assert found[wrong].to_verify == "统一社会信用代码校验码不符"
    assert "370102001" in found[code(2)].to_verify
    assert {e["级别"] for e in errors} == {"待核"}


def test_a_corrected_code_row_loses_its_flag(database: Database) -> None:
    run(database, csv_bytes(row(1, 行政区划代码="370102001")))
    report, _ = run(database, csv_bytes(row(1)))
    assert counts(report) == (1, 0, 1, 0, 0)
    assert stored(database)[code(1)].to_verify == ""


def test_duplicates_within_the_file_are_reported_and_the_first_stands(database: Database) -> None:
    report, errors = run(database, csv_bytes(row(1), row(2), row(1, 检查对象名称="济南另一名称有限公司")))
    assert counts(report) == (3, 2, 0, 0, 1)
    assert stored(database)[code(1)].name == "济南演示1有限公司"
    assert (errors[0]["行号"], errors[0]["问题"]) == ("4", "与第 2 行重复")


def test_aliases_stars_brackets_and_a_title_above_the_header_are_understood(database: Database) -> None:
    header = ["*统一 社会信用代码", "企业名称*", "主体类型", "住所（经营场所）", "法定代表人（负责人）", "年营业额"]
    content = "天桥区检查对象名录库,,,,,\n填报说明：星号为必填,,,,,\n".encode()
    content += csv_bytes([code(1), "济南演示有限公司", "企业", "堤口路1号", "张某甲", "7"], header=header)
    report, errors = run(database, content)
    assert counts(report) == (1, 1, 0, 0, 0), errors
    assert report.ignored_columns == ["年营业额"]
    found = stored(database)[code(1)]
    assert (found.address, found.legal_representative, found.status) == ("堤口路1号", "张某甲", "存续")


def test_line_numbers_are_those_an_editor_shows(database: Database) -> None:
    content = "名录,,,,,,\n".encode() + csv_bytes(row(1, 检查对象名称="济南\n演示"), [], row(2, 成立日期="某日"))
    report, errors = run(database, content)
    assert (report.total, errors[0]["行号"]) == (2, "6")
    assert stored(database)[code(1)].name == "济南 演示"


def test_columns_a_file_lacks_keep_their_values(database: Database) -> None:
    run(database, csv_bytes(row(1)))
    report, _ = run(database, csv_bytes([code(1), "济南新名称有限公司"], header=HEADER[:2]))
    assert report.updated == 1
    found = stored(database)[code(1)]
    assert (found.name, found.phone, found.established_on) == ("济南新名称有限公司", "1", date(2020, 1, 2))


def test_the_kind_of_an_object_follows_from_its_code_when_blank(database: Database) -> None:
    sole, unknown = uscc.compose("92370105", "XN000001"), uscc.compose("Y1370105", "XN000002")
    report, errors = run(
        database,
        csv_bytes(row(1, 统一社会信用代码=sole, 检查对象类型=""), row(2, 统一社会信用代码=unknown, 检查对象类型="")),
    )
    assert report.rejected == 1
    assert errors[0]["字段"] == "检查对象类型"
    assert stored(database)[sole].kind == "个体工商户"


def test_lists_permits_and_coordinates_are_read(database: Database) -> None:
    header = ["统一社会信用代码", "名称", "标签", "许可信息", "经度", "纬度", "信用风险等级", "是否列入经营异常"]
    permits = "食品经营许可证|JY1|2024/1/2|长期|天桥区; 卫生许可证"
    report, errors = run(
        database,
        csv_bytes(
            [code(1), "甲", "重点、重点、夜市", permits, "116.98", "36.7", "b级", "是"],
            [code(2), "乙", "", "|1", "36.7", "116.98", "", "也许"],
            header=header,
        ),
    )
    found = stored(database)[code(1)]
    assert found.tags == ["重点", "夜市"]
    assert found.permits == [
        {"name": "食品经营许可证", "number": "JY1", "issued": "2024-01-02", "expires": "", "issuer": "天桥区"},
        {"name": "卫生许可证", "number": "", "issued": "", "expires": "", "issuer": ""},
    ]
    assert (found.longitude, found.risk_grade, found.on_abnormal_list) == (116.98, "B", True)
    assert [e["字段"] for e in errors] == ["许可信息", "经度", "纬度", "是否列入经营异常"]
    assert report.rejected == 1


def test_an_import_in_a_session_belongs_to_the_callers_transaction(database: Database) -> None:
    with pytest.raises(RuntimeError), database.write() as session:
        report = import_registry(session, "objects", io.BytesIO(csv_bytes(row(1))), now=NOW, district_id=DISTRICT)
        assert report.inserted == 1
        raise RuntimeError
    assert stored(database) == {}


def test_the_same_firm_in_another_district_is_another_row(database: Database) -> None:
    run(database, csv_bytes(row(1)))
    content = io.BytesIO(csv_bytes(row(1, 行政区划代码="370102001")))
    report = import_registry(database, "objects", content, now=NOW, district_id="370102")
    assert (report.inserted, report.to_verify) == (1, 0)


def test_more_rows_than_a_batch_are_all_saved_and_progress_is_told(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 500)
    told: list[tuple[int, int]] = []
    content = csv_bytes(*(row(i) for i in range(530)), row(7))
    report = import_registry(
        database, "objects", io.BytesIO(content), now=NOW, district_id=DISTRICT,
        progress=lambda done, total: told.append((done, total)),
    )  # fmt: skip
    assert counts(report) == (531, 530, 0, 0, 1)
    assert told[0] == (500, 531)
    assert told[-1] == (531, 531)


def test_a_pipe_can_be_imported(database: Database) -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as sink:
        sink.write(csv_bytes(row(1)))
    with os.fdopen(reading, "rb") as stream:
        assert import_registry(database, "objects", stream, now=NOW, district_id=DISTRICT).inserted == 1


# --- whole files that cannot be read ---


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "空的"),
        (b" \r\n ", "空的"),
        (b"\x00\x01\x02\xff" * 100, "表头"),
        ("甲,乙,丙\n1,2,3\n".encode(), "表头"),
        ("检查对象名称,地址\n甲,乙\n".encode(), "统一社会信用代码"),
        (b"PK\x03\x04 not a workbook", "无法打开"),
    ],
)
def test_an_unreadable_file_is_refused_whole(new_sqlite_url: Callable[[], str], content: bytes, words: str) -> None:
    database = Database(new_sqlite_url())
    with pytest.raises(InvalidInput, match=words):
        run(database, content)
    database.dispose()


def test_an_unknown_registry_is_refused(database: Database) -> None:
    with pytest.raises(InvalidInput, match="objects、inspectors、items"):
        run(database, csv_bytes(row(1)), "people")


# --- import_file ---


def test_import_file_writes_the_error_list_beside_the_file_only_when_needed(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "objects.csv"
    path.write_bytes(csv_bytes(row(1)))
    assert import_file(database, "objects", path, NOW, DISTRICT).error_file == ""
    assert list(tmp_path.glob("*errors*")) == []
    path.write_bytes(csv_bytes(row(2, 成立日期="=HYPERLINK(1)")))
    report = import_file(database, "objects", path, NOW, DISTRICT)
    assert report.error_file == str(tmp_path / "objects-errors.csv")
    text = (tmp_path / "objects-errors.csv").read_bytes()
    assert text.startswith(b"\xef\xbb\xbf"), "spreadsheets need the mark to read Chinese"
    assert "'=HYPERLINK(1)" in text.decode("utf-8-sig"), "a cell must not become a formula"
    assert report.as_dict()["errors"][0]["field"] == "成立日期"


def test_import_file_names_a_missing_file(database: Database, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"nowhere\.csv"):
        import_file(database, "objects", tmp_path / "nowhere.csv", NOW, DISTRICT)


# --- inspectors and items ---

INSPECTOR_HEADER = [
    "人员编号",
    "姓名",
    "所属部门",
    "负责片区",
    "执法证号",
    "证件有效期至",
    "对应抽查事项",
    "是否专家",
    "身份证号",
]


def test_inspectors_join_their_department_by_name_and_uncertified_staff_are_never_drawable(
    departments: Database,
) -> None:
    report, errors = run(
        departments,
        csv_bytes(
            [
                "SCJG-001",
                "甲",
                "济南市天桥区市场监督管理局",
                "370105001；370105003",
                "15001",
                "2030-01-01",
                "",
                "否",
                "x",
            ],
            ["SCJG-002", "乙", "scjg", "", "", "", "SCJG-009", "", ""],
            ["SCJG-003", "丙", "公安分局", "", "15003", "", "", "是", ""],
            ["SCJG-004", "丁", "文物局", "370102001", "15004", "", "", "", ""],
            ["370105199001011234", "戊", "公安分局", "", "15005", "", "", "", ""],
            header=INSPECTOR_HEADER,
        ),
        "inspectors",
    )
    assert counts(report) == (5, 3, 0, 0, 2)
    assert report.ignored_columns == ["身份证号"]
    with departments.read() as session:
        found = {entry.code: entry for entry in session.scalars(sa.select(Inspector))}
        assert {key: (entry.department, entry.drawable) for key, entry in found.items()} == {
            "SCJG-001": ("SCJG", True),
            "SCJG-002": ("SCJG", False),
            "SCJG-003": ("GAJ", False),
        }
        assert found["SCJG-001"].regions == ["370105001", "370105003"]
    assert [(e["行号"], e["级别"], e["字段"]) for e in errors] == [
        ("3", "提示", "对应抽查事项"),
        ("3", "提示", "执法证号"),
        ("5", "拒绝", "所属部门"),
        ("5", "拒绝", "负责片区"),
        ("6", "拒绝", "人员编号"),
    ]
    assert "GAJ、SCJG" in errors[2]["处理办法"]
    assert "身份证号" in errors[4]["问题"]


def test_importing_inspectors_again_keeps_the_account_link(departments: Database) -> None:
    content = csv_bytes(["SCJG-001", "甲", "SCJG", "", "1", "", "", "", ""], header=INSPECTOR_HEADER)
    run(departments, content, "inspectors")
    account = "0192f0c1-2d3e-7abc-8def-0123456789ab"
    with departments.write() as session:
        session.scalars(sa.select(Inspector)).one().user_id = account
    run(departments, content.replace("甲".encode(), "乙".encode()), "inspectors")
    with departments.read() as session:
        found = session.scalars(sa.select(Inspector)).one()
        assert (found.name, found.user_id) == ("乙", account)


ITEM_HEADER = [
    "事项编码", "责任部门", "抽查类别", "抽查事项", "事项性质", "检查依据", "检查内容", "检查流程", "审批权限",
    "公示程序", "归档方式", "抽查比例", "适用行业",
]  # fmt: skip


def item(number: str, **changes: str) -> list[str]:
    values = [
        number,
        "SCJG",
        "登记",
        f"事项{number}",
        "重点检查事项",
        "《某法》第一条",
        "内容",
        "流程",
        "权限",
        "公示",
        "归档",
        "0.5%",
        "H62、F",
    ]
    return list((dict(zip(ITEM_HEADER, values, strict=True)) | changes).values())


def test_items_state_everything_r23_asks_for_or_stay_unpublished(departments: Database) -> None:
    report, errors = run(
        departments,
        csv_bytes(
            item("1"),
            item("2", 检查流程="", 归档方式=""),
            item("3", 检查依据=""),
            item("4", 抽查比例="120%"),
            item("5", 抽查比例="3", 事项性质="一般"),
            header=ITEM_HEADER,
        ),
        "items",
    )
    assert counts(report) == (5, 3, 0, 0, 2)
    with departments.read() as session:
        found = {entry.code: entry for entry in session.scalars(sa.select(Item))}
        assert (found["1"].published, found["1"].key, found["1"].ratio_ppm) == (True, True, 5000)
        assert found["1"].industries == ["H62", "F"]
        assert not found["2"].published
        assert (found["5"].key, found["5"].ratio_ppm) == (False, 30_000)
    assert [(e["行号"], e["级别"], e["字段"]) for e in errors] == [
        ("3", "提示", "检查流程、归档方式"),
        ("4", "拒绝", "检查依据"),
        ("5", "拒绝", "抽查比例"),
    ]
