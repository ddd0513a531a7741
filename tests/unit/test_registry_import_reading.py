"""Reading damaged files: quoting slips, broken encodings, wrong column counts, workbooks."""

from __future__ import annotations

import io
import zipfile

import pytest

from engine.errors import InvalidInput
from engine.inspection.registry_import.reading import Row, open_sheet

HEADER = ["代码", "名称", "地址"]


def score(cells: list[str]) -> int:
    return len(set(HEADER) & set(cells))


def rows(body: str | bytes) -> list[Row]:
    content = body if isinstance(body, bytes) else body.encode()
    return list(open_sheet(io.BytesIO("代码,名称,地址\n".encode() + content), score).rows)


def test_a_stray_opening_quote_costs_one_row_and_not_the_rest() -> None:
    found = rows('1,甲,东路\n2,"乙,西路\n3,丙,南路\n4,"丁",北路\n')
    assert [(line, cells) for line, cells, problem in found if not problem] == [
        (2, ["1", "甲", "东路"]),
        (4, ["3", "丙", "南路"]),
        (5, ["4", "丁", "北路"]),
    ]
    assert [(line, problem) for line, _, problem in found if problem] == [(3, "引号不配对，无法分清各列")]


def test_two_stray_quotes_in_the_same_column_do_not_swallow_what_lies_between() -> None:
    found = rows('1,"甲,东路\n2,乙,西路\n3,"丙,南路\n4,丁,北路\n')
    assert [line for line, _, problem in found if not problem] == [3, 5]


def test_a_stray_quote_in_the_last_row_is_reported() -> None:
    assert rows('1,"甲,东路') == [(2, [], "引号不配对，无法分清各列")]


def test_cells_may_hold_line_breaks_delimiters_and_doubled_quotes() -> None:
    found = rows('1,"甲,""老字号""","东路\n二层\n三层"\n2,乙,西路\n')
    assert found == [(2, ["1", '甲,"老字号"', "东路\n二层\n三层"], ""), (5, ["2", "乙", "西路"], "")]


def test_quotation_marks_of_the_text_itself_are_kept() -> None:
    assert rows('1,"泰山"牌茶庄,东路\n2,12" 管材店,"西路"\n') == [
        (2, ["1", '"泰山"牌茶庄', "东路"], ""),
        (3, ["2", '12" 管材店', "西路"], ""),
    ]


def test_rows_with_another_number_of_columns_are_reported() -> None:
    found = rows("1,甲\n2,乙,西路,多余\n3,丙,南路,,\n")
    assert [problem for _, _, problem in found] == ["有 2 列，表头有 3 列", "有 4 列，表头有 3 列", ""]


def test_blank_rows_are_no_rows() -> None:
    assert [line for line, _, _ in rows("\n,,\n \n1,甲,东路\n\n")] == [5]


def test_broken_bytes_cost_only_their_row() -> None:
    found = rows("1,甲,东路\n".encode() + b"2,\xd2\xd2,x\n3,\x00,y\n" + "4,丁,北路".encode())
    assert [(line, bool(problem)) for line, _, problem in found] == [(2, False), (3, True), (4, True), (5, False)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_is_known(end: str) -> None:
    found = open_sheet(io.BytesIO(end.join(["代码,名称,地址", "1,甲,东", "2,乙,西"]).encode()), score)
    assert [cells for _, cells, _ in found.rows] == [["1", "甲", "东"], ["2", "乙", "西"]]


def test_an_endless_line_is_reported_and_passed_over() -> None:
    found = rows("1,甲," + "长" * 2_500_000 + "\n2,乙,西路\n")
    assert [(line, problem[:6]) for line, _, problem in found] == [(2, "这一行过长，"), (3, "")]


def test_the_callers_stream_stays_open() -> None:
    stream = io.BytesIO("代码,名称,地址\n1,甲,东\n".encode())
    list(open_sheet(stream, score).rows)
    assert not stream.closed


# --- workbooks ---

_PARTS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Target="xl/workbook.xml" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/></Relationships>',
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
    '<sheet name="说明" sheetId="1" r:id="r1"/><sheet name="名录" sheetId="2" r:id="r2"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Target="worksheets/sheet1.xml" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"/>'
    '<Relationship Id="r2" Target="worksheets/sheet2.xml" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"/>'
    '<Relationship Id="r3" Target="styles.xml" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles"/></Relationships>',
    "xl/styles.xml": '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>',
}


def _sheet(*lines: tuple[int, list[str]]) -> str:
    body = "".join(
        f'<row r="{number}">'
        + "".join(cell.replace("@", f"{'ABCDEF'[i]}{number}") for i, cell in enumerate(cells))
        + "</row>"
        for number, cells in lines
    )
    return (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"<sheetData>{body}</sheetData></worksheet>"
    )


def _text(value: str) -> str:
    return f'<c r="@" t="inlineStr"><is><t>{value}</t></is></c>'


def _number(value: str, style: int = 0) -> str:
    return f'<c r="@" s="{style}"><v>{value}</v></c>'


def _workbook(*lines: tuple[int, list[str]]) -> io.BytesIO:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, text in _PARTS.items():
            archive.writestr(name, text)
        archive.writestr("xl/worksheets/sheet1.xml", _sheet((1, [_text("填报说明")])))
        archive.writestr("xl/worksheets/sheet2.xml", _sheet(*lines))
    stream.seek(0)
    return stream


def test_a_workbook_is_read_from_the_sheet_that_has_the_header() -> None:
    book = _workbook(
        (2, [_text("天桥区名录")]),
        (3, [_text(name) for name in HEADER]),
        (4, [_text("1"), _number("45992", 1), _number("13800000000")]),
        (6, [_number("9.1370105123456789E+17"), _number("1.5"), _text("")]),
    )
    sheet = open_sheet(book, score)
    assert sheet.encoding == "xlsx"
    assert list(sheet.rows) == [
        (4, ["1", "2025-12-01", "13800000000"], ""),
        (6, ["9.13701051234568e+17", "1.5", ""], ""),
    ]


def test_a_workbook_without_a_known_header_is_refused() -> None:
    with pytest.raises(InvalidInput, match="表头"):
        open_sheet(_workbook((1, [_text("甲"), _text("乙")])), score)


def test_a_workbook_that_claims_billions_of_cells_is_refused_and_the_process_lives() -> None:
    far = _text("很远").replace("@", "XFD1048576")
    book = _workbook((1, [_text(name) for name in HEADER]), (1048576, [far]))
    with pytest.raises(InvalidInput, match="只复制有数据的区域"):
        open_sheet(book, score)
    assert book.tell() == 0
