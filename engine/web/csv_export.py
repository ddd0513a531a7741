"""Tables as CSV that spreadsheets open as Chinese text and never as formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from flask import Response, make_response

from engine.web.downloads import name_file

#: First characters that make a spreadsheet compute a cell instead of showing it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def defused(value: Any) -> str:
    """The cell's text; one that a spreadsheet would take for a formula gets an apostrophe in front."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def csv_text(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """The table with a byte order mark, without which Excel reads UTF-8 as GBK."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([defused(cell) for cell in head])
    writer.writerows([defused(cell) for cell in row] for row in rows)
    return "\ufeff" + buffer.getvalue()


def csv_response(name: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    """A download named ``name``."""
    response = make_response(csv_text(head, rows))
    response.headers["Content-Type"] = "text/csv; charset=utf-8"
    name_file(response, name)
    return response
