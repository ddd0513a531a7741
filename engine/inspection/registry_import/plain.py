"""Rows as the databases' drivers take them: dates as ISO text, lists and mappings as JSON text.

A million rows are too many for one object a cell: files are judged into plain tuples, these are compared
by digest, and only rows that differ are looked at field by field.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson
import sqlalchemy as sa

from engine.db import dumps

#: Goes into every row's digest; raise it when a parser starts to read the same cells differently.
DIGEST_VERSION = "2"

#: One row's values in a layout's order.
Plain = Sequence[Any]


def _iso(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


@dataclass(frozen=True, slots=True)
class Layout:
    """The fields a file sets, in their order, and how each is written."""

    kind: str
    fields: tuple[str, ...]
    json: frozenset[str]
    dates: frozenset[str]

    @classmethod
    def of(cls, kind: str, table: sa.Table, fields: Sequence[str]) -> Layout:
        """The layout of ``fields`` (each once) in ``table``."""
        return cls(
            kind,
            tuple(dict.fromkeys(fields)),
            frozenset(c.name for c in table.columns if isinstance(c.type, sa.JSON)),
            frozenset(c.name for c in table.columns if isinstance(c.type, sa.Date)),
        )

    def writer(self, field: str) -> Callable[[Any], Any] | None:
        """How a value of ``field`` becomes plain; None when it is plain already."""
        return dumps if field in self.json else _iso if field in self.dates else None

    def plain(self, record: dict[str, Any]) -> Plain:
        """A record's values in the layout's order."""
        return tuple(
            dumps(record[f]) if f in self.json else _iso(record[f]) if f in self.dates else record[f]
            for f in self.fields
        )

    def digests(self, rows: Iterable[Plain]) -> list[str]:
        """SHA-256 over each row's fields and values: equal digests mean that nothing changed."""
        start = hashlib.sha256(f"{DIGEST_VERSION}|{self.kind}|{','.join(self.fields)}|".encode())
        found = []
        for row in rows:
            body = start.copy()
            body.update(orjson.dumps(row))
            found.append(body.hexdigest())
        return found

    def json_values(self, row: Plain) -> dict[str, Any]:
        """A plain row as the history keeps it: lists and mappings unpacked, dates as text."""
        return {f: orjson.loads(v) if f in self.json else v for f, v in zip(self.fields, row, strict=True)}
