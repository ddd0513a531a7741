"""Registry files as rows of text: encoding, delimiter and header are found, quoting slips survived.

A CSV is read line by line and never held in memory.  Encoding and delimiter are those under
which one of the first lines has the most known headers.  A row that cannot be read yields its
line number and what is wrong with it, and reading goes on with the next line.
"""

from __future__ import annotations

import codecs
import csv
import io
import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any

from python_calamine import CalamineError, CalamineWorkbook

from engine.errors import InvalidInput
from engine.inspection.registry_import.workbook_trial import refuse_bomb

DELIMITERS = ",\t;|，"
#: Lines searched for the header (templates put a title and a note above it).
HEADER_LINES = 10
#: A line longer than this is not a row but a damaged file.
MAX_LINE = 1_000_000
#: A quoted cell may run over at most so many lines.
MAX_JOINED = 100

#: Characters of a CSV looked at together.
CHUNK = 256 * 1024

_HEAD = 256 * 1024

#: Line number, cells, and what is wrong with the row (empty when it could be read).
Row = tuple[int, list[str], str]
Score = Callable[[list[str]], int]


@dataclass(slots=True)
class Sheet:
    """The header of a file, its rows, how it was encoded, and about how many rows there are."""

    header: list[str]
    rows: Iterator[Row]
    encoding: str
    expected: int


def open_sheet(stream: IO[bytes], score: Score) -> Sheet:
    """Read a CSV or a workbook from ``stream``; ``score`` counts known headers among cells.

    Raises :class:`InvalidInput` when the file is empty, damaged or has no known header.
    """
    binary = _seekable(stream)
    start = binary.tell()
    head = binary.read(_HEAD)
    binary.seek(start)
    if not head.strip():
        raise InvalidInput("文件是空的，请选择有表头和数据的文件。")
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return _open_workbook(binary, score)
    return _open_csv(binary, head, score)


def _seekable(stream: IO[bytes]) -> IO[bytes]:
    if stream.seekable():
        return stream
    copy = tempfile.SpooledTemporaryFile(max_size=16 * 1024 * 1024)  # noqa: SIM115 - lives as long as the rows are read
    shutil.copyfileobj(stream, copy)
    copy.seek(0)
    return copy


def _no_header() -> InvalidInput:
    return InvalidInput(f"前{HEADER_LINES}行没有找到可识别的表头，请使用登记库的列名（UTF-8 或 GB18030 编码）。")


# --- CSV ---------------------------------------------------------------------------------------


def _open_csv(stream: IO[bytes], head: bytes, score: Score) -> Sheet:
    utf16 = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encodings = ["utf-16"] if utf16 else ["utf-8-sig", "gb18030"]
    best: tuple[int, str, str, int, list[str]] | None = None
    for encoding in encodings:
        lines = head.decode(encoding, errors="replace").splitlines()[:HEADER_LINES]
        for number, line in enumerate(lines):
            for delimiter in DELIMITERS:
                cells = _cells(line, delimiter)
                points = score(cells)
                if points > (best[0] if best else 0):
                    best = (points, encoding, delimiter, number, cells)
    if best is None:
        raise _no_header()
    _, encoding, delimiter, header_index, header = best
    expected = _count_lines(stream) - header_index - 1
    text = io.TextIOWrapper(stream, encoding=encoding, errors="replace", newline="")
    while header and not header[-1].strip():
        header.pop()
    rows = _CsvRows(text, delimiter, len(header), header_index + 1)
    return Sheet(header, iter(rows), encoding.replace("-sig", ""), max(expected, 0))


def _cells(line: str, delimiter: str) -> list[str]:
    """The cells of one of the first lines; none when it cannot be a header."""
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:  # a cell longer than any header
        return []


def _count_lines(stream: IO[bytes]) -> int:
    start = stream.tell()
    count = 0
    while chunk := stream.read(1 << 20):
        count += chunk.count(b"\n")
    stream.seek(start)
    return count


