"""Sets of positions within one segment: as integers to reckon with, as bytes to keep.

Bit *n* of the integer is the segment's *n*-th position.  Kept are few positions as two bytes
each, many as the bits themselves; the first byte says which.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Sequence
from itertools import compress

#: Positions of a segment; 16 bits name one.
SEGMENT = 1 << 16
#: Up to so many positions are kept one by one.
FEW = 1024

_LIST, _BITS = b"\0", b"\1"
_ONE = ord("1")
_TRUTH = bytes.maketrans(b"01", b"\0\1")


def pack(slots: Sequence[int]) -> bytes:
    """The bytes of some slots (ascending, each once)."""
    if len(slots) <= FEW:
        return _LIST + little(slots)
    return _BITS + to_int(slots).to_bytes((slots[-1] >> 3) + 1, "little")


def unpack(kept: bytes) -> int:
    """The integer of what :func:`pack` made."""
    if kept[:1] == _LIST:
        return to_int(numbers(kept[1:]))
    return int.from_bytes(kept[1:], "little")


def union(several: Iterable[bytes]) -> int:
    """The integer of all that some bytes of :func:`pack` hold: short ones are put together before they are read."""
    bits, short = 0, bytearray()
    for kept in several:
        if kept[:1] == _LIST:
            short += kept[1:]
        else:
            bits |= int.from_bytes(kept[1:], "little")
    return bits | to_int(sorted(set(numbers(bytes(short)))))


def to_int(slots: Sequence[int]) -> int:
    """Slots (ascending) as one integer."""
    if not len(slots):
        return 0
    if len(slots) > FEW:
        digits = bytearray(b"0") * (slots[-1] + 1)
        for slot in slots:
            digits[-1 - slot] = _ONE
        return int(digits, 2)
    room = bytearray((slots[-1] >> 3) + 1)
    for slot in slots:
        room[slot >> 3] |= 1 << (slot & 7)
    return int.from_bytes(room, "little")


def flags(bits: int) -> bytes:
    """One byte for every slot of a segment, 1 where the bit is set."""
    text = format(bits, "b").encode()[::-1].translate(_TRUTH)
    return text.ljust(SEGMENT, b"\0")


def slots_of(bits: int) -> list[int]:
    """The slots of an integer, ascending."""
    if not bits:
        return []
    digits = format(bits, "b").encode()[::-1]
    if bits.bit_count() > FEW:
        return list(compress(range(len(digits)), digits.translate(_TRUTH)))
    found, at = [], digits.find(b"1")
    while at >= 0:
        found.append(at)
        at = digits.find(b"1", at + 1)
    return found


def little(values: Iterable[int]) -> bytes:
    """Sixteen-bit numbers as bytes, the same on every machine."""
    found = array("H", values)
    if sys.byteorder == "big":
        found.byteswap()
    return found.tobytes()


def numbers(kept: bytes) -> array[int]:
    """The numbers of what :func:`little` made."""
    found = array("H", kept)
    if sys.byteorder == "big":
        found.byteswap()
    return found
