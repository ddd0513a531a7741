"""Batches of records into a registry table: insert what is new, update what changed, leave the rest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from engine.db import new_id
from engine.inspection.models import InspectedObject, Inspector, Item
from engine.inspection.registry_import.columns import COLUMNS
from engine.inspection.registry_import.rows import Record

TABLES: dict[str, sa.Table] = {
    "objects": cast(sa.Table, InspectedObject.__table__),
    "inspectors": cast(sa.Table, Inspector.__table__),
    "items": cast(sa.Table, Item.__table__),
}


def save_batch(
    session: Session, kind: str, records: Sequence[Record], fields: Sequence[str], district_id: str, now: datetime
) -> tuple[int, int, int]:
    """Save ``records`` (each with its ``row_digest``); returns how many were inserted, updated, unchanged.

    ``fields`` are what the file sets: an update touches nothing else, a new row gets the
    columns' defaults.  Keys within one batch must be distinct.
    """
    table = TABLES[kind]
    key = COLUMNS[kind][0].field
    keys = [record[key] for record in records]
    found = sa.select(table.c[key], table.c.row_digest).where(
        table.c.district_id == district_id, table.c[key].in_(keys)
    )
    known: dict[str, str] = {row[0]: row[1] for row in session.execute(found)}
    changed = [record for record in records if known.get(record[key]) != record["row_digest"]]
    if not changed:
        return 0, 0, len(records)
    defaults = {column.field: column.default for column in COLUMNS[kind] if column.field not in fields}
    rows: list[dict[str, Any]] = []
    for record in changed:
        row = {name: default() for name, default in defaults.items()}
        row.update(record)
        row.update(id=new_id(), district_id=district_id, created_at=now, updated_at=now)
        rows.append(row)
    insert = postgresql.insert(table) if session.get_bind().dialect.name == "postgresql" else sqlite.insert(table)
    updated = {name: insert.excluded[name] for name in {*fields, "row_digest", "updated_at"} - {key}}
    session.execute(insert.on_conflict_do_update(index_elements=["district_id", key], set_=updated), rows)
    inserted = sum(record[key] not in known for record in changed)
    return inserted, len(changed) - inserted, len(records) - len(changed)
