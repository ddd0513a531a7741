"""The search index of the object registry: kept beside the rows, behind them by what is written last (ADR 0024).

Whoever writes objects by a statement takes positions with :func:`reserve` and says with
:func:`leave` which they had before; objects changed through the session need nothing, their
position is taken away when they are flushed.  :func:`index_objects` indexes what has come since;
until then :mod:`engine.inspection.object_search` reads such rows themselves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapper, Session

from engine.db import Database, lock_key
from engine.inspection.models import InspectedObject, NumberSeries
from engine.inspection.object_bits import SEGMENT, pack, slots_of, unpack
from engine.inspection.object_models import ObjectLeft, ObjectPosting, ObjectSegment
from engine.inspection.object_orders import kept_order, key_text
from engine.inspection.object_terms import COLUMNS, ORDERS, order_key, pairs_of, values_of

SERIES = "object-position"
#: Objects without a position that get one in one transaction.
BATCH = 5_000

_OBJECTS = cast(sa.Table, InspectedObject.__table__)


# -- for those who write objects --------------------------------------------------------


def reserve(session: Session, district_id: str, count: int) -> int:
    """The first of ``count`` positions nobody has; others wait until this transaction ends."""
    lock_key(session, f"{SERIES}/{district_id}")
    row = session.get(NumberSeries, (district_id, SERIES), with_for_update=True)
    if row is None:
        row = NumberSeries(district_id=district_id, series=SERIES, last=0)
        session.add(row)
    first = row.last
    row.last += count
    session.flush()
    return first


def leave(session: Session | sa.Connection, district_id: str, positions: Collection[int | None]) -> None:
    """These positions are no longer the place of what the index says stands there."""
    rows = [{"district_id": district_id, "position": position} for position in positions if position is not None]
    if rows:
        session.execute(sa.insert(ObjectLeft), rows)


@event.listens_for(InspectedObject, "before_update")
def _unplace(_mapper: Mapper[Any], connection: sa.Connection, target: InspectedObject) -> None:
    """An object changed through the session waits for a new position."""
    old = target.position
    if old is not None:
        target.position = None
        connection.execute(sa.insert(ObjectLeft), {"district_id": target.district_id, "position": old})


# -- keeping the index up ---------------------------------------------------------------


def index_objects(database: Database, district_id: str, now: datetime) -> int:
    """Index everything written since the last time; returns how many objects were read.

    Each segment is one transaction; interrupted, it goes on where it stopped.
    """
    while _place(database, district_id):
        pass
    read = 0
    with database.read() as session:
        last = session.scalar(
            sa.select(NumberSeries.last).where(NumberSeries.district_id == district_id, NumberSeries.series == SERIES)
        )
        whole = set(
            session.scalars(
                sa.select(ObjectSegment.number).where(
                    ObjectSegment.district_id == district_id, ObjectSegment.filled == SEGMENT
                )
            )
        )
    for number in range(-(-(last or 0) // SEGMENT)):
        if number not in whole:
            read += _build(database, district_id, number, now)
    _clear(database, district_id)
    return read


def _place(database: Database, district_id: str) -> int:
    """Give positions to some objects that have none."""
    with database.write() as session:
        lock_key(session, f"{SERIES}/{district_id}")
        ids = session.scalars(
            sa.select(InspectedObject.id)
            .where(InspectedObject.district_id == district_id, InspectedObject.position.is_(None))
            .limit(BATCH)
            .with_for_update()
        ).all()
        if ids:
            first = reserve(session, district_id, len(ids))
            session.execute(
                sa.update(_OBJECTS)
                .where(_OBJECTS.c.id == sa.bindparam("of_id"))
                .values(position=sa.bindparam("at_position")),
                [{"of_id": identity, "at_position": first + n} for n, identity in enumerate(ids)],
            )
        return len(ids)


def _build(database: Database, district_id: str, number: int, now: datetime) -> int:
    """Index one segment anew; returns the number of its objects.

    What takes long is done before the transaction that writes.  One snapshot shows the counter and every
    object below it, because writers commit both together; who changes meanwhile leaves a position we have not seen.
    """
    base = number * SEGMENT
    with database.read() as session:
        series = session.get_one(NumberSeries, (district_id, SERIES))
        filled = min(series.last - base, SEGMENT)
        before = session.get(ObjectSegment, (district_id, number))
        was = before.filled if before else 0
        if was == filled:
            return 0
        seen = session.scalars(_left_in(district_id, base)).all()
        postings, orders, slots = _read(session, district_id, base, base + filled)
    kept = [(token, pack(held)) for token, held in postings.items()]
    if slots:
        kept += [entry for order, keys in orders.items() for entry in kept_order(order, keys, slots)]
    with database.write() as session:
        lock_key(session, f"{SERIES}/{district_id}")
        segment = session.get(ObjectSegment, (district_id, number))
        if (segment.filled if segment else 0) != was:
            return 0  # somebody else was quicker
        if segment is None:
            segment = ObjectSegment(district_id=district_id, number=number)
            session.add(segment)
        segment.filled, segment.live, segment.built_at = filled, pack(slots), now
        session.flush()
        here = (ObjectPosting.district_id == district_id, ObjectPosting.segment == number)
        session.execute(sa.delete(ObjectPosting).where(*here))
        _insert(session, district_id, number, kept)
        _forget_left(session, district_id, seen)
    return len(slots)


def _left_in(district_id: str, base: int) -> sa.Select[tuple[int]]:
    return sa.select(ObjectLeft.position).where(
        ObjectLeft.district_id == district_id, ObjectLeft.position >= base, ObjectLeft.position < base + SEGMENT
    )


def _insert(session: Session, district_id: str, number: int, kept: Sequence[tuple[str, bytes]]) -> None:
    kept = sorted(kept)
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        driver: Any = connection.connection.driver_connection
        with (
            driver.cursor() as cursor,
            cursor.copy("COPY object_posting (district_id, token, segment, slots) FROM STDIN (FORMAT BINARY)") as copy,
        ):
            copy.set_types(["varchar", "varchar", "int4", "bytea"])
            for token, slots in kept:
                copy.write_row((district_id, token, number, slots))
        return
    rows = [{"district_id": district_id, "token": t, "segment": number, "slots": s} for t, s in kept]
    if rows:
        connection.execute(sa.insert(ObjectPosting.__table__), rows)  # type: ignore[arg-type]


def _forget_left(session: Session, district_id: str, positions: Collection[int]) -> None:
    if positions:
        left: Any = ObjectLeft.__table__
        session.connection().execute(
            sa.delete(left).where(left.c.district_id == district_id, left.c.position == sa.bindparam("at_position")),
            [{"at_position": position} for position in positions],
        )


def _read(
    session: Session, district_id: str, first: int, end: int
) -> tuple[dict[str, list[int]], dict[str, list[str]], list[int]]:
    """Postings, the keys of every order, and the slots of the objects at positions ``first`` to ``end``."""
    postings: dict[str, list[int]] = defaultdict(list)
    orders: dict[str, list[str]] = {order: [] for order in ORDERS}
    slots: list[int] = []
    pairs: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for row in rows_between(session, district_id, first, end):
        slot = row["position"] - first
        slots.append(slot)
        for token in values_of(row):
            postings[token].append(slot)
        for letter, found in pairs_of(row):
            held = pairs[letter]
            for pair in found:
                held[pair].append(slot)
        for order, keys in orders.items():
            keys.append(key_text(order_key(order, row)))
    for letter, of_letter in pairs.items():
        postings |= {letter + pair: held for pair, held in of_letter.items()}
    return postings, orders, slots


def rows_between(session: Session, district_id: str, first: int, end: int) -> Iterator[dict[str, Any]]:
    """Position and indexed columns of the objects at some positions, ascending."""
    names = ("position", *COLUMNS)
    statement = (
        sa.select(*(_OBJECTS.c[name] for name in names))
        .where(_OBJECTS.c.district_id == district_id, _OBJECTS.c.position >= first, _OBJECTS.c.position < end)
        .order_by(_OBJECTS.c.position)
        .execution_options(yield_per=2_000)
    )
    for row in session.execute(statement):
        yield dict(zip(names, row, strict=True))


def _clear(database: Database, district_id: str) -> None:
    """Clear the bits of positions that were left; a segment nobody stands in any more loses its postings."""
    with database.write() as session:
        lock_key(session, f"{SERIES}/{district_id}")
        gone: dict[int, list[int]] = defaultdict(list)
        for position in session.scalars(sa.select(ObjectLeft.position).where(ObjectLeft.district_id == district_id)):
            gone[position // SEGMENT].append(position)
        for number, positions in gone.items():
            segment = session.get(ObjectSegment, (district_id, number))
            if segment is None:
                continue
            absent = {position % SEGMENT for position in positions}
            live = [slot for slot in slots_of(unpack(segment.live)) if slot not in absent]
            segment.live = pack(live)
            if not live:
                here = (ObjectPosting.district_id == district_id, ObjectPosting.segment == number)
                session.execute(sa.delete(ObjectPosting).where(*here))
            _forget_left(session, district_id, positions)
