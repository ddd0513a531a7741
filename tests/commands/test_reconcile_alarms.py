"""Alarms of open timers: set once under one name, restored when lost, rung again when overdue."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from engine.actor import Actor
from engine.commands.reconcile_alarms import CHUNK, ReconcileAlarms
from engine.db import Database, new_id
from engine.errors import Conflict
from engine.inspection.jobs import fire_timers, job_kinds, reconcile
from engine.inspection.province import PUSH_PUBLICATION
from engine.jobs import Jobs, prepare
from engine.models import ProcessDefinition, ProcessInstance, Timer
from engine.process_engine import ProcessEngine
from engine.service_tasks import ServiceRegistry
from engine.settings import Settings
from tests.support.job_table import job_names
from tests.support.publications import publish

DISTRICT = "370105"


@pytest.fixture
def engine(database: Database, database_url: str, clock: Any) -> Iterator[ProcessEngine]:
    prepare(database_url)
    jobs = Jobs(database_url, job_kinds())
    yield ProcessEngine(database, Settings(database_url=database_url), ServiceRegistry(), jobs=jobs, clock=clock)
    jobs.close()


def waiting_instance(database: Database, now: datetime, *due: datetime) -> str:
    """An instance that waits for timers at ``due``; no alarm is set."""
    definition = ProcessDefinition(
        id=new_id(), district_id=DISTRICT, key="waiting", version=1, name="等待", digest="0" * 64, bundle={},
        deployed_at=now,
    )  # fmt: skip
    instance = ProcessInstance(
        id=new_id(), district_id=DISTRICT, definition_id=definition.id, process_key="waiting", business_key="W-1",
        state=b"", started_at=now,
    )  # fmt: skip
    with database.write() as session:
        session.add(definition)
        session.flush()
        session.add(instance)
        session.flush()
        session.add_all(
            Timer(
                id=new_id(), district_id=DISTRICT, instance_id=instance.id, engine_task_id=str(n),
                element_id=f"timer_{n}", due_at=at,
            )
            for n, at in enumerate(due)
        )  # fmt: skip
    return instance.id


def test_lost_alarms_come_back_under_their_own_names_and_only_once(
    database: Database, engine: ProcessEngine, clock: Any
) -> None:
    due = clock.now + timedelta(days=2)
    instance = waiting_instance(database, clock.now, due)
    for _ in range(2):
        reconcile(engine, {})
    assert job_names(database) == {f"fire-timers:{instance}@2026-03-04T01:00:00+00:00"}


def test_an_overdue_timer_rings_once_more_a_day(database: Database, engine: ProcessEngine, clock: Any) -> None:
    instance = waiting_instance(database, clock.now, clock.now + timedelta(hours=1))
    reconcile(engine, {})
    clock.advance(days=1)
    for _ in range(2):
        reconcile(engine, {})
    name = f"fire-timers:{instance}@2026-03-02T02:00:00+00:00"
    assert job_names(database) == {name, f"{name}:late-2026-03-03"}


def test_more_timers_than_one_transaction_takes_are_all_looked_at(
    database: Database, engine: ProcessEngine, clock: Any
) -> None:
    waiting_instance(database, clock.now, *(clock.now + timedelta(hours=n) for n in range(1, CHUNK + 11)))
    last = engine.execute(ReconcileAlarms(), actor=Actor.system())
    assert last is not None
    assert engine.execute(ReconcileAlarms(last), actor=Actor.system()) is None
    assert len(job_names(database)) == CHUNK + 10


def test_a_publication_without_its_job_gets_it_back(database: Database, engine: ProcessEngine) -> None:
    jobs = engine.kernel.jobs
    engine.kernel.jobs = None
    (lost,) = publish(engine)
    engine.kernel.jobs = jobs
    assert job_names(database) == set()
    reconcile(engine, {})
    assert job_names(database) == {f"{PUSH_PUBLICATION}:{lost}"}


def test_an_alarm_that_rings_a_moment_too_early_is_repeated(
    database: Database, engine: ProcessEngine, clock: Any
) -> None:
    instance = waiting_instance(database, clock.now, clock.now + timedelta(seconds=2))
    with pytest.raises(Conflict, match="即将到期"):
        fire_timers(engine, {"instance_id": instance})


def test_an_alarm_whose_timer_is_gone_does_nothing(database: Database, engine: ProcessEngine, clock: Any) -> None:
    instance = waiting_instance(database, clock.now, clock.now + timedelta(days=1))
    fire_timers(engine, {"instance_id": instance})
