"""Work on very many rows in few statements, on both databases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, TypeVar

import sqlalchemy as sa

from engine.commands.context import CommandContext
from engine.db import id_text
from engine.history import GENESIS
from engine.models import HistoryEvent, ProcessInstance
from engine.prepared import Prepared

#: Values one statement lists; SQLite takes 32,766.
CHUNK = 10_000
#: Rows that change alike are changed by one statement when they are at least so many.
_ALIKE = 8

Item = TypeVar("Item")


def chunks(items: Sequence[Item], size: int = CHUNK) -> Iterator[Sequence[Item]]:
    """``items`` in runs of ``size``, the last one shorter."""
    return (items[start : start + size] for start in range(0, len(items), size))


def hold_streams(ctx: CommandContext, instance_ids: Iterable[str]) -> None:
    """Lock the rows of some cases and learn the last link of each one's history, to write to all of them.

    In the order of their ids: two that hold many never wait for each other.
    """
    last = sa.select(sa.func.max(HistoryEvent.seq)).where(
        HistoryEvent.district_id == ctx.district_id, HistoryEvent.stream == id_text(ProcessInstance.id)
    )
    link = sa.and_(
        HistoryEvent.district_id == ctx.district_id, HistoryEvent.stream == id_text(ProcessInstance.id),
        HistoryEvent.seq == last.correlate(ProcessInstance).scalar_subquery(),
    )  # fmt: skip
    heads = (
        sa.select(ProcessInstance.id, HistoryEvent.seq, HistoryEvent.hash)
        .outerjoin(HistoryEvent, link)
        .order_by(ProcessInstance.id)
        .with_for_update(of=ProcessInstance)
    )
    ctx.flush()
    for some in chunks(sorted(set(instance_ids))):
        for instance_id, seq, digest in ctx.connection.execute(heads.where(ProcessInstance.id.in_(some))):
            ctx.chain.begin_at(instance_id, (seq or 0, digest or GENESIS))


def change_rows(
    connection: sa.Connection, table: Any, columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]]
) -> None:
    """Set ``columns`` of the rows of ``table`` whose id is the first value of each row to the values after it."""
    alike: dict[tuple[Any, ...], list[str]] = {}
    for row_id, *values in rows:
        alike.setdefault(tuple(values), []).append(row_id)
    single: list[dict[str, Any]] = []
    for new, ids in alike.items():
        if len(ids) < _ALIKE:
            single += [
                {"of_id": row_id, **{f"new_{c}": v for c, v in zip(columns, new, strict=True)}} for row_id in ids
            ]
            continue
        for some in chunks(ids):
            change = sa.update(table).where(table.c.id.in_(some)).values(dict(zip(columns, new, strict=True)))
            connection.execute(change)
    if single:
        _one_by_one(table, columns).run_each(connection, single)


@cache
def _one_by_one(table: Any, columns: tuple[str, ...]) -> Prepared:
    named = {column: sa.bindparam(f"new_{column}", type_=table.c[column].type) for column in columns}
    return Prepared(sa.update(table).where(table.c.id == sa.bindparam("of_id", type_=table.c.id.type)).values(named))
