"""Proofs out of the sealed log agree with the tree they are read from, on both databases."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from engine import merkle
from engine.actor import Actor
from engine.db import Database
from engine.errors import Conflict
from engine.history import Chain, export_root
from engine.history_proofs import SealedLog
from engine.models import HistoryEvent, HistoryRoot
from tests.conftest import Clock

SIZE = 700  # two whole tiles and a bit


def test_proofs_read_by_tiles_lead_to_the_published_roots(database: Database, clock: Clock) -> None:
    with database.write() as session:
        chain = Chain(session, "370105")
        for n in range(300):
            chain.queue("stream", "said", {"n": n}, actor=Actor.system(), now=clock())
        chain.flush()
        earlier = export_root(session, "370105", clock())
        for n in range(SIZE - 300):
            chain.queue("stream", "said", {"n": n}, actor=Actor.system(), now=clock())
        chain.flush()
        later = export_root(session, "370105", clock())
    with database.read() as session:
        published = session.scalars(sa.select(HistoryRoot).order_by(HistoryRoot.size)).all()
        assert [(r.size, r.root) for r in published] == [(300, earlier["root"]), (SIZE, later["root"])]
        hashes = session.scalars(sa.select(HistoryEvent.hash).order_by(HistoryEvent.position)).all()
        tree = merkle.Tree(merkle.leaf_hash(h.encode()) for h in hashes)
        for size in (300, SIZE):
            log = SealedLog(session, "370105", size)
            assert log.root() == tree.root(size).hex()
            for index in (0, 1, 255, 256, 257, 299, size - 1):
                assert log.inclusion_proof(index) == [h.hex() for h in tree.inclusion_proof(index, size)]
        log = SealedLog(session, "370105", SIZE)
        for first in (1, 255, 256, 300, 512, SIZE):
            assert log.consistency_proof(first) == [h.hex() for h in tree.consistency_proof(first, SIZE)]


def test_a_log_with_a_gap_proves_nothing(database: Database, clock: Clock) -> None:
    with database.write() as session:
        chain = Chain(session, "370105")
        for n in range(5):
            chain.queue("stream", "said", {"n": n}, actor=Actor.system(), now=clock())
        chain.flush()
        export_root(session, "370105", clock())
        session.execute(sa.delete(HistoryEvent).where(HistoryEvent.position == 3))
    with database.read() as session, pytest.raises(Conflict, match="第 3 号"):
        SealedLog(session, "370105", 5)
