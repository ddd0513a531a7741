"""Merkle tree of RFC 6962 over SHA-256: roots, inclusion and consistency proofs.

Used wherever this system promises that a list only ever grows: the history chain
and the public log of draws.  ``leaf = SHA256(0x00 ‖ data)``,
``node = SHA256(0x01 ‖ left ‖ right)``; the root of no leaves is ``SHA256("")``.

Hashes are 32 raw bytes.  Proofs are lists of such hashes, ordered from the leaf to
the root as in RFC 6962 §2.1.1 and §2.1.2.  Verification never raises on a wrong
proof; it answers ``False``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """The hash under which ``data`` stands in the tree."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(size: int) -> int:
    """The largest power of two smaller than ``size`` (``size`` ≥ 2)."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_path(index: int, size: int) -> list[tuple[int, int]]:
    """Which ranges of leaves (start, end) an inclusion proof names, from the leaf to the root.

    Each starts at a multiple of the smallest power of two that holds it.  Raises IndexError outside.
    """
    if not 0 <= index < size:
        raise IndexError(f"leaf {index} is not in a tree of {size}")
    path: list[tuple[int, int]] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    return path[::-1]


def consistency_path(first: int, size: int) -> list[tuple[int, int]]:
    """Which ranges of leaves a consistency proof names; as :func:`inclusion_path`."""
    if not 0 <= first <= size:
        raise IndexError(f"a tree of {first} leaves cannot be older than one of {size}")
    if first in (0, size):
        return []
    path: list[tuple[int, int]] = []
    start, end, whole = 0, size, True
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start, whole = middle, False
    if not whole:
        path.append((start, end))
    return path[::-1]


class Tree:
    """A tree that grows by :meth:`append`; every proof about it costs O(log² n).

    Holds the hashes of all complete subtrees, about 64 bytes a leaf.
    """

    def __init__(self, leaf_hashes: Iterable[bytes] = ()) -> None:
        self._levels: list[list[bytes]] = [[]]
        for value in leaf_hashes:
            self.append_hash(value)

    def __len__(self) -> int:
        return len(self._levels[0])

    def append(self, data: bytes) -> int:
        """Add a leaf; return its index."""
        return self.append_hash(leaf_hash(data))

    def append_hash(self, value: bytes) -> int:
        """Add a leaf whose hash is known; return its index."""
        if len(value) != 32:
            raise ValueError("a leaf hash has 32 bytes")
        levels = self._levels
        index = len(levels[0])
        levels[0].append(value)
        level = 0
        while len(levels[level]) % 2 == 0:
            below = levels[level]
            if level + 1 == len(levels):
                levels.append([])
            levels[level + 1].append(node_hash(below[-2], below[-1]))
            level += 1
        return index

    def root(self, size: int | None = None) -> bytes:
        """The root of the first ``size`` leaves (all of them by default)."""
        size = self._checked(size)
        return self._range(0, size) if size else EMPTY_ROOT

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """The path that proves leaf ``index`` to be in the tree of the first ``size`` leaves."""
        return [self._range(start, end) for start, end in inclusion_path(index, self._checked(size))]

    def consistency_proof(self, first: int, size: int | None = None) -> list[bytes]:
        """The proof that the tree of ``first`` leaves is the beginning of the tree of ``size``.

        Empty when ``first`` is 0 or equals ``size``.
        """
        return [self._range(start, end) for start, end in consistency_path(first, self._checked(size))]

    def _checked(self, size: int | None) -> int:
        if size is None:
            return len(self)
        if not 0 <= size <= len(self):
            raise IndexError(f"the tree has {len(self)} leaves, not {size}")
        return size

    def _range(self, start: int, end: int) -> bytes:
        """The hash over leaves ``start`` … ``end``-1; ``start`` is aligned as RFC 6962 splits."""
        count = end - start
        if count & (count - 1) == 0:
            level = count.bit_length() - 1
            return self._levels[level][start >> level]
        middle = start + _split(count)
        return node_hash(self._range(start, middle), self._range(middle, end))


def root(leaf_hashes: Iterable[bytes]) -> bytes:
    """The root over ``leaf_hashes``, streamed: memory O(log n)."""
    peaks: list[tuple[int, bytes]] = []  # (leaves, hash) of complete subtrees, largest first
    for value in leaf_hashes:
        leaves = 1
        while peaks and peaks[-1][0] == leaves:
            value = node_hash(peaks.pop()[1], value)
            leaves *= 2
        peaks.append((leaves, value))
    if not peaks:
        return EMPTY_ROOT
    result = peaks.pop()[1]
    while peaks:
        result = node_hash(peaks.pop()[1], result)
    return result


def inclusion_proof(leaf_hashes: Sequence[bytes], index: int) -> list[bytes]:
    """The path from leaf ``index`` to the root over ``leaf_hashes``.  Raises IndexError outside."""
    return Tree(leaf_hashes).inclusion_proof(index)


def verify_inclusion(value: bytes, index: int, size: int, proof: Sequence[bytes], expected_root: bytes) -> bool:
    """Does ``proof`` show leaf hash ``value`` at ``index`` of the tree of ``size`` leaves with that root?"""
    if not 0 <= index < size or any(len(step) != 32 for step in proof):
        return False
    position, last, result = index, size - 1, value
    for step in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            result = node_hash(step, result)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            result = node_hash(result, step)
        position >>= 1
        last >>= 1
    return last == 0 and result == expected_root


def consistency_proof(leaf_hashes: Sequence[bytes], first: int) -> list[bytes]:
    """The proof that the first ``first`` of ``leaf_hashes`` are the older tree.  Raises IndexError outside."""
    return Tree(leaf_hashes).consistency_proof(first)


def verify_consistency(first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> bool:
    """Is the tree of ``second`` leaves an extension of the tree of ``first`` leaves?  (RFC 9162 §2.1.4.2)"""
    if not 0 <= first <= second or any(len(step) != 32 for step in proof):
        return False
    if first == 0:
        return not proof and first_root == EMPTY_ROOT
    if first == second:
        return not proof and first_root == second_root
    steps = list(proof)
    if first & (first - 1) == 0:
        steps.insert(0, first_root)
    if not steps:
        return False
    position, last = first - 1, second - 1
    while position & 1:
        position >>= 1
        last >>= 1
    older = newer = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            older, newer = node_hash(step, older), node_hash(step, newer)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            newer = node_hash(newer, step)
        position >>= 1
        last >>= 1
    return last == 0 and older == first_root and newer == second_root
