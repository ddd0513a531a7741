"""Sealing gives every event its place in the district's log, each event once."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.fail_job import FailJob
from engine.db import Database
from engine.inspection.jobs import seal_history
from engine.jobs import JobFailure
from engine.models import HistoryEvent, Incident
from engine.process_engine import ProcessEngine
from engine.service_tasks import ServiceRegistry
from engine.settings import Settings


def positions(database: Database) -> list[int | None]:
    with database.read() as session:
        return list(session.scalars(sa.select(HistoryEvent.position).order_by(HistoryEvent.seq)))


def test_a_failed_job_reported_twice_is_one_incident_and_its_event_is_sealed_once(
    database: Database, clock: Any
) -> None:
    engine = ProcessEngine(database, Settings(), ServiceRegistry(), clock=clock)
    for key in ("1", "1", "2"):
        engine.execute(FailJob(JobFailure("seal-history", key, {}, 1, "磁盘已满")), actor=Actor.system())
    with database.read() as session:
        incidents = session.scalars(sa.select(Incident)).all()
    assert sorted(incident.detail["key"] for incident in incidents) == ["1", "2"]
    assert positions(database) == [None, None]
    for _ in range(2):
        seal_history(engine, {})
    assert positions(database) == [0, 1]
