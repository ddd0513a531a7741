"""Search in the object registry: any condition, any order, page by page, at a million objects (ADR 0024).

The index answers a condition with sets of positions.  Few found objects are read and put in order;
of many, each segment gives its first few in its own order, and these are merged.  Objects the index
has not seen yet are read and asked themselves, so that a change is found at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection.models import InspectedObject
from engine.inspection.object_bits import SEGMENT, slots_of, to_int, union, unpack
from engine.inspection.object_conditions import AllOf, Between, Condition, Is, answer, tokens_in
from engine.inspection.object_models import ObjectLeft, ObjectPosting, ObjectSegment
from engine.inspection.object_orders import STRIDE, Key, Orders, Stream
from engine.inspection.object_terms import COLUMNS, ORDERS, order_key, tokens_of

#: Found objects of a segment that are read at first.
SOME = 16
#: The most of a segment that are read at once.
MANY = 1_024
#: Up to so many found objects are all read and sorted.
FEW = 1_000
#: Objects written since the index was last kept up that are read for each question.
UNSEEN = 2_000
#: Postings read at once when objects are listed by their tokens; a page needs far fewer.
TOKENS = 4_000

_OBJECTS = cast(sa.Table, InspectedObject.__table__)
Row = Mapping[Any, Any]
#: Told of a row whether it is really meant, where pairs of characters alone cannot know.
Check = Callable[[Row], bool]


@dataclass(frozen=True)
class Question:
    """What is looked for: ``check`` settles what the tokens leave open (None when nothing)."""

    condition: Condition = field(default_factory=AllOf)
    check: Check | None = None
    columns: tuple[str, ...] = ()  # that ``check`` reads
    #: Order → the least text of its key that the condition leaves: what stands before need not be looked at.
    least: Mapping[str, str] = field(default_factory=dict)


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
        left: dict[int, list[int]] = defaultdict(list)
        for position in self._session.scalars(
            sa.select(ObjectLeft.position).where(ObjectLeft.district_id == self._district)
        ):
            left[position // SEGMENT].append(position % SEGMENT)
        gone = {number: to_int(sorted(slots)) for number, slots in left.items()}
        self._indexed = [(number * SEGMENT, number * SEGMENT + filled) for number, _, filled in found]
        tokens, ranges = tokens_in(self._question.condition)
        postings = self._postings(tokens)
        spans = {span: self._span(span) for span in ranges}
        for number, live, _ in found:
            here = unpack(live) & ~gone.get(number, 0)
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
        held: dict[int, list[bytes]] = defaultdict(list)
        statement = sa.select(ObjectPosting.segment, ObjectPosting.slots).where(
            ObjectPosting.district_id == self._district,
            ObjectPosting.token >= span.low,
            ObjectPosting.token < span.high,
        )
        for number, slots in self._session.execute(statement):
            held[number].append(slots)
        return {number: union(several) for number, several in held.items()}

    def _ask_fresh(self) -> tuple[list[Row], int]:
        """Objects the index has not seen that are meant, and how many more there are than could be read."""
        end = max((last for _, last in self._indexed), default=0)
        district = _OBJECTS.c.district_id == self._district
        places = (_OBJECTS.c.position.is_(None), _OBJECTS.c.position >= end)
        # Counted first, by the index alone: while a large import runs, the rows would be read for nothing.
        some = [sa.select(_OBJECTS.c.position).where(district, place).limit(UNSEEN + 1).subquery() for place in places]
        if sum(self._session.scalar(sa.select(sa.func.count()).select_from(one)) or 0 for one in some) > UNSEEN:
            counts = [sa.select(sa.func.count()).where(district, place) for place in places]
            return [], sum(self._session.scalar(count) or 0 for count in counts)
        columns = [_OBJECTS.c[name] for name in ("position", *COLUMNS)]
        rows: list[Row] = []
        for place in places:
            rows += self._session.execute(sa.select(*columns).where(district, place)).mappings()
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

    def _meant(self, row: Row) -> bool:
        return self._question.check is None or self._question.check(row)

    # -- by the tokens they have ----------------------------------------------------------

    def by_token(self, span: Between, *, descending: bool) -> Iterator[tuple[str, list[int]]]:
        """Each token of the span, in order, with the positions of the found objects that have it."""
        found = {segment.number: segment.bits for segment in self._segments}
        seen = {token for row in self._fresh for token in tokens_of(row) if span.low <= token < span.high}
        while True:
            kept = self._postings_in(span, descending)
            whole = len(kept) < TOKENS
            cut = "" if whole else kept[-1][0]  # its other segments may be missing
            here: dict[str, list[tuple[int, bytes]]] = {token: [] for token in seen}
            for token, number, slots in kept:
                if token != cut:
                    here.setdefault(token, []).append((number, slots))
            if not whole:
                here = {token: held for token, held in here.items() if (token > cut) == descending and token != cut}
            for token in sorted(here, reverse=descending):
                held = [(number * SEGMENT, unpack(slots) & found.get(number, 0)) for number, slots in here[token]]
                positions = [base + slot for base, bits in held for slot in slots_of(bits)]
                if positions or token in seen:
                    yield token, positions
            if whole:
                return
            seen -= set(here)
            span = Between(span.low, f"{cut}!") if descending else Between(cut, span.high)

    def _postings_in(self, span: Between, descending: bool) -> Sequence[sa.Row[tuple[str, int, bytes]]]:
        token = ObjectPosting.token
        statement = sa.select(token, ObjectPosting.segment, ObjectPosting.slots).where(
            ObjectPosting.district_id == self._district, token >= span.low, token < span.high
        )
        return self._session.execute(statement.order_by(token.desc() if descending else token).limit(TOKENS)).all()

    def fresh_with(self, token: str) -> list[str]:
        """Codes of the found objects the index has not seen that have the token."""
        return [row["uscc"] for row in self._fresh if token in tokens_of(row)]

    # -- in order -----------------------------------------------------------------------

    def page(self, order: str, *, descending: bool, size: int, after: Key | None = None) -> Found:
        """``size`` objects in ``order`` behind the key ``after``; raises KeyError for an order that is unknown."""
        column = ORDERS[order][0]
        if self.total <= FEW:
            rows = [row for row in self._read(self._positions(), column) if self._meant(row)] + list(self._fresh)
            keys = [order_key(order, row) for row in rows]
            return self._found(_ahead(keys, after, descending), size, len(keys), exact=True)
        if after is None and not descending and (least := self._question.least.get(order)):
            after = (least, "")
        ahead = self._first(order, size + 1, descending, after)
        return self._found(ahead, size, self.total, exact=self._question.check is None)

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

    def _first(self, order: str, wanted: int, descending: bool, after: Key | None) -> list[Key]:
        """The next keys in order: a segment is read on while it may still hold one before the last of them."""
        column = ORDERS[order][0]
        streams = [Stream(segment.number, segment.bits, segment.count) for segment in self._segments]
        orders = Orders(self._session, self._district, order, streams, descending=descending, after=after)
        keys = _ahead([order_key(order, row) for row in self._fresh], after, descending)
        chunk = max(SOME, 2 * wanted // max(len(streams), 1)) + (STRIDE if after else 0)
        hungry: Sequence[Stream] = streams
        while hungry:
            orders.refill(hungry, chunk)
            taken = {stream.segment: stream.take(chunk) for stream in hungry}
            lasts: dict[int, Key] = {}
            for number, key, row in self._keyed(taken, order, column):
                lasts[number] = (min if descending else max)(lasts.get(number, key), key)
                if self._meant(row):
                    keys.append(key)
            keys = _ahead(keys, after, descending)
            for stream in hungry:
                stream.last = lasts.get(stream.segment, stream.last)
            limit = keys[wanted - 1] if len(keys) >= wanted else None
            hungry = [s for s in streams if s.open and (not limit or not s.last or _beyond(limit, s.last, descending))]
            chunk = min(2 * chunk, MANY)
        return keys[:wanted]

    def _keyed(self, taken: Mapping[int, Sequence[int]], order: str, column: str) -> Iterator[tuple[int, Key, Row]]:
        """Segment, key and row of some slots."""
        places = {number * SEGMENT + slot: number for number, slots in taken.items() for slot in slots}
        for row in self._read(list(places), "position", column):
            yield places[row["position"]], order_key(order, row), row


def _beyond(key: Key, after: Key, descending: bool) -> bool:
    return key < after if descending else key > after


def _ahead(keys: Iterable[Key], after: Key | None, descending: bool) -> list[Key]:
    """The keys behind ``after``, in order."""
    return sorted((key for key in keys if after is None or _beyond(key, after, descending)), reverse=descending)
