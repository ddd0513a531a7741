"""Search in the object registry: any condition, any order, page by page, at a million objects (ADR 0035).

The index answers a condition with sets of positions.  Few found objects are read and put in order;
of many, each segment gives its first few in its own order, and these are merged.  Objects the index
has not seen yet are read and asked themselves, so that a change is found at once.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress, islice
from typing import Any, cast

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection.models import InspectedObject
from engine.inspection.object_bits import SEGMENT, flags, numbers, slots_of, unpack
from engine.inspection.object_conditions import AllOf, Between, Condition, Is, answer, tokens_in
from engine.inspection.object_index import STRIDE
from engine.inspection.object_models import ObjectLeft, ObjectPosting, ObjectSegment
from engine.inspection.object_terms import COLUMNS, ORDERS, order_key, tokens_of

#: Up to so many found objects are all read and sorted.
FEW = 1_000
#: Objects written since the index was last kept up that are read for each question.
UNSEEN = 2_000

_OBJECTS = cast(sa.Table, InspectedObject.__table__)
Row = Mapping[Any, Any]
Key = tuple[str, str]
#: Told of a row whether it is really meant, where pairs of characters alone cannot know.
Check = Callable[[Row], bool]


@dataclass(frozen=True)
class Question:
    """What is looked for: ``check`` settles what the tokens leave open (None when nothing)."""

    condition: Condition = field(default_factory=AllOf)
    check: Check | None = None
    columns: tuple[str, ...] = ()  # that ``check`` reads


@dataclass(frozen=True)
class Found:
    """``usccs`` of one page, ``more`` says whether others follow in the direction of reading.

    ``total`` is the number of all found objects, only "at least about" when ``exact`` is false.
    """

    usccs: list[str]
    keys: list[Key]
    more: bool
    total: int
    exact: bool
    unseen: int = 0


@dataclass
class _Segment:
    """The found positions of one segment."""

    number: int
    bits: int
    count: int


class Search:
    """One question asked of one moment of the registry; made inside a reading session."""

    def __init__(self, session: Session, district_id: str, question: Question) -> None:
        self._session, self._district, self._question = session, district_id, question
        self._segments = [s for s in self._ask_segments() if s.count]
        self._fresh, self.unseen = self._ask_fresh()
        self.total = sum(segment.count for segment in self._segments) + len(self._fresh)

    # -- what is found ------------------------------------------------------------------

    def _ask_segments(self) -> Iterator[_Segment]:
        found = self._session.execute(
            sa.select(ObjectSegment.number, ObjectSegment.live, ObjectSegment.filled)
            .where(ObjectSegment.district_id == self._district)
            .order_by(ObjectSegment.number)
        ).all()
        gone: dict[int, int] = defaultdict(int)
        for position in self._session.scalars(
            sa.select(ObjectLeft.position).where(ObjectLeft.district_id == self._district)
        ):
            gone[position // SEGMENT] |= 1 << position % SEGMENT
        self._indexed = [(number * SEGMENT, number * SEGMENT + filled) for number, _, filled in found]
        tokens, ranges = tokens_in(self._question.condition)
        postings = self._postings(tokens)
        spans = {span: self._span(span) for span in ranges}
        for number, live, _ in found:
            here = unpack(live) & ~gone[number]
            if not here:
                continue

            def lookup(asked: Is | Between, number: int = number) -> int:
                kept = postings[asked.token] if isinstance(asked, Is) else spans[asked]
                return kept.get(number, 0)

            bits = answer(self._question.condition, here, lookup)
            yield _Segment(number, bits, bits.bit_count())

    def _postings(self, tokens: Iterable[str]) -> Mapping[str, Mapping[int, int]]:
        found: dict[str, dict[int, int]] = defaultdict(dict)
        if tokens:
            statement = sa.select(ObjectPosting.token, ObjectPosting.segment, ObjectPosting.slots).where(
                ObjectPosting.district_id == self._district, ObjectPosting.token.in_(sorted(tokens))
            )
            for token, number, slots in self._session.execute(statement):
                found[token][number] = unpack(slots)
        return found

    def _span(self, span: Between) -> Mapping[int, int]:
        found: dict[int, int] = defaultdict(int)
        statement = sa.select(ObjectPosting.segment, ObjectPosting.slots).where(
            ObjectPosting.district_id == self._district,
            ObjectPosting.token >= span.low,
            ObjectPosting.token < span.high,
        )
        for number, slots in self._session.execute(statement):
            found[number] |= unpack(slots)
        return found

    def _ask_fresh(self) -> tuple[list[Row], int]:
        """Objects the index has not seen that are meant, and how many more there are than could be read."""
        end = max((last for _, last in self._indexed), default=0)
        columns = [_OBJECTS.c[name] for name in ("position", *COLUMNS)]
        rows: list[Row] = []
        for missing in (_OBJECTS.c.position.is_(None), _OBJECTS.c.position >= end):
            rows += self._session.execute(
                sa.select(*columns).where(_OBJECTS.c.district_id == self._district, missing).limit(UNSEEN + 1)
            ).mappings()
        if len(rows) > UNSEEN:
            return [], self._count_fresh(end)
        postings: dict[str, int] = defaultdict(int)
        for number, row in enumerate(rows):
            for token in tokens_of(row):
                postings[token] |= 1 << number

        def lookup(asked: Is | Between) -> int:
            if isinstance(asked, Is):
                return postings.get(asked.token, 0)
            bits = 0
            for token, held in postings.items():
                if asked.low <= token < asked.high:
                    bits |= held
            return bits

        bits = answer(self._question.condition, (1 << len(rows)) - 1, lookup)
        meant = [rows[slot] for slot in slots_of(bits)]
        return [row for row in meant if self._meant(row)], 0

    def _count_fresh(self, end: int) -> int:
        return sum(
            self._session.scalar(
                sa.select(sa.func.count()).where(_OBJECTS.c.district_id == self._district, missing)
            )
            or 0
            for missing in (_OBJECTS.c.position.is_(None), _OBJECTS.c.position >= end)
        )  # fmt: skip

    def _meant(self, row: Row) -> bool:
        return self._question.check is None or self._question.check(row)

    # -- in order -----------------------------------------------------------------------

    def page(self, order: str, *, descending: bool, size: int, after: Key | None = None) -> Found:
        """``size`` objects in ``order`` behind the key ``after``; raises KeyError for an order that is unknown."""
        column = ORDERS[order][0]
        if self.total <= FEW:
            rows = [row for row in self._read(self._positions(), column) if self._meant(row)] + list(self._fresh)
            keys = sorted((order_key(order, row) for row in rows), reverse=descending)
            ahead = [key for key in keys if after is None or _beyond(key, after, descending)]
            return self._found(ahead, size, len(keys), exact=True)
        wanted = size + 1
        keys = []
        while True:
            some, more = self._first(order, column, descending, wanted, after)
            keys += [key for key, row in some if self._meant(row)]
            if len(keys) >= wanted or not more:
                break
            after = some[-1][0]
        return self._found(keys, size, self.total, exact=self._question.check is None)

    def _found(self, keys: Sequence[Key], size: int, total: int, *, exact: bool) -> Found:
        shown = list(keys[:size])
        return Found([uscc for _, uscc in shown], shown, len(keys) > size, total, exact, self.unseen)

    def _positions(self) -> list[int]:
        return [segment.number * SEGMENT + slot for segment in self._segments for slot in slots_of(segment.bits)]

    def _read(self, positions: Sequence[int], *columns: str) -> list[Row]:
        names = dict.fromkeys(("uscc", *columns, *self._question.columns))
        selected = [_OBJECTS.c[name] for name in names]
        rows: list[Row] = []
        for start in range(0, len(positions), 5_000):
            some = positions[start : start + 5_000]
            rows += self._session.execute(
                sa.select(*selected).where(_OBJECTS.c.district_id == self._district, _OBJECTS.c.position.in_(some))
            ).mappings()
        return rows

    def _first(
        self, order: str, column: str, descending: bool, wanted: int, after: Key | None
    ) -> tuple[list[tuple[Key, Row]], bool]:
        """The next keys in order with their rows, and whether others may follow."""
        numbers_ = [segment.number for segment in self._segments]
        placed = self._blobs(f"order:{order}", numbers_)
        marks = self._blobs(f"keys:{order}", numbers_) if after else {}
        positions: list[int] = []
        full = False
        for segment in self._segments:
            slots = numbers(placed[segment.number])
            start = _start(orjson.loads(marks[segment.number]), after, len(slots), descending) if after else 0
            reach = wanted + (2 * STRIDE if after else 0)
            inside = flags(segment.bits)
            ahead = slots[: len(slots) - start][::-1] if descending else slots[start:]
            some = list(islice(compress(ahead, map(inside.__getitem__, ahead)), reach))
            full = full or len(some) == reach
            positions += [segment.number * SEGMENT + slot for slot in some]
        rows = self._read(positions, column) + list(self._fresh)
        keyed = [(order_key(order, row), row) for row in rows]
        keyed = [entry for entry in keyed if after is None or _beyond(entry[0], after, descending)]
        keyed.sort(key=lambda entry: entry[0], reverse=descending)
        return keyed[:wanted], full or len(keyed) > wanted

    def _blobs(self, token: str, numbers_: Sequence[int]) -> dict[int, bytes]:
        statement = sa.select(ObjectPosting.segment, ObjectPosting.slots).where(
            ObjectPosting.district_id == self._district, ObjectPosting.token == token,
            ObjectPosting.segment.in_(numbers_),
        )  # fmt: skip
        return {number: slots for number, slots in self._session.execute(statement)}


def _start(marks: list[str], after: Key, count: int, descending: bool) -> int:
    """How many of a segment's objects surely stand before ``after`` in the direction of reading."""
    key = f"{after[0]}\0{after[1]}"
    place = bisect_left(marks, key)
    if descending:
        return max(count - place * STRIDE, 0)
    return max(place - 1, 0) * STRIDE


def _beyond(key: Key, after: Key, descending: bool) -> bool:
    return key < after if descending else key > after
