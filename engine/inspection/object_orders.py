"""Every segment's objects in each order, kept in parts, so that a page reads only the parts it stands in.

``order:name/03`` holds the fourth 4,096 slots of a segment by name, ``mask:name/03`` the same slots as a
set, ``keys:name/03`` the key of every 16th of them, ``keys:name`` the first key of every part.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain, compress, islice

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection.object_bits import SEGMENT, flags, little, numbers, pack, unpack
from engine.inspection.object_models import ObjectPosting

#: Slots of one part, and how many of them one kept key stands for.
PART, STRIDE = 4_096, 16
Key = tuple[str, str]


def kept_order(order: str, keys: Sequence[str], slots: Sequence[int]) -> Iterator[tuple[str, bytes]]:
    """What is kept of one segment's order: tokens with their bytes; ``keys`` are those of ``slots``."""
    places = sorted(range(len(keys)), key=keys.__getitem__)
    for number, start in enumerate(range(0, len(places), PART)):
        part = places[start : start + PART]
        held = [slots[place] for place in part]
        yield f"order:{order}/{number:02d}", little(held)
        yield f"mask:{order}/{number:02d}", pack(sorted(held))
        yield f"keys:{order}/{number:02d}", orjson.dumps([keys[place] for place in part[::STRIDE]])
    yield f"keys:{order}", orjson.dumps([keys[place] for place in places[::PART]])


def key_text(key: Key) -> str:
    """A key as it is kept."""
    return f"{key[0]}\0{key[1]}"


@dataclass
class Stream:
    """The found slots of one segment, handed out in order.

    ``parts`` are still to be read, ``cut`` is what counts of the first of them; ``hits`` says how many
    found slots a part holds, once that has been looked up.
    """

    segment: int
    bits: int
    count: int
    parts: list[int] = field(default_factory=list)
    cut: slice = field(default_factory=lambda: slice(None))
    hits: dict[int, int] | None = None
    last: Key | None = None  # of the slots handed out so far

    def __post_init__(self) -> None:
        self._inside = flags(self.bits)
        self._source: Iterator[int] = iter(())
        self._waiting: list[int] = []

    @property
    def open(self) -> bool:
        """Whether more may come."""
        self._waiting += islice(self._source, 0 if self._waiting else 1)
        return bool(self._waiting or self.parts)

    def ready(self, count: int) -> bool:
        """Whether ``count`` slots can be taken without reading on."""
        self._waiting += islice(self._source, max(count - len(self._waiting), 0))
        return len(self._waiting) >= count

    def add(self, slots: Sequence[int]) -> None:
        self._source = chain(self._source, compress(slots, map(self._inside.__getitem__, slots)))

    def take(self, count: int) -> list[int]:
        self.ready(count)
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        return taken

    def next_parts(self, wanted: int) -> list[int]:
        """Take off the parts that should hold ``wanted`` found slots: by their hits, else by the share found."""
        if self.hits is None:
            share = self.count / SEGMENT
            some = min(int(1.3 * wanted / max(share * PART, 0.01)) + 1, len(self.parts))
        else:
            sums = accumulate(self.hits[part] for part in self.parts)
            some = next((n for n, total in enumerate(sums, start=1) if total >= wanted), len(self.parts))
        taken, self.parts = self.parts[:some], self.parts[some:]
        return taken


class Orders:
    """The streams of some segments in one order and direction, behind the key ``after``."""

    def __init__(
        self, session: Session, district_id: str, order: str, streams: Sequence[Stream], *,
        descending: bool, after: Key | None,
    ) -> None:  # fmt: skip
        self._session, self._district, self._order, self._descending = session, district_id, order, descending
        self.streams = streams
        heads = self._blobs([f"keys:{order}"], {stream.segment for stream in streams})
        firsts = {stream.segment: orjson.loads(heads[stream.segment, f"keys:{order}"]) for stream in streams}
        if after is None:
            for stream in streams:
                stream.parts = self._directed(range(len(firsts[stream.segment])))
        else:
            self._begin(firsts, key_text(after))

    def _directed(self, parts: Sequence[int]) -> list[int]:
        return list(reversed(parts)) if self._descending else list(parts)

    def _begin(self, firsts: dict[int, list[str]], key: str) -> None:
        """Leave out what surely stands before ``key``; at most two strides of a segment may still do."""
        begin = {s.segment: max(bisect_left(firsts[s.segment], key) - 1, 0) for s in self.streams}
        kept = self._blobs({self._token("keys", part) for part in begin.values()}, set(begin))
        for stream in self.streams:
            part, parts = begin[stream.segment], len(firsts[stream.segment])
            place = bisect_left(orjson.loads(kept[stream.segment, self._token("keys", part)]), key)
            if self._descending:
                stream.parts = list(range(part, -1, -1))
                stream.cut = slice(place * STRIDE)
            else:
                stream.parts = list(range(part, parts))
                stream.cut = slice(max(place - 1, 0) * STRIDE, None)

    def refill(self, streams: Collection[Stream], wanted: int) -> None:
        """Read on until each of ``streams`` has ``wanted`` slots waiting or is at its end.

        When the first guess was too low, the found slots stand apart from the rest: then the masks say where.
        """
        again = False
        while hungry := [s for s in streams if s.parts and not s.ready(wanted)]:
            if again:
                self._survey([stream for stream in hungry if stream.hits is None])
            chosen = {stream.segment: stream.next_parts(wanted) for stream in hungry}
            kept = self._blobs({self._token("order", part) for parts in chosen.values() for part in parts}, set(chosen))
            for stream in hungry:
                for part in chosen[stream.segment]:
                    self._give(stream, numbers(kept[stream.segment, self._token("order", part)]))
            again = True

    def _survey(self, streams: Sequence[Stream]) -> None:
        """Count the found slots of every part that is left, and forget the parts without any."""
        tokens = {self._token("mask", part) for stream in streams for part in stream.parts}
        masks = self._blobs(tokens, {stream.segment for stream in streams}) if tokens else {}
        for stream in streams:
            held = {part: masks[stream.segment, self._token("mask", part)] for part in stream.parts}
            stream.hits = {part: (unpack(mask) & stream.bits).bit_count() for part, mask in held.items()}
            stream.parts = [part for part in stream.parts if stream.hits[part]]

    def _token(self, kind: str, part: int) -> str:
        return f"{kind}:{self._order}/{part:02d}"

    def _give(self, stream: Stream, slots: Sequence[int]) -> None:
        some = slots[stream.cut]
        stream.cut = slice(None)
        stream.add(some[::-1] if self._descending else some)

    def _blobs(self, tokens: Collection[str], segments: Collection[int]) -> dict[tuple[int, str], bytes]:
        statement = sa.select(ObjectPosting.segment, ObjectPosting.token, ObjectPosting.slots).where(
            ObjectPosting.district_id == self._district, ObjectPosting.token.in_(sorted(tokens)),
            ObjectPosting.segment.in_(sorted(segments)),
        )  # fmt: skip
        return {(segment, token): slots for segment, token, slots in self._session.execute(statement)}
