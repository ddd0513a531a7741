"""Proofs out of the sealed log: that an event is in a published root, that a later root goes on from it.

The log is read once, from its first leaf to the size asked for; what stays in memory is a
root for each tile and the leaves of the tiles a proof touches, however long the log is.
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine import merkle
from engine.errors import Conflict
from engine.history import TILE
from engine.models import HistoryEvent


class SealedLog:
    """The first ``size`` leaves of a district's sealed log.

    Raises :class:`Conflict` when leaves are missing: then the history itself must be verified first.
    """

    def __init__(self, session: Session, district_id: str, size: int) -> None:
        self._session, self._district_id, self.size = session, district_id, size
        self._tiles: list[bytes] = []
        self._leaves: dict[int, list[bytes]] = {}
        tile: list[bytes] = []
        for leaf in self._read(0, size):
            tile.append(leaf)
            if len(tile) == TILE:
                self._tiles.append(merkle.root(tile))
                tile = []
        if tile:
            self._tiles.append(merkle.root(tile))

    def root(self) -> str:
        """The root in hexadecimal."""
        return merkle.root(self._tiles).hex()

    def inclusion_proof(self, index: int) -> list[str]:
        """The path from leaf ``index`` to the root, hashes in hexadecimal."""
        return [self._range(*part).hex() for part in merkle.inclusion_path(index, self.size)]

    def consistency_proof(self, first: int) -> list[str]:
        """The proof that the log of ``first`` leaves is the beginning of this one."""
        return [self._range(*part).hex() for part in merkle.consistency_path(first, self.size)]

    def _range(self, start: int, end: int) -> bytes:
        """The hash over some leaves; ranges of a proof never begin in the middle of a tile they leave."""
        if end - start >= TILE:
            return merkle.root(self._tiles[start // TILE : -(-end // TILE)])
        number = start // TILE
        if number not in self._leaves:
            first = number * TILE
            self._leaves[number] = list(self._read(first, min(first + TILE, self.size)))
        offset = number * TILE
        return merkle.root(self._leaves[number][start - offset : end - offset])

    def _read(self, start: int, end: int) -> Iterator[bytes]:
        """Leaf hashes of a stretch of the log, streamed."""
        rows = self._session.execute(
            sa.select(HistoryEvent.position, HistoryEvent.hash)
            .where(
                HistoryEvent.district_id == self._district_id, HistoryEvent.position >= start,
                HistoryEvent.position < end,
            )
            .order_by(HistoryEvent.position)
            .execution_options(yield_per=5_000)
        )  # fmt: skip
        expected = start
        for position, digest in rows:
            if position != expected:
                break
            expected += 1
            yield merkle.leaf_hash(digest.encode())
        if expected != end:
            raise Conflict(f"封存日志缺少第 {expected} 号记录，请先用 lianjian verify-history 核验办理记录。")
