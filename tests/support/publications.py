"""Publications to report, for tests of the way to the provincial platform."""

from __future__ import annotations

from dataclasses import dataclass, replace

import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.context import CommandContext
from engine.db import Database, new_id
from engine.inspection.jobs import job_kinds
from engine.inspection.models import Publication
from engine.inspection.province import PUSH_PUBLICATION
from engine.jobs import JobKind
from engine.process_engine import ProcessEngine


@dataclass(frozen=True)
class Publish:
    """Make ``count`` results public and hand them to the platform, in one transaction."""

    count: int = 1

    def run(self, ctx: CommandContext) -> list[str]:
        ids = [new_id() for _ in range(self.count)]
        for number, publication_id in enumerate(ids, 1):
            ctx.session.add(
                Publication(
                    id=publication_id, district_id=ctx.district_id, subject=f"SCJG-2026-0001/{number:04d}/SCJG",
                    kind="result", department="SCJG", content={"检查结果": "未发现问题", "序号": number},
                    state="published", published_at=ctx.now,
                )
            )  # fmt: skip
            ctx.session.flush()
            ctx.enqueue(PUSH_PUBLICATION, publication_id, {"publication_id": publication_id})
        return ids


def publish(engine: ProcessEngine, count: int = 1) -> list[str]:
    """Publish and return the ids."""
    ids: list[str] = engine.execute(Publish(count), actor=Actor.system())
    return ids


def impatient_kinds(attempts: int = 2, wait: float = 0.05) -> tuple[JobKind, ...]:
    """All kinds, with few attempts, short waits and one round."""
    return tuple(replace(kind, attempts=attempts, wait=wait, backoff=1.0, rounds=()) for kind in job_kinds())


def publication(database: Database, publication_id: str) -> Publication:
    """The row as it is now."""
    with database.read() as session:
        row = session.get(Publication, publication_id)
        assert row is not None
        return row


def in_state(database: Database, push_state: str) -> int:
    """How many publications are in a state."""
    with database.read() as session:
        count = session.scalar(sa.select(sa.func.count()).where(Publication.push_state == push_state))
        assert count is not None
        return count
