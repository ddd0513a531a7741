"""The verifiable draw of objects, protocol SSJ1.  Standard library only; nothing else of this system inside.

This file is meant to be downloaded and read by anyone who wants to recompute a
draw.  There is no random number generator in it: which objects are drawn follows
from hashes of a seed that nobody could know when the lists were committed.

Hash ``H`` is lowercase-hex SHA-256 (or SM3 when the manifest says so) of UTF-8 bytes.

* ``seed = H("SSJ1|" draw_id "|" entropy)``
* ``salt(id) = H(K "|S|" id)`` in sealed mode, else empty
* ``ticket(id) = H(seed "|O|" id "|" salt)``; in every stratum the ``n_h`` smallest
  tickets are drawn, ties by the bytes of the id
* Merkle leaf ``SHA256(0x00 ‖ id TAB stratum TAB salt)``, node ``SHA256(0x01 ‖ L ‖ R)``
  (RFC 6962), leaves in the order of the raw id bytes

Wrong input raises :class:`DrawError`; its text is English and names the offending
value, callers translate it for the people they serve.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

SPEC = "SSJ1"
MILLION = 1_000_000
HASHES = ("sha256", "sm3")
ROUNDINGS = ("ceil", "hamilton", "systematic")
MODES = ("open", "sealed")

#: Characters that separate fields, and so may not stand in one.
FORBIDDEN = "|\t\r\n"

#: Gives a fresh stream of ``(id, stratum)`` each time it is called.
Rows = Callable[[], Iterable[tuple[str, str]]]


class DrawError(ValueError):
    """The input of a draw breaks the protocol."""


# ---------------------------------------------------------------- hashing


def new_hash(name: str, data: bytes = b"") -> Any:
    """A hash object (``update``, ``copy``, ``digest``, ``hexdigest``) of the named algorithm."""
    if name == "sha256":
        return hashlib.sha256(data)
    if name == "sm3":
        try:
            return hashlib.new("sm3", data)
        except ValueError:  # this OpenSSL was built without it
            return PlainSM3(data)
    raise DrawError(f"unknown hash {name!r}")


def digest_hex(name: str, text: str) -> str:
    """``H`` of the protocol."""
    return str(new_hash(name, text.encode()).hexdigest())


class PlainSM3:
    """SM3 (GB/T 32905-2016) in plain Python, for machines whose OpenSSL lacks it; slow but exact."""

    _IV = (0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600, 0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E)

    def __init__(self, data: bytes = b"") -> None:
        self._data = bytes(data)

    def update(self, data: bytes) -> None:
        self._data += data

    def copy(self) -> PlainSM3:
        return PlainSM3(self._data)

    def hexdigest(self) -> str:
        return self.digest().hex()

    def digest(self) -> bytes:
        size = len(self._data)
        padded = self._data + b"\x80" + b"\x00" * ((55 - size) % 64) + (size * 8).to_bytes(8, "big")
        state: tuple[int, ...] = self._IV
        for start in range(0, len(padded), 64):
            state = _sm3_block(state, padded[start : start + 64])
        return b"".join(word.to_bytes(4, "big") for word in state)


def _rotate(value: int, count: int) -> int:
    count %= 32
    return ((value << count) | (value >> (32 - count))) & 0xFFFFFFFF


def _sm3_block(state: tuple[int, ...], block: bytes) -> tuple[int, ...]:
    w = [int.from_bytes(block[i : i + 4], "big") for i in range(0, 64, 4)]
    for j in range(16, 68):
        x = w[j - 16] ^ w[j - 9] ^ _rotate(w[j - 3], 15)
        w.append(x ^ _rotate(x, 15) ^ _rotate(x, 23) ^ _rotate(w[j - 13], 7) ^ w[j - 6])
    a, b, c, d, e, f, g, h = state
    for j in range(64):
        early = j < 16
        ss1 = _rotate((_rotate(a, 12) + e + _rotate(0x79CC4519 if early else 0x7A879D8A, j)) & 0xFFFFFFFF, 7)
        ff = a ^ b ^ c if early else (a & b) | (a & c) | (b & c)
        gg = e ^ f ^ g if early else (e & f) | (~e & g)
        tt1 = (ff + d + (ss1 ^ _rotate(a, 12)) + (w[j] ^ w[j + 4])) & 0xFFFFFFFF
        tt2 = (gg + h + ss1 + w[j]) & 0xFFFFFFFF
        a, b, c, d = tt1, a, _rotate(b, 9), c
        e, f, g, h = tt2 ^ _rotate(tt2, 9) ^ _rotate(tt2, 17), e, _rotate(f, 19), g
    return tuple(x ^ y for x, y in zip(state, (a, b, c, d, e, f, g, h), strict=True))


# ---------------------------------------------------------------- seed, salt, ticket


def check_field(value: str, what: str) -> str:
    """Return ``value`` when it may stand in a hashed line, else raise :class:`DrawError`."""
    if any(mark in value for mark in FORBIDDEN):
        raise DrawError(f"{what} {value!r} contains a separator")
    return value


def witness_commitment(nonce: str, part: str) -> str:
    """What a witness's device logs before any part is revealed: always SHA-256."""
    return hashlib.sha256(f"{nonce}|{part}".encode()).hexdigest()


