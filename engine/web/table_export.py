"""Long tables as downloads: CSV streamed line by line, XLSX written row by row; never as formulas."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import IO, Any

import xlsxwriter
from flask import Response, send_file
from flask.typing import ResponseReturnValue

from engine.errors import NotFound
from engine.web.csv_export import defused
from engine.web.downloads import name_file

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: Rows written out at once.
CHUNK = 500
#: Excel's own bound of one cell.
LONGEST = 32_767


def table_response(
    form: str, name: str, head: Sequence[str], rows: Iterable[Sequence[Any]]
) -> ResponseReturnValue:  # fmt: skip
    """``form`` is csv or xlsx; ``rows`` are read while the answer is sent.  Raises :class:`NotFound` otherwise."""
    if form == "csv":
        response = Response(_csv(head, rows), content_type="text/csv; charset=utf-8")
        name_file(response, f"{name}.csv")
        return response
    if form == "xlsx":
        file = tempfile.TemporaryFile()  # noqa: SIM115 - sent, and closed, after the view has returned
        write_xlsx(file, head, rows)
        file.seek(0)
        return send_file(file, mimetype=XLSX_TYPE, as_attachment=True, download_name=f"{name}.xlsx")
    raise NotFound("可以导出 CSV 或者 XLSX。")


def _csv(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """With a byte order mark, without which Excel reads UTF-8 as GBK."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    buffer.write("\ufeff")
    writer.writerow([defused(cell) for cell in head])
    for number, row in enumerate(rows, start=1):
        writer.writerow([defused(cell) for cell in row])
        if number % CHUNK == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def write_xlsx(file: IO[bytes], head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """One sheet of texts: codes keep their zeros, nothing is computed; a row is forgotten once it is written."""
    book = xlsxwriter.Workbook(
        file,
        {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )
    sheet = book.add_worksheet()
    bold = book.add_format({"bold": True})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.freeze_panes(1, 0)
    for column, cell in enumerate(head):
        sheet.write_string(0, column, cell, bold)
        sheet.set_column(column, column, min(max(len(cell) * 2 + 2, 12), 40))
    for line, row in enumerate(rows, start=1):
        for column, cell in enumerate(row):
            if isinstance(cell, date):
                sheet.write_datetime(line, column, cell, day)
            elif cell not in (None, ""):
                sheet.write_string(line, column, defused(cell)[:LONGEST])
    book.close()
