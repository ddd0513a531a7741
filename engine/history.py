"""The tamper-evident history (ADR 0006).

Every event is a link of its stream's hash chain (a stream is a process instance,
or ``district`` for what belongs to none).  Sealing gives each event a place in one
append-only RFC 6962 log of the district; the log's root, exported and kept
elsewhere, is what a later verification is measured against: whoever changes,
deletes, inserts or cuts events, or removes a whole instance, cannot produce the
same root again, even by recomputing every later hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine import merkle
from engine.actor import Actor
from engine.db import is_postgresql, new_id
from engine.errors import InvalidInput
from engine.models import HistoryEvent, HistoryRoot
from engine.prepared import Prepared

DISTRICT_STREAM = "district"
GENESIS = "0" * 64
#: Leaves a tile: the export names each tile's root so that a broken one can be located.
TILE = 256
_LOCK = 0x4C4A_0001
#: From so many events on PostgreSQL takes them as one stream of rows.
MANY = 100


def event_hash(
    district_id: str, stream: str, seq: int, at: datetime, actor_id: str | None, actor_name: str,
    kind: str, body: str, prev_hash: str,
) -> str:  # fmt: skip
    """SHA-256 over the canonical JSON array of every recorded column."""
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(
        orjson.dumps([district_id, stream, seq, moment, actor_id, actor_name, kind, body, prev_hash])
    ).hexdigest()


# Written once: building a statement anew costs more than running it.
_APPEND = Prepared(
    sa.insert(HistoryEvent.__table__),  # type: ignore[arg-type]
    columns=set(HistoryEvent.__table__.columns.keys()) - {"position"},
)
_HEAD = Prepared(
    sa.select(HistoryEvent.seq, HistoryEvent.hash)
    .where(HistoryEvent.district_id == sa.bindparam("of_district"), HistoryEvent.stream == sa.bindparam("of_stream"))
    .order_by(HistoryEvent.seq.desc())
    .limit(1)
)


Head = tuple[int, str]


class Chain:
    """Appends events inside one transaction."""

    def __init__(self, connection: Session | sa.Connection, district_id: str) -> None:
        self._connection = connection.connection() if isinstance(connection, Session) else connection
        self._district_id = district_id
        self._heads: dict[str, Head] = {}
        self._queued: list[dict[str, Any]] = []

    def append(self, stream: str, kind: str, body: Mapping[str, Any], *, actor: Actor, now: datetime) -> str:
        """Add one event to ``stream`` and return its hash; it exists when the transaction commits."""
        digest = self.queue(stream, kind, body, actor=actor, now=now)
        self.flush()
        return digest

    def queue(self, stream: str, kind: str, body: Mapping[str, Any], *, actor: Actor, now: datetime) -> str:
        """The same, written together with what follows when :meth:`flush` is called."""
        seq, prev_hash = self._head(stream)
        text = orjson.dumps(body, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS).decode()
        seq += 1
        digest = event_hash(
            self._district_id, stream, seq, now, actor.user_id, actor.name, kind, text, prev_hash
        )  # fmt: skip
        self._queued.append(
            {
                "id": new_id(), "district_id": self._district_id, "stream": stream, "seq": seq, "at": now,
                "actor_id": actor.user_id, "actor_name": actor.name, "kind": kind, "body": text,
                "prev_hash": prev_hash, "hash": digest,
            }
        )  # fmt: skip
        self._heads[stream] = (seq, digest)
        return digest

    def flush(self) -> None:
        """Write what was queued, in one statement."""
        if self._queued:
            queued, self._queued = self._queued, []
            if len(queued) > MANY and is_postgresql(self._connection):
                _APPEND.copy(self._connection, HistoryEvent.__tablename__, queued)
            else:
                _APPEND.run_each(self._connection, queued)

    def begin_at(self, stream: str, head: Head) -> None:
        """Take ``head`` (read under the lock of the stream's instance) as the last link of ``stream``."""
        self._heads.setdefault(stream, head)

    def heads(self) -> dict[str, Head]:
        """The last link of each stream so far; see :meth:`return_to`."""
        self.flush()
        return dict(self._heads)

    def return_to(self, heads: Mapping[str, Head]) -> None:
        """Forget what was appended since :meth:`heads` gave ``heads``: a savepoint was rolled back."""
        self._heads, self._queued = dict(heads), []

    def _head(self, stream: str) -> Head:
        if stream not in self._heads:
            if stream == DISTRICT_STREAM:
                # Instance streams are guarded by the instance's row; this one has no row of its own.
                _lock(self._connection, _LOCK)
            last = _HEAD.first(self._connection, {"of_district": self._district_id, "of_stream": stream})
            self._heads[stream] = (last[0], last[1]) if last else (0, GENESIS)
        return self._heads[stream]


def _lock(connection: Session | sa.Connection, number: int) -> None:
    if is_postgresql(connection):
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))


def seal(session: Session, district_id: str) -> int:
    """Give every event without one its place in the district's log; returns how many were sealed."""
    _lock(session, _LOCK + 1)
    last = session.scalar(sa.select(sa.func.max(HistoryEvent.position)).where(HistoryEvent.district_id == district_id))
    position = -1 if last is None else last
    waiting = session.scalars(
        sa.select(HistoryEvent.id)
        .where(HistoryEvent.district_id == district_id, HistoryEvent.position.is_(None))
        .order_by(HistoryEvent.at, HistoryEvent.stream, HistoryEvent.seq)
    ).all()
    updates = [{"event_id": event_id, "place": position + n} for n, event_id in enumerate(waiting, 1)]
    if updates:
        statement = (
            sa.update(HistoryEvent)
            .where(HistoryEvent.id == sa.bindparam("event_id"))
            .values(position=sa.bindparam("place"))
        )
        session.connection().execute(statement, updates)
    return len(updates)


