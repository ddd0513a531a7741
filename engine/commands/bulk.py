"""Work on very many rows in few statements, on both databases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

from engine.commands.context import CommandContext
from engine.db import id_text
from engine.history import GENESIS
from engine.models import HistoryEvent, ProcessInstance

#: Rows that are read and written at a time; SQLite lists 32,766 values in a statement.
CHUNK = 5_000
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
        sa.select(sa.type_coerce(ProcessInstance.id, Digits), HistoryEvent.seq, HistoryEvent.hash)
        .outerjoin(HistoryEvent, link)
        .order_by(ProcessInstance.id)
        .with_for_update(of=ProcessInstance)
    )
    ctx.flush()
    for some in chunks(sorted(set(instance_ids))):
        streams = {instance_id.replace("-", ""): instance_id for instance_id in some}
        for digits, seq, digest in ctx.connection.execute(heads.where(ProcessInstance.id.in_(some))):
            ctx.chain.begin_at(streams[digits], (seq or 0, digest or GENESIS))


class Digits(sa.types.TypeDecorator[str]):
    """An id as its digits alone, as it comes from SQLite: making a UUID of it takes longer than reading it."""

    impl = sa.String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return value

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> str | None:
        return None if value is None else str(value).replace("-", "")
