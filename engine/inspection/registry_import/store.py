"""Batches of records into a registry table: insert what is new, update what changed, leave the rest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from engine.db import dumps, new_id
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
    updated = {*fields, "row_digest", "updated_at"} - {key}
    if session.get_bind().dialect.name == "postgresql":
        _copy_and_merge(session, table, rows, ["district_id", key], updated)
    else:
        insert = sqlite.insert(table)
        upsert = insert.on_conflict_do_update(
            index_elements=["district_id", key], set_={name: insert.excluded[name] for name in updated}
        )
        session.execute(upsert, rows)
    inserted = sum(record[key] not in known for record in changed)
    return inserted, len(changed) - inserted, len(records) - len(changed)


def _copy_and_merge(
    session: Session, table: sa.Table, rows: Sequence[dict[str, Any]], keys: Sequence[str], updated: Iterable[str]
) -> None:
    """COPY into a temporary table, then one upsert from it: half the time of a statement a row."""
    stage = sa.Table(f"import_{table.name}", sa.MetaData(), *(sa.Column(c.name, c.type) for c in table.columns))
    names = list(rows[0])
    as_json = {c.name for c in table.columns if isinstance(c.type, sa.JSON)}
    connection = session.connection()
    connection.execute(sa.text(f"CREATE TEMP TABLE IF NOT EXISTS {stage.name} (LIKE {table.name}) ON COMMIT DROP"))
    connection.execute(sa.text(f"TRUNCATE {stage.name}"))
    driver = connection.connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor, cursor.copy(f"COPY {stage.name} ({', '.join(names)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row([dumps(row[name]) if name in as_json else row[name] for name in names])
    insert = postgresql.insert(table).from_select(names, sa.select(*(stage.c[name] for name in names)))
    connection.execute(
        insert.on_conflict_do_update(index_elements=keys, set_={name: insert.excluded[name] for name in updated})
    )
