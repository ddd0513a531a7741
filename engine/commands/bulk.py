"""Work on very many rows in few statements, on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from engine.commands.context import CommandContext
from engine.db import dumps, id_text, is_postgresql
from engine.history import GENESIS
from engine.models import HistoryEvent, ProcessInstance

#: Rows that are read and written at a time.
CHUNK = 5_000
Item = TypeVar("Item")


def chunks(items: Sequence[Item], size: int = CHUNK) -> Iterator[Sequence[Item]]:
    """``items`` in runs of ``size``, the last one shorter."""
    return (items[start : start + size] for start in range(0, len(items), size))


def hold_streams(ctx: CommandContext, instance_ids: Iterable[str]) -> None:
    """Lock the rows of some cases and learn the last link of each one's history, to write to all of them.

    In the order of their ids: two that hold many never wait for each other.
    """
    link = (
        sa.select(HistoryEvent.seq, HistoryEvent.hash)
        .where(HistoryEvent.district_id == ctx.district_id, HistoryEvent.stream == id_text(ProcessInstance.id))
        .order_by(HistoryEvent.seq.desc())
        .limit(1)
        .correlate(ProcessInstance)
    )
    last = [link.with_only_columns(column).scalar_subquery() for column in (HistoryEvent.seq, HistoryEvent.hash)]
    heads = (
        sa.select(sa.type_coerce(ProcessInstance.id, Digits), *last)
        .order_by(ProcessInstance.id)
        .with_for_update(of=ProcessInstance)
    )
    ctx.flush()
    for some in chunks(sorted(set(instance_ids))):
        streams = {instance_id.replace("-", ""): instance_id for instance_id in some}
        for digits, seq, digest in ctx.connection.execute(heads.where(among(ctx.connection, ProcessInstance.id, some))):
            ctx.chain.begin_at(streams[digits], (seq or 0, digest or GENESIS))


def among(connection: sa.Connection, column: Any, ids: Iterable[str]) -> sa.ColumnElement[bool]:
    """``column`` is one of ``ids``, given as one value: a list of thousands is written and read value by value."""
    if is_postgresql(connection):
        return column == sa.any_(sa.cast(sa.literal(f"{{{','.join(ids)}}}", sa.Text), ARRAY(sa.Uuid)))
    digits = dumps([one.replace("-", "") for one in ids])
    return column.in_(sa.select(sa.func.json_each(digits).table_valued("value").c.value))


class Digits(sa.types.UserDefinedType[str]):
    """An id as its digits alone, as it comes from SQLite: making a UUID of it takes longer than reading it."""

    cache_ok = True

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Callable[[Any], str | None] | None:
        return _digits if dialect.name == "postgresql" else None


def _digits(value: UUID | None) -> str | None:
    return None if value is None else value.hex


class Stored(sa.types.UserDefinedType[Any]):
    """An instant as the driver gives it: most of very many are alike, and :class:`Moments` reads each once."""

    cache_ok = True


class Moments(dict[Any, Any]):
    """What the driver gave for an instant → the instant in UTC."""

    def __missing__(self, stored: Any) -> Any:
        found = datetime.fromisoformat(stored).replace(tzinfo=UTC) if isinstance(stored, str) else stored
        self[stored] = None if found is None else found.astimezone(UTC)
        return self[stored]
