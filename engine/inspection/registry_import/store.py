"""Batches of rows into a registry table: insert what is new, update what changed, leave the rest.

Values go to the driver as they are (see :mod:`.plain`): new rows by ``COPY`` or one ``executemany``. What
changed is read first, in the same transaction, so that the history tells every field's old value (R16).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.db import dumps, is_postgresql, new_id
from engine.inspection.models import InspectedObject, Inspector, Item
from engine.inspection.object_index import leave, reserve
from engine.inspection.registry_history import Origin, difference, record_changes
from engine.inspection.registry_import.columns import COLUMNS
from engine.inspection.registry_import.plain import Layout, Plain

TABLES: dict[str, sa.Table] = {
    "objects": cast(sa.Table, InspectedObject.__table__),
    "inspectors": cast(sa.Table, Inspector.__table__),
    "items": cast(sa.Table, Item.__table__),
}

#: Pages SQLite keeps in memory while a file is taken in (64 MB): its indexes are written in no order.
_CACHE = "PRAGMA cache_size=-65536"


@dataclass(frozen=True)
class Taking:
    """What every batch of one import has in common."""

    district_id: str
    now: datetime
    actor: Actor
    layout: Layout
    import_id: str
    reason: str = ""

    @property
    def table(self) -> sa.Table:
        return TABLES[self.layout.kind]

    @property
    def key(self) -> str:
        return COLUMNS[self.layout.kind][0].field


@dataclass(slots=True)
class Compared:
    """A batch against the registry: positions of new rows, changed rows with their differences, the rest."""

    new: list[int] = field(default_factory=list)
    changed: list[tuple[int, dict[str, list[Any]]]] = field(default_factory=list)
    #: the same facts under another digest (a file with other columns): only the digest is renewed
    renewed: list[int] = field(default_factory=list)
    unchanged: int = 0
    #: places in the search index that changed rows leave
    positions: list[int] = field(default_factory=list)


def compare(
    session: Session,
    taking: Taking,
    keys: Sequence[str],
    rows: Sequence[Plain],
    digests: Sequence[str],
    *,
    lock: bool = True,
) -> Compared:
    """What a batch would do; its keys must be distinct.  ``lock`` holds changed rows until the transaction ends."""
    table = taking.table
    known = _known(session, taking, keys)
    found = Compared()
    differing = [i for i, key in enumerate(keys) if key in known and known[key] != digests[i]]
    found.new = [i for i, key in enumerate(keys) if key not in known]
    found.unchanged = len(keys) - len(found.new) - len(differing)
    if not differing:
        return found
    extra = [table.c.position] if "position" in table.c else []
    statement = sa.select(*(table.c[name] for name in taking.layout.fields), *extra).where(
        table.c.district_id == taking.district_id, table.c[taking.key].in_([keys[i] for i in differing])
    )
    if lock and is_postgresql(session):
        statement = statement.with_for_update()
    before = {row[taking.key]: dict(row) for row in session.execute(statement).mappings()}
    for i in differing:
        old = before[keys[i]]
        changes = difference(old, taking.layout.json_values(rows[i]))
        if not changes:
            found.renewed.append(i)
            continue
        found.changed.append((i, changes))
        if extra and old["position"] is not None:
            found.positions.append(old["position"])
    found.unchanged += len(found.renewed)
    return found


def _known(session: Session, taking: Taking, keys: Sequence[str]) -> dict[str, str]:
    """Digest by key of the rows there are; one text carries all keys, whatever the database's limit of parameters."""
    table, key = taking.table.name, taking.key
    if is_postgresql(session):
        wanted = f"SELECT t.{key}, t.row_digest FROM {table} t WHERE t.district_id = %s AND t.{key} = ANY(%s)"
        parameters: tuple[Any, ...] = (taking.district_id, list(keys))
    else:
        wanted = (
            f"SELECT t.{key}, t.row_digest FROM json_each(?) k CROSS JOIN {table} t "
            f"ON t.district_id = ? AND t.{key} = k.value"
        )
        parameters = (dumps(list(keys)), taking.district_id)
    return {row[0]: row[1] for row in session.connection().exec_driver_sql(wanted, parameters)}


def save(
    session: Session, taking: Taking, keys: Sequence[str], rows: Sequence[Plain], digests: Sequence[str]
) -> Compared:
    """Save a batch and its history; returns what was new, changed and unchanged."""
    if not is_postgresql(session):
        session.connection().exec_driver_sql(_CACHE)
    found = compare(session, taking, keys, rows, digests)
    changed = [i for i, _ in found.changed]
    first = 0
    if taking.layout.kind == "objects" and (found.new or changed):
        first = reserve(session, taking.district_id, len(found.new) + len(changed))
        leave(session, taking.district_id, found.positions)
    if found.new:
        _insert(session, taking, [(*rows[i], digests[i]) for i in found.new], first)
    if changed:
        _update(session, taking, [(*rows[i], digests[i]) for i in changed], first + len(found.new))
        record_changes(
            session, taking.district_id, taking.layout.kind, [(keys[i], changes) for i, changes in found.changed],
            at=taking.now, actor=taking.actor, origin=Origin("import", taking.import_id, taking.reason),
        )  # fmt: skip
    if found.renewed:
        table = taking.table
        session.execute(
            sa.update(table)
            .where(table.c.district_id == taking.district_id, table.c[taking.key] == sa.bindparam("of_key"))
            .values(row_digest=sa.bindparam("to_digest")),
            [{"of_key": keys[i], "to_digest": digests[i]} for i in found.renewed],
        )
    return found