def join_entropy(parts: Sequence[str]) -> str:
    """The revealed parts in the manifest's order; a part holds no separator and no ``;``."""
    for part in parts:
        check_field(part, "entropy part")
        if ";" in part or not part:
            raise DrawError(f"entropy part {part!r} is empty or contains ';'")
    return ";".join(parts)


def seed_of(hash_name: str, draw_id: str, entropy: str) -> str:
    """The seed from which everything else of the draw follows."""
    check_field(draw_id, "draw id")
    return digest_hex(hash_name, f"{SPEC}|{draw_id}|{entropy}")


def salt_of(hash_name: str, key: str, object_id: str) -> str:
    """The salt of an object; empty in open mode, where there is no key."""
    return digest_hex(hash_name, f"{key}|S|{object_id}") if key else ""


def ticket_of(hash_name: str, seed: str, object_id: str, salt: str = "") -> str:
    """The lot of an object: the smaller, the sooner drawn."""
    return digest_hex(hash_name, f"{seed}|O|{object_id}|{salt}")


# ---------------------------------------------------------------- quotas


def quotas(
    counts: Mapping[str, int], ppm: Mapping[str, int], rounding: str, seed: str, hash_name: str = "sha256"
) -> dict[str, int]:
    """How many objects each stratum yields, in integers; ``ppm`` is parts per million of its size.

    Every answer differs from the exact share by less than one.
    """
    if rounding not in ROUNDINGS:
        raise DrawError(f"unknown rounding {rounding!r}")
    strata = sorted(counts, key=str.encode)
    exact: dict[str, int] = {}
    for stratum in strata:
        if stratum not in ppm:
            raise DrawError(f"no ratio for stratum {stratum!r}")
        if not 0 <= ppm[stratum] <= MILLION:
            raise DrawError(f"ratio of stratum {stratum!r} is not within 0 and 1,000,000")
        exact[stratum] = counts[stratum] * ppm[stratum]
    if rounding == "ceil":
        return {s: (exact[s] + MILLION - 1) // MILLION for s in strata}
    if rounding == "hamilton":
        result = {s: exact[s] // MILLION for s in strata}
        left = (sum(exact.values()) + MILLION - 1) // MILLION - sum(result.values())
        order = sorted(strata, key=lambda s: (-(exact[s] % MILLION), digest_hex(hash_name, f"{seed}|Q|{s}"), s))
        for stratum in order[:left]:
            result[stratum] += 1
        return result
    start = (int(digest_hex(hash_name, f"{seed}|Q|")[:32], 16) * MILLION) >> 128
    result, total = {}, 0
    for stratum in strata:
        before, total = total, total + exact[stratum]
        result[stratum] = (total + start) // MILLION - (before + start) // MILLION
    return result


# ---------------------------------------------------------------- selection


@dataclass(frozen=True, slots=True)
class Selection:
    """What was drawn: ids in ticket order, quota and last drawn ticket of every stratum."""

    drawn: dict[str, list[str]]
    quotas: dict[str, int]
    counts: dict[str, int]
    #: the largest drawn ticket of each stratum; empty where nothing was drawn
    thresholds: dict[str, str]


def select(
    rows: Rows,
    *,
    seed: str,
    ppm: Mapping[str, int],
    rounding: str,
    hash_name: str = "sha256",
    key: str = "",
    failed: Collection[str] = (),
    counts: Mapping[str, int] | None = None,
) -> Selection:
    """Draw: the ``n_h`` smallest tickets of every stratum without the logged failures.

    ``failed`` removes objects without changing the quotas, so every failure lets
    the next ticket of its stratum move up, whatever the order of processing.
    A stratum with fewer objects than its quota after failures is drawn whole.
    ``counts`` saves a pass over ``rows`` when the sizes of the strata are known.
    """
    sizes: dict[str, int] = dict(counts) if counts is not None else {}
    if counts is None:
        for _, stratum in rows():
            sizes[stratum] = sizes.get(stratum, 0) + 1
    wanted = quotas(sizes, ppm, rounding, seed, hash_name)
    lost = frozenset(failed)
    kept = _smallest(rows, wanted, sizes, seed, hash_name, key, lost)
    drawn = {s: [object_id for _, object_id in kept[s]] for s in wanted}
    thresholds = {s: kept[s][-1][0].hex() if kept[s] else "" for s in wanted}
    return Selection(drawn, wanted, sizes, thresholds)


def _smallest(
    rows: Rows, wanted: Mapping[str, int], sizes: Mapping[str, int], seed: str, hash_name: str, key: str,
    lost: frozenset[str],
) -> dict[str, list[tuple[bytes, str]]]:  # fmt: skip
    """The smallest ``(ticket, id)`` of every stratum, sorted.

    Nearly all rows are dropped at once by a bound that the wanted tickets exceed
    with negligible probability; where it was too tight the rows are read again.
    """
    everything = b"\xff" * 33
    limits: dict[str, bytes] = {}
    for stratum, count in wanted.items():
        if count == 0:
            continue
        bound = ((count + len(lost) + 6 * (math.isqrt(count) + 1) + 10) << 64) // sizes[stratum]
        limits[stratum] = bound.to_bytes(8, "big") if bound < 1 << 64 else everything
    kept: dict[str, list[tuple[bytes, str]]] = {s: [] for s in wanted}
    open_strata = limits
    while open_strata:
        for object_id, stratum, ticket in _tickets(rows(), seed, hash_name, key, open_strata):
            if object_id not in lost:
                kept[stratum].append((ticket, object_id))
        again: dict[str, bytes] = {}
        for stratum, limit in open_strata.items():
            if len(kept[stratum]) < wanted[stratum] and limit is not everything:
                again[stratum], kept[stratum] = everything, []
            else:
                # bytes of the id break ties, as the protocol says
                kept[stratum].sort(key=lambda pair: (pair[0], pair[1].encode()))
                del kept[stratum][wanted[stratum] :]
        open_strata = again
    return kept


def _tickets(
    rows: Iterable[tuple[str, str]], seed: str, hash_name: str, key: str, limits: Mapping[str, bytes]
) -> Iterator[tuple[str, str, bytes]]:
    """``(id, stratum, ticket)`` of the rows whose ticket lies below the limit of their stratum."""
    copy_ticket = new_hash(hash_name, f"{seed}|O|".encode()).copy
    copy_salt = new_hash(hash_name, f"{key}|S|".encode()).copy if key else None
    limit_of = limits.get
    for object_id, stratum in rows:
        limit = limit_of(stratum)
        if limit is None:
            continue
        raw = object_id.encode()
        ticket = copy_ticket()
        if copy_salt is None:
            ticket.update(raw + b"|")
        else:
            salt = copy_salt()
            salt.update(raw)
            ticket.update(raw + b"|" + salt.hexdigest().encode())
        value = ticket.digest()
        if value < limit:
            yield object_id, stratum, value


def late_addition_is_drawn(ticket: str, threshold: str) -> bool:
    """An object committed late, with a seed of its own, is in when its ticket is at most the threshold.

    ``threshold`` is the largest drawn ticket of its stratum; nothing enters a stratum that yielded nothing.
    """
    return bool(threshold) and ticket <= threshold


# ---------------------------------------------------------------- Merkle commitment of the list


def leaf_of(object_id: str, stratum: str, salt: str = "") -> bytes:
    """The leaf under which an object is committed."""
    return hashlib.sha256(b"\x00" + f"{object_id}\t{stratum}\t{salt}".encode()).digest()


def leaves_of(rows: Iterable[tuple[str, str]], hash_name: str = "sha256", key: str = "") -> Iterator[bytes]:
    """Leaves of rows that are sorted by the raw bytes of their ids; DrawError when they are not."""
    copy_salt = new_hash(hash_name, f"{key}|S|".encode()).copy if key else None
    last = b""
    sha256 = hashlib.sha256
    for object_id, stratum in rows:
        raw = object_id.encode()
        if raw <= last:
            raise DrawError(f"{object_id!r} is out of order or listed twice")
        last = raw
        line = b"\x00" + raw + b"\t" + stratum.encode() + b"\t"
        if copy_salt is not None:
            salt = copy_salt()
            salt.update(raw)
            line += salt.hexdigest().encode()
        yield sha256(line).digest()


def merkle_levels(leaves: Iterable[bytes]) -> list[list[bytes]]:
    """All levels from the leaves to the root; a lone last node moves up unchanged, which is RFC 6962's tree."""
    level = list(leaves)
    levels = [level]
    sha256 = hashlib.sha256
    while len(level) > 1:
        above = [sha256(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        if len(level) % 2:
            above.append(level[-1])
        level = above
        levels.append(level)
    return levels


#: Leaves hashed at a time; the root of many millions needs no more memory than that of a block.
BLOCK = 1 << 14


def merkle_root(leaves: Iterable[bytes]) -> str:
    """The root in hex; of no leaves the SHA-256 of nothing.  Reads the leaves as a stream."""
    roots: list[tuple[int, bytes]] = []  # (number of leaves, root) of whole blocks, largest first
    stream = iter(leaves)
    while block := list(islice(stream, BLOCK)):
        size, value = len(block), merkle_levels(block)[-1][0]
        # Two equal whole blocks are one twice as large, exactly as RFC 6962 splits the list.
        while size % BLOCK == 0 and roots and roots[-1][0] == size:
            value = hashlib.sha256(b"\x01" + roots.pop()[1] + value).digest()
            size *= 2
        roots.append((size, value))
    if not roots:
        return hashlib.sha256(b"").hexdigest()
    _, root = roots.pop()
    while roots:
        root = hashlib.sha256(b"\x01" + roots.pop()[1] + root).digest()
    return root.hex()


def merkle_path(levels: Sequence[Sequence[bytes]], index: int) -> list[str]:
    """The neighbours (hex) that lead from leaf ``index`` to the root."""
    if not 0 <= index < len(levels[0]):
        raise DrawError(f"there is no leaf {index}")
    path = []
    for level in levels[:-1]:
        neighbour = index ^ 1
        if neighbour < len(level):
            path.append(level[neighbour].hex())
        index >>= 1
    return path


def merkle_path_holds(leaf: bytes, index: int, count: int, path: Sequence[str], root: str) -> bool:
    """Does ``path`` lead from ``leaf`` at ``index`` among ``count`` leaves to ``root``?"""
    if not 0 <= index < count:
        return False
    steps, value, width = list(path), leaf, count
    try:
        while width > 1:
            if index ^ 1 < width:
                neighbour = bytes.fromhex(steps.pop(0))
                pair = neighbour + value if index & 1 else value + neighbour
                value = hashlib.sha256(b"\x01" + pair).digest()
            index, width = index >> 1, (width + 1) >> 1
    except (IndexError, ValueError):
        return False
    return not steps and value.hex() == root


# ---------------------------------------------------------------- the firm's own proof


@dataclass(frozen=True, slots=True)
class DoorProof:
    """What a drawn firm needs to see that it was on the committed list and that its lot was drawn."""

    hash: str
    draw_id: str
    object_id: str
    stratum: str
    salt: str
    seed: str
    threshold: str
    index: int
    count: int
    path: tuple[str, ...]
    merkle: str

    @property
    def ticket(self) -> str:
        return ticket_of(self.hash, self.seed, self.object_id, self.salt)

    def on_the_list(self) -> bool:
        """Was this line, with this salt, in the list committed under ``merkle``?"""
        leaf = leaf_of(self.object_id, self.stratum, self.salt)
        return merkle_path_holds(leaf, self.index, self.count, self.path, self.merkle)

    def drawn(self) -> bool:
        """Is this firm's lot at or below the last drawn one of its stratum?"""
        return bool(self.threshold) and self.ticket <= self.threshold
