"""Judging rows by the block: equal cells of a column are judged once, and only doubtful rows one by one.

A registry repeats itself (kinds, streets, dates, business scopes), so a block is judged column by column.
A row with anything unusual in it (a blank where something is required, a value that cannot be
used, a doubtful code) is left to :meth:`RowReader.read`, which alone decides what is said about it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from engine.inspection import uscc
from engine.inspection.registry_import.columns import Column
from engine.inspection.registry_import.plain import Layout, Plain
from engine.inspection.registry_import.reading import Row, Sheet
from engine.inspection.registry_import.report import REJECTED, RowProblem
from engine.inspection.registry_import.rows import RowReader
from engine.inspection.registry_import.values import BadValue, Text, clean

#: Rows judged and saved together: a page of an index over keys in no order is then written once for several rows.
BLOCK = 20_000

_BAD = object()


@dataclass(slots=True)
class Block:
    """Rows read together: the good ones in parallel lists, and what is wrong or doubtful with any."""

    total: int
    lines: list[int] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    rows: list[Plain] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)


def blocks(reader: RowReader, sheet: Sheet, layout: Layout) -> Iterator[Block]:
    """Every row of the sheet, judged, :data:`BLOCK` at a time."""
    rows = iter(sheet.rows)
    while found := list(islice(rows, BLOCK)):
        yield judge(reader, layout, found)


def judge(reader: RowReader, layout: Layout, rows: list[Row]) -> Block:
    """One block."""
    block = Block(len(rows))
    judged = _Columns(reader, layout).plain_rows(rows) if reader.kind == "objects" else [None] * len(rows)
    key = layout.fields.index(reader.key)
    for (line, cells, problem), plain in zip(rows, judged, strict=True):
        if plain is None:
            plain = _one_by_one(reader, layout, line, cells, problem, block)
            if plain is None:
                continue
        block.lines.append(line)
        block.keys.append(plain[key])
        block.rows.append(plain)
    block.digests = layout.digests(block.rows)
    return block


def _one_by_one(
    reader: RowReader, layout: Layout, line: int, cells: list[str], problem: str, block: Block
) -> Plain | None:
    if problem:
        remedy = "请修正这一行后重新导入。"
        block.problems.append(RowProblem(line, REJECTED, "整行", "".join(cells)[:200], problem, remedy))
        return None
    record = reader.read(line, cells)
    block.problems += reader.problems
    return None if record is None else layout.plain(record)


@dataclass(slots=True)
class _Columns:
    """The object registry's columns, each judged once for each of its different cells."""

    reader: RowReader
    layout: Layout

    def plain_rows(self, rows: list[Row]) -> list[Plain | None]:
        """The plain row where everything is usual, None where a row must be judged by itself."""
        width = 1 + max(index for index, _ in self.reader.columns)
        usual = [not problem and len(cells) >= width for _, cells, problem in rows]
        table = list(
            zip(*(cells[:width] for (_, cells, _), good in zip(rows, usual, strict=True) if good), strict=True)
        )
        if not table:
            return [None] * len(rows)
        by_field: dict[str, list[Any]] = {"to_verify": [""] * len(table[0])}
        doubtful = False
        for index, column in self.reader.columns:
            found, bad = self._column(column, table[index])
            by_field[column.field] = found
            doubtful = doubtful or bad
        if "kind" not in by_field:
            by_field["kind"] = [
                uscc.KIND_BY_PREFIX.get(c[:2], _BAD) if c is not _BAD else _BAD for c in by_field["uscc"]
            ]
            doubtful = True
        judged: list[Plain | None] = list(zip(*(by_field[f] for f in self.layout.fields), strict=True))
        if doubtful:
            judged = [None if row is not None and _BAD in row else row for row in judged]
        if all(usual):
            return judged
        good = iter(judged)
        return [next(good) if fine else None for fine in usual]

    def _column(self, column: Column, cells: tuple[str, ...]) -> tuple[list[Any], bool]:
        """The column's plain values, :data:`_BAD` where the row must be judged by itself, and whether there are any."""
        if isinstance(column.parse, Text) and (texts := _usual_texts(column, cells)) is not None:
            return texts, False
        table: dict[str, Any] = {}
        write = self.layout.writer(column.field)
        parse, name = column.parse, column.field
        blank: Any = _BAD if column.required or name == "kind" else column.default()
        if write is not None and blank is not _BAD:
            blank = write(blank)
        for cell in set(cells):
            if not cell:
                table[cell] = blank
                continue
            value = clean(cell)
            if not value:
                table[cell] = blank
                continue
            try:
                found = parse(value)
            except BadValue:
                table[cell] = _BAD
                continue
            table[cell] = found if write is None else write(found)
        judge = {"uscc": self._code, "region": self._region, "supervisor": self._supervisor}.get(name)
        if judge is not None:
            table = {cell: value if value is _BAD or value == "" else judge(value) for cell, value in table.items()}
        return [table[cell] for cell in cells], _BAD in table.values()

    def _code(self, code: str) -> Any:
        return code if uscc.plausible(code) else _BAD

    def _region(self, code: str) -> Any:
        return code if code.startswith(self.reader.surroundings.district_id) else _BAD

    def _supervisor(self, text: str) -> Any:
        return self.reader.known_department(text) or _BAD


def _usual_texts(column: Column, cells: tuple[str, ...]) -> list[str] | None:
    """The cells of a column of texts when none of them needs a second look."""
    found = [*map(str.strip, cells)]
    if column.field == "supervisor" or not "".join(found).isprintable():
        return None
    if max(map(len, found)) > column.parse.limit:  # type: ignore[attr-defined]
        return None
    if "" not in found:
        return found
    if column.required or column.field == "kind":
        return None
    blank = column.default()
    return [cell or blank for cell in found]