def export_root(session: Session, district_id: str, now: datetime) -> dict[str, Any]:
    """Seal, then state the log's size, root and tile roots, and keep that this root was published.

    Keep the result where whoever keeps the database cannot reach it.
    """
    seal(session, district_id)
    leaves = [merkle.leaf_hash(h.encode()) for h in _sealed_hashes(session, district_id)]
    root = merkle.root(leaves).hex()
    if session.get(HistoryRoot, (len(leaves), district_id)) is None:
        session.add(HistoryRoot(size=len(leaves), district_id=district_id, root=root, at=now))
    return {
        "format": "lianjian-history-root/1",
        "district_id": district_id,
        "size": len(leaves),
        "root": root,
        "tile_size": TILE,
        "tiles": [merkle.root(leaves[i : i + TILE]).hex() for i in range(0, len(leaves), TILE)],
        "exported_at": now.isoformat(),
    }


def _sealed_hashes(session: Session, district_id: str) -> Iterable[str]:
    return session.scalars(
        sa.select(HistoryEvent.hash)
        .where(HistoryEvent.district_id == district_id, HistoryEvent.position.is_not(None))
        .order_by(HistoryEvent.position)
    )


@dataclass(frozen=True)
class Verification:
    """What a verification looked at and what is wrong; an empty ``problems`` means sound."""

    events: int
    streams: int
    sealed: int
    problems: list[str]


def verify(session: Session, district_id: str, root: Mapping[str, Any] | None = None) -> Verification:
    """Check every link of every stream and, with an exported ``root``, that its log is still a prefix of ours.

    Raises :class:`InvalidInput` when ``root`` is not an export of this district.
    """
    if root is not None and (root.get("format") != "lianjian-history-root/1" or root.get("district_id") != district_id):
        raise InvalidInput("导出的根文件格式不符，或不属于本辖区，请使用 lianjian verify-history --export 产生的文件。")
    problems: list[str] = []
    events, streams = _verify_streams(session, district_id, problems)
    sealed = _verify_log(session, district_id, root, problems)
    return Verification(events, streams, sealed, problems)


def _verify_streams(session: Session, district_id: str, problems: list[str]) -> tuple[int, int]:
    events = streams = 0
    stream, seq, prev_hash = None, 0, GENESIS
    rows = session.execute(
        sa.select(HistoryEvent.__table__)
        .where(HistoryEvent.district_id == district_id)
        .order_by(HistoryEvent.stream, HistoryEvent.seq)
        .execution_options(yield_per=2_000)
    )
    for row in rows:
        events += 1
        if row.stream != stream:
            streams += 1
            stream, seq, prev_hash = row.stream, 0, GENESIS
        if row.seq != seq + 1:
            problems.append(f"流 {row.stream}：第 {seq} 条之后缺少记录（下一条是第 {row.seq} 条）。")
        if row.prev_hash != prev_hash:
            problems.append(f"流 {row.stream} 第 {row.seq} 条：与前一条的哈希不相接。")
        expected = event_hash(
            row.district_id, row.stream, row.seq, row.at, row.actor_id, row.actor_name, row.kind, row.body,
            row.prev_hash,
        )  # fmt: skip
        if expected != row.hash:
            problems.append(f"流 {row.stream} 第 {row.seq} 条：内容与哈希不符（{row.kind}，{row.at.isoformat()}）。")
        seq, prev_hash = row.seq, row.hash
    return events, streams


def _verify_log(
    session: Session, district_id: str, root: Mapping[str, Any] | None, problems: list[str]
) -> int:  # fmt: skip
    rows = session.execute(
        sa.select(HistoryEvent.position, HistoryEvent.hash)
        .where(HistoryEvent.district_id == district_id, HistoryEvent.position.is_not(None))
        .order_by(HistoryEvent.position)
    ).all()
    for expected, row in enumerate(rows):
        if row.position != expected:
            problems.append(f"封存日志缺少第 {expected} 号记录。")
            break
    if root is None:
        return len(rows)
    size = int(root["size"])
    if len(rows) < size:
        problems.append(f"封存日志只有 {len(rows)} 条，导出时有 {size} 条：尾部被截断或有实例被删除。")
    leaves = [merkle.leaf_hash(row.hash.encode()) for row in rows[:size]]
    if merkle.root(leaves).hex() == root["root"]:
        return len(rows)
    tile_size, tiles = int(root.get("tile_size", TILE)), list(root.get("tiles", []))
    broken = next(
        (
            n for n, tile in enumerate(tiles)
            if merkle.root(leaves[n * tile_size : (n + 1) * tile_size]).hex() != tile
        ),
        None,
    )  # fmt: skip
    where = "" if broken is None else f"，最早的差异在第 {broken * tile_size}—{(broken + 1) * tile_size - 1} 号之间"
    problems.append(f"封存日志的根与 {root.get('exported_at', '导出时')} 导出的根不一致{where}。")
    return len(rows)