# --- new rows ------------------------------------------------------------------------------------


def _insert(session: Session, taking: Taking, rows: Sequence[Plain], first: int) -> None:
    """Insert new rows: what the file says, the columns' defaults for the rest, who and when."""
    connection = session.connection()
    fields = (*taking.layout.fields, "row_digest")
    common = {
        column.field: _plain_default(taking, column.field, column.default())
        for column in COLUMNS[taking.layout.kind]
        if column.field not in taking.layout.fields
    }
    bound = {"district_id": taking.district_id, "created_at": taking.now, "updated_at": taking.now,
             "import_id": taking.import_id}  # fmt: skip
    common |= {
        name: _driver_value(session, taking.table, name, value)
        for name, value in bound.items()
        if name in taking.table.c
    }
    placed = "position" in taking.table.c
    names = (*fields, *common, "id", *(["position"] if placed else []))
    constants = tuple(common.values())
    identity = _driver_id(session, taking.table)
    if placed:
        ready: Iterable[Plain] = ((*row, *constants, identity(new_id()), first + n) for n, row in enumerate(rows))
    else:
        ready = ((*row, *constants, identity(new_id())) for row in rows)
    columns = ", ".join(f'"{name}"' for name in names)
    if is_postgresql(session):
        driver = connection.connection.driver_connection
        assert driver is not None
        with driver.cursor() as cursor, cursor.copy(f"COPY {taking.table.name} ({columns}) FROM STDIN") as copy:
            for row in ready:
                copy.write_row(row)
        return
    marks = ", ".join("?" * len(names))
    connection.exec_driver_sql(f"INSERT INTO {taking.table.name} ({columns}) VALUES ({marks})", list(ready))


def _plain_default(taking: Taking, name: str, value: Any) -> Any:
    write = taking.layout.writer(name)
    return value if write is None else write(value)


def _driver_value(session: Session, table: sa.Table, name: str, value: Any) -> Any:
    """A value as the driver takes it for this column."""
    dialect = session.get_bind().dialect
    process = table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
    return value if process is None else process(value)


def _driver_id(session: Session, table: sa.Table) -> Any:
    dialect = session.get_bind().dialect
    return table.c.id.type.dialect_impl(dialect).bind_processor(dialect) or str


# --- changed rows --------------------------------------------------------------------------------


def _update(session: Session, taking: Taking, rows: Sequence[Plain], first: int) -> None:
    """Set what the file says; columns it lacks keep their value."""
    table, key = taking.table, taking.key
    fields = (*taking.layout.fields, "row_digest")
    placed = "position" in table.c
    at = _driver_value(session, table, "updated_at", taking.now)
    moved = [name for name in fields if name != key] + (["position"] if placed else [])
    place = fields.index(key)
    values = []
    for n, row in enumerate(rows):
        given = [value for name, value in zip(fields, row, strict=True) if name != key]
        values.append((*given, *([first + n] if placed else []), at, taking.district_id, row[place]))
    mark = "%s" if is_postgresql(session) else "?"
    kinds = {c.name: c.type for c in table.columns}
    setting = ", ".join(f'"{name}" = {_cast(session, kinds[name], mark)}' for name in moved)
    statement = (
        f'UPDATE {table.name} SET {setting}, updated_at = {mark} WHERE district_id = {mark} AND "{key}" = {mark}'
    )
    session.connection().exec_driver_sql(statement, values)


def _cast(session: Session, kind: sa.types.TypeEngine[Any], mark: str) -> str:
    """Text stands for dates and JSON; PostgreSQL wants to be told so."""
    if not is_postgresql(session):
        return mark
    if isinstance(kind, sa.JSON):
        return f"CAST({mark} AS JSON)"
    return f"CAST({mark} AS DATE)" if isinstance(kind, sa.Date) else mark


# --- rows a full file lacks ----------------------------------------------------------------------


def missing_keys(session: Session, taking: Taking, seen: Iterable[str], active: Iterable[str]) -> list[str]:
    """Keys of rows in use that a full file does not have."""
    table = taking.table
    present = set(seen)
    keys = session.scalars(
        sa.select(table.c[taking.key])
        .where(table.c.district_id == taking.district_id, table.c.status.in_(list(active)))
        .order_by(table.c[taking.key])
    )
    return [key for key in keys if key not in present]


def stop(session: Session, taking: Taking, keys: Sequence[str], status: str, active: Sequence[str]) -> int:
    """Set ``status`` on those of ``keys`` still in use, with their history; returns how many."""
    table = taking.table
    extra = [table.c.position] if "position" in table.c else []
    found = session.execute(
        sa.select(table.c[taking.key], table.c.status, *extra).where(
            table.c.district_id == taking.district_id, table.c[taking.key].in_(list(keys)), table.c.status.in_(active)
        )
    ).all()
    if not found:
        return 0
    values: dict[str, Any] = {"status": status, "updated_at": taking.now}
    if extra:
        values["position"] = None
        leave(session, taking.district_id, [row.position for row in found])
    session.execute(
        sa.update(table)
        .where(table.c.district_id == taking.district_id, table.c[taking.key].in_([row[0] for row in found]))
        .values(**values)
    )
    record_changes(
        session, taking.district_id, taking.layout.kind, [(row[0], {"status": [row[1], status]}) for row in found],
        at=taking.now, actor=taking.actor, origin=Origin("import", taking.import_id, taking.reason),
    )  # fmt: skip
    return len(found)
