"""疑似重复: pairs of objects that may be one, found over the whole registry, judged by officials (R16)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import combinations
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.commands.context import CommandContext
from engine.db import Database, new_id
from engine.errors import Conflict, Forbidden, InvalidInput, NotFound
from engine.inspection.models import InspectedObject
from engine.inspection.object_likeness import Candidate, Words, judge
from engine.inspection.object_models import ObjectDuplicate
from engine.inspection.opening import OFFICER
from engine.settings import Settings

OPEN, DIFFERENT = "待判断", "不是重复"
FIND_DUPLICATES = "find-duplicates"
#: Objects of one name or one address that are compared with each other; more is a chain or a market hall.
CROWD = 40
#: Pairs written by one statement.
_CHUNK = 1_000
#: Registration states that begin so name objects that exist no more.
_GONE = ("注销", "吊销", "撤销", "迁出")

Pair = tuple[str, str]


def find_duplicates(database: Database, settings: Settings, now: datetime, today: date) -> int:
    """Look through the registry and write down the pairs; returns how many wait for a decision.

    Decided pairs stay as they are; pairs that are no longer alike go.
    """
    district = settings.district_id
    found = dict(_pairs(database, district, Words.of(settings, today)))
    with database.write() as session:
        known = {
            (first, second): state
            for first, second, state in session.execute(
                sa.select(ObjectDuplicate.first, ObjectDuplicate.second, ObjectDuplicate.state).where(
                    ObjectDuplicate.district_id == district
                )
            )
        }
        session.execute(
            sa.delete(ObjectDuplicate).where(ObjectDuplicate.district_id == district, ObjectDuplicate.state == OPEN)
        )
        rows = [
            {
                "id": new_id(), "district_id": district, "first": first, "second": second, "reasons": reasons,
                "score": score, "state": OPEN, "found_at": now, "decided_name": "", "decision": "",
            }
            for (first, second), (score, reasons) in found.items()
            if known.get((first, second)) != DIFFERENT
        ]  # fmt: skip
        for start in range(0, len(rows), _CHUNK):
            session.execute(sa.insert(ObjectDuplicate), rows[start : start + _CHUNK])
    return len(rows)


def _pairs(database: Database, district_id: str, words: Words) -> Iterator[tuple[Pair, tuple[int, list[str]]]]:
    """Two readings: the first finds which blocks have two members, the second compares these."""
    once: set[int] = set()
    twice: set[int] = set()
    for candidate in _candidates(database, district_id, words):
        for block in map(hash, candidate.blocks()):
            (twice if block in once else once).add(block)
    del once
    groups: dict[tuple[str, ...], list[Candidate]] = defaultdict(list)
    for candidate in _candidates(database, district_id, words):
        for shared in candidate.blocks():
            if hash(shared) in twice:
                groups[shared].append(candidate)
    done: set[Pair] = set()
    for group in groups.values():
        if len(group) > CROWD:
            continue
        for one, other in combinations(sorted(group, key=lambda c: c.uscc), 2):
            pair = (one.uscc, other.uscc)
            if pair not in done:
                done.add(pair)
                score, reasons = judge(one, other)
                if score:
                    yield pair, (score, reasons)


def _candidates(database: Database, district_id: str, words: Words) -> Iterator[Candidate]:
    o = InspectedObject
    statement = (
        sa.select(o.uscc, o.name, o.address, o.legal_representative, o.to_verify)
        .where(o.district_id == district_id, *(o.status.not_like(f"{text}%") for text in _GONE))
        .execution_options(yield_per=10_000)
    )
    with database.read() as session:
        for uscc, name, address, person, doubt in session.execute(statement):
            yield Candidate(uscc, words.name(name), words.address(address), person.strip(), doubt)


def duplicates_of(session: Session, district_id: str, uscc: str) -> Sequence[ObjectDuplicate]:
    """The pairs one object stands in, the likeliest first."""
    d = ObjectDuplicate
    statement = (
        sa.select(d)
        .where(d.district_id == district_id, sa.or_(d.first == uscc, d.second == uscc), d.state == OPEN)
        .order_by(d.score.desc(), d.id)
    )
    return session.scalars(statement).all()


def duplicate_page(
    session: Session, district_id: str, state: str, *, size: int, after: tuple[int, str] | None
) -> Sequence[ObjectDuplicate]:
    """Pairs in a state by score, behind ``after`` (score and id)."""
    d = ObjectDuplicate
    statement = sa.select(d).where(d.district_id == district_id, d.state == state)
    if after:
        statement = statement.where(
            sa.or_(d.score < after[0], sa.and_(d.score == after[0], d.id > after[1]))
        )  # fmt: skip
    return session.scalars(statement.order_by(d.score.desc(), d.id).limit(size)).all()


def last_search(session: Session, district_id: str) -> datetime | None:
    """When pairs were last written down; None when none ever were."""
    return session.scalar(sa.select(sa.func.max(ObjectDuplicate.found_at)).where(_of(district_id)))


def open_count(session: Session, district_id: str) -> int:
    """How many pairs wait for a decision."""
    statement = sa.select(sa.func.count()).where(_of(district_id), ObjectDuplicate.state == OPEN)
    return session.scalar(statement) or 0


def _of(district_id: str) -> sa.ColumnElement[bool]:
    return ObjectDuplicate.district_id == district_id


# -- commands ---------------------------------------------------------------------------


@dataclass(frozen=True)
class SearchDuplicates:
    """Have the worker look through the registry now."""

    def run(self, ctx: CommandContext) -> None:
        _officer(ctx)
        ctx.enqueue(FIND_DUPLICATES, ctx.now.isoformat(timespec="minutes"), {})


@dataclass(frozen=True)
class KeepApart:
    """Decide that a pair is two objects, and why.

    Raises :class:`InvalidInput` without a reason, :class:`Conflict` when somebody decided already.
    """

    pair_id: str
    reason: str

    def run(self, ctx: CommandContext) -> None:
        _officer(ctx)
        row, reason = _pair(ctx, self.pair_id), " ".join(self.reason.split())
        if not 2 <= len(reason) <= 300:
            raise InvalidInput("请填写判断理由。", fields={"reason": ["请写明为什么不是重复，2 至 300 个字。"]})
        if row.state != OPEN:
            raise Conflict(f"{row.decided_name} 已判断为“{row.state}”，请刷新页面。")
        row.state, row.decision = DIFFERENT, reason
        row.decided_by, row.decided_name, row.decided_at = ctx.actor.user_id, ctx.actor.name, ctx.now
        _record(ctx, "duplicate-kept-apart", row, {"reason": reason})


@dataclass(frozen=True)
class ReopenPair:
    """Take a decision back; the history keeps it.  Raises :class:`Conflict` when nothing is decided."""

    pair_id: str

    def run(self, ctx: CommandContext) -> None:
        _officer(ctx)
        row = _pair(ctx, self.pair_id)
        if row.state == OPEN:
            raise Conflict("这一对还没有判断，请刷新页面。")
        _record(ctx, "duplicate-reopened", row, {"reason": row.decision, "decided_by": row.decided_name})
        row.state, row.decision = OPEN, ""
        row.decided_by, row.decided_name, row.decided_at = None, "", None


def _officer(ctx: CommandContext) -> None:
    if OFFICER not in ctx.actor.roles:
        raise Forbidden("疑似重复由各部门的承办人判断。")


def _pair(ctx: CommandContext, pair_id: str) -> ObjectDuplicate:
    row = ctx.session.scalar(
        sa.select(ObjectDuplicate)
        .where(ObjectDuplicate.district_id == ctx.district_id, ObjectDuplicate.id == pair_id)
        .with_for_update()
    )
    if row is None:
        raise NotFound("没有找到这一对检查对象，可能重新查找后已不再相近，请刷新页面。")
    return row


def _record(ctx: CommandContext, kind: str, row: ObjectDuplicate, more: dict[str, Any]) -> None:
    ctx.record(None, kind, {"first": row.first, "second": row.second, **more})