class _CsvRows:
    """Rows of an already decoded CSV, one logical record at a time."""

    def __init__(self, text: io.TextIOWrapper, delimiter: str, width: int, skip: int) -> None:
        self._text = text
        self._delimiter = delimiter
        self._width = width
        self._number = 0
        self._waiting: deque[tuple[int, str]] = deque()
        for _ in range(skip):
            self._next_line()

    def __iter__(self) -> Iterator[Row]:
        try:
            while True:
                if not self._waiting and (lines := self._plain_lines()) is not None:
                    yield from self._plain_rows(lines)
                    continue
                if (entry := self._next_line()) is None:
                    return
                number, line = entry
                if len(line) >= MAX_LINE:
                    yield number, [], "这一行过长，文件可能已损坏"
                    continue
                row = self._plain(line) if '"' not in line else self._quoted(number, line)
                if row is None:
                    yield number, [], "引号不配对，无法分清各列"
                elif joined := "".join(row).strip():
                    yield number, row, self._problem(row, joined)
        finally:
            self._text.detach()  # the caller's stream stays open

    def _plain_lines(self) -> list[str] | None:
        """The next lines when they hold nothing unusual; otherwise they wait to be looked at one by one."""
        text = self._text.read(CHUNK) + self._text.readline(MAX_LINE)
        if not text:
            return None
        unusual = '"' in text or "�" in text or "\0" in text or len(text) >= CHUNK + MAX_LINE
        if not unusual and "\r" in text:
            text = text.replace("\r\n", "\n")
            unusual = "\r" in text
        if not unusual:
            lines = text.split("\n")
            if not lines[-1]:
                lines.pop()
            return lines
        for line in io.StringIO(text, newline=""):
            self._number += 1
            self._waiting.append((self._number, line))
        last = self._waiting[-1][1]
        if len(last) >= MAX_LINE and last[-1] not in "\r\n":
            self._skip_rest()
        return None

    def _plain_rows(self, lines: list[str]) -> Iterator[Row]:
        delimiter, width = self._delimiter, self._width
        first, self._number = self._number + 1, self._number + len(lines)
        for number, line in enumerate(lines, start=first):
            cells = line.split(delimiter)
            if len(cells) == width and cells[0]:
                yield number, cells, ""
                continue
            cells = self._fit(cells)
            if joined := "".join(cells).strip():
                yield number, cells, self._problem(cells, joined)

    def _skip_rest(self) -> None:
        """Read on to the end of a line that is too long to be a row."""
        rest = " "
        while rest and rest[-1] not in "\r\n":
            rest = self._text.readline(MAX_LINE)

    def _next_line(self) -> tuple[int, str] | None:
        if self._waiting:
            return self._waiting.popleft()
        line = self._text.readline(MAX_LINE)
        if not line:
            return None
        self._number += 1
        if len(line) >= MAX_LINE and line[-1] not in "\r\n":
            self._skip_rest()
        return self._number, line

    def _plain(self, line: str) -> list[str]:
        return self._fit(line.rstrip("\r\n").split(self._delimiter))

    def _fit(self, cells: list[str]) -> list[str]:
        """Drop blank cells beyond the header's last column."""
        while len(cells) > self._width and not cells[-1].strip():
            cells.pop()
        return cells

    def _problem(self, row: list[str], joined: str) -> str:
        if len(row) != self._width:
            return f"有 {len(row)} 列，表头有 {self._width} 列"
        if "�" in joined or "\0" in joined:
            return "含有无法识别的字符（编码损坏）"
        return ""

    def _strict(self, text: str) -> list[str] | None:
        try:
            rows = list(csv.reader([text], delimiter=self._delimiter, strict=True))
        except csv.Error:
            return None
        return self._fit(rows[0]) if rows else []

    def _quoted(self, number: int, line: str) -> list[str] | None:
        row = self._strict(line)
        if row is not None:
            return row
        if line.count('"') % 2 == 0:
            # Quotation marks that belong to the text, not doubled: "泰山"牌茶庄,…
            cells = [_unquote(cell) for cell in self._plain(line)]
            return cells if len(cells) == self._width else None
        return self._joined(line)

    def _joined(self, line: str) -> list[str] | None:
        """A record whose quoted cell holds line breaks; None (and nothing consumed) when it is none."""
        taken: list[tuple[int, str]] = []
        text = line
        while len(taken) < MAX_JOINED and len(text) < MAX_LINE and (entry := self._next_line()) is not None:
            taken.append(entry)
            text += entry[1]
            quoted = '"' in entry[1]
            if quoted and (row := self._strict(text)) is not None and len(row) == self._width:
                return row
            alone = self._strict(entry[1]) if quoted else self._plain(entry[1])
            if alone is not None and len(alone) == self._width > 1:
                break  # a whole record of its own: the opening quote was a slip
        self._waiting.extendleft(reversed(taken))
        return None


def _unquote(cell: str) -> str:
    if len(cell) >= 2 and cell[0] == cell[-1] == '"' and '"' not in cell[1:-1]:
        return cell[1:-1]
    return cell


# --- workbooks ---------------------------------------------------------------------------------


def _open_workbook(stream: IO[bytes], score: Score) -> Sheet:
    refuse_bomb(stream)
    try:
        book = CalamineWorkbook.from_filelike(stream)
        names = book.sheet_names
        for name in names:
            sheet = book.get_sheet_by_name(name)
            rows = ([_cell_text(cell) for cell in row] for row in sheet.iter_rows())
            top = [row for row, _ in zip(rows, range(HEADER_LINES), strict=False)]
            points, index = max(((score(row), -i) for i, row in enumerate(top)), default=(0, 0))
            if points:
                header = top[-index]
                while header and not header[-1].strip():
                    header.pop()
                fresh = book.get_sheet_by_name(name)
                return Sheet(header, _workbook_rows(fresh, len(header), -index), "xlsx", sheet.height)
    except CalamineError as error:
        raise InvalidInput(f"电子表格无法打开（{error}），请另存为 xlsx 或 CSV 后重试。") from None
    raise _no_header()


def _workbook_rows(sheet: Any, width: int, header_index: int) -> Iterator[Row]:
    for index, cells in enumerate(sheet.iter_rows()):
        if index <= header_index:
            continue
        row = [_cell_text(cell) for cell in cells]
        if "".join(row).strip():
            while len(row) > width and not row[-1].strip():
                row.pop()
            problem = f"有 {len(row)} 列，表头有 {width} 列" if len(row) > width else ""
            yield index + 1, row + [""] * (width - len(row)), problem


def _cell_text(cell: Any) -> str:
    """A typed cell as the text a person sees; a number too long for a spreadsheet shows as damaged."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float):
        if abs(cell) >= 1e15:
            return f"{cell:.14e}"
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell)
