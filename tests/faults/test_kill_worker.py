"""``kill -9`` of a worker at any moment: another one carries on, and everything happens once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.deploy import Deploy
from engine.commands.start_process import StartProcess
from engine.db import Database
from engine.errors import LianjianError
from engine.history import verify
from engine.inspection.province_standin import Server
from engine.jobs import Jobs, prepare
from engine.models import HistoryEvent, Timer, UserTask
from engine.process_engine import ProcessEngine
from engine.service_tasks import ServiceRegistry
from engine.settings import Settings
from engine.worker import Worker
from tests.support.diagrams import catch_timer, diagram, end, flows, user
from tests.support.diagrams import start as begin
from tests.support.publications import impatient_kinds, in_state, publication, publish
from tests.support.waiting import wait_until
from tests.support.worker_process import WorkerProcess

pytestmark = pytest.mark.slow


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "province.db").start()
    yield server
    server.stop()


@pytest.fixture
def engine(database: Database, database_url: str) -> Iterator[ProcessEngine]:
    """The side that publishes; it runs no jobs."""
    prepare(database_url)
    jobs = Jobs(database_url, impatient_kinds())
    yield ProcessEngine(database, Settings(database_url=database_url), ServiceRegistry(), jobs=jobs)
    jobs.close()


Start = Callable[..., WorkerProcess]


@pytest.fixture
def start(database_url: str, platform: Server) -> Iterator[Start]:
    """Start worker processes; those still alive are killed with the test."""
    processes: list[WorkerProcess] = []

    def make(wait: float = 0.05) -> WorkerProcess:
        processes.append(WorkerProcess(database_url, platform.url, wait))
        return processes[-1]

    yield make
    for process in processes:
        process.kill()


def receipts_in_history(database: Database) -> int:
    with database.read() as session:
        count = session.scalar(sa.select(sa.func.count()).where(HistoryEvent.kind == "province-receipt"))
        assert count is not None
        return count


def test_a_worker_killed_while_the_platform_is_thinking_loses_nothing(
    database: Database, engine: ProcessEngine, platform: Server, start: Start
) -> None:
    platform.behaviour.update({"slow": 5})
    (publication_id,) = publish(engine)
    worker = start()
    wait_until(lambda: publication(database, publication_id).push_attempts == 1, what="the first call")
    worker.kill()
    platform.behaviour.update({"slow": 0})
    start()
    wait_until(lambda: in_state(database, "received") == 1, what="the receipt")
    (row,) = platform.register.rows()
    assert publication(database, publication_id).receipt == row["receipt"]
    assert receipts_in_history(database) == 1


def test_a_worker_killed_between_the_platforms_record_and_ours_reports_no_second_time(
    database: Database, engine: ProcessEngine, platform: Server, start: Start
) -> None:
    platform.behaviour.update({"lose_replies": 1})
    (publication_id,) = publish(engine)
    worker = start(wait=600)
    (stored,) = wait_until(platform.register.rows, what="the platform's record")
    worker.kill()
    assert publication(database, publication_id).push_state == "pending"
    start()
    wait_until(lambda: in_state(database, "received") == 1, what="the receipt")
    (row,) = platform.register.rows()
    assert row["requests"] == 2
    assert publication(database, publication_id).receipt == stored["receipt"]
    assert receipts_in_history(database) == 1


def test_workers_killed_again_and_again_report_every_publication_exactly_once(
    database: Database, engine: ProcessEngine, platform: Server, start: Start
) -> None:
    platform.behaviour.update({"slow": 0.2})
    ids = publish(engine, 60)
    for share in (5, 30):
        worker = start()
        wait_until(lambda share=share: in_state(database, "received") >= share, what=f"{share} receipts")
        worker.kill()
    assert in_state(database, "received") < 60, "the last kill came too late to prove anything"
    start()
    wait_until(lambda: in_state(database, "received") == 60, what="all receipts")
    rows = {row["key"]: row["receipt"] for row in platform.register.rows()}
    assert len(rows) == 60
    assert {publication(database, i).receipt for i in ids} == set(rows.values())
    assert receipts_in_history(database) == 60
    with database.read() as session:
        assert verify(session, "370105").problems == []


def test_timers_fire_exactly_once_however_often_the_worker_is_killed(
    database: Database, engine: ProcessEngine, start: Start
) -> None:
    body = begin() + catch_timer("wait", "PT1S") + user("act") + end() + flows("begin", "wait", "act", "finish")
    engine.execute(Deploy("probe", {"probe.bpmn": diagram(body)}), actor=Actor.system())
    for number in range(30):
        engine.execute(StartProcess("probe", f"T-{number}", department="SCJG"), actor=Actor.system())

    def open_tasks() -> int:
        with database.read() as session:
            return session.scalar(sa.select(sa.func.count()).select_from(UserTask)) or 0

    for share in (1, 10):
        worker = start()
        wait_until(lambda share=share: open_tasks() >= share, what=f"{share} timers")
        worker.kill()
    start()
    wait_until(lambda: open_tasks() == 30, what="all timers")
    with database.read() as session:
        fired = session.scalars(sa.select(HistoryEvent.stream).where(HistoryEvent.kind == "timer-fired")).all()
        assert len(fired) == len(set(fired)) == 30
        assert session.scalars(sa.select(Timer)).all() == []
        assert verify(session, "370105").problems == []


def test_the_living_take_over_from_the_dead_without_anybody_starting_anything(
    new_postgresql_url: Callable[[], str], platform: Server
) -> None:
    url = new_postgresql_url()
    prepare(url)
    database, jobs = Database(url), Jobs(url, impatient_kinds())
    engine = ProcessEngine(database, Settings(database_url=url), ServiceRegistry(), jobs=jobs)
    workers = [WorkerProcess(url, platform.url)]
    try:
        platform.behaviour.update({"slow": 5})
        (publication_id,) = publish(engine)
        wait_until(lambda: publication(database, publication_id).push_attempts == 1, what="the first call")
        workers.append(WorkerProcess(url, platform.url))
        platform.behaviour.update({"slow": 0})
        workers[0].kill()
        wait_until(lambda: in_state(database, "received") == 1, what="the receipt")
        assert len(platform.register.rows()) == 1
        assert receipts_in_history(database) == 1
    finally:
        for worker in workers:
            worker.kill()
        jobs.close()
        database.dispose()


def test_the_embedded_database_has_one_worker_and_says_so_to_a_second(
    new_sqlite_url: Callable[[], str], platform: Server
) -> None:
    url = new_sqlite_url()
    prepare(url)
    first = WorkerProcess(url, platform.url)
    database, jobs = Database(url), Jobs(url, impatient_kinds())
    engine = ProcessEngine(database, Settings(database_url=url), ServiceRegistry(), jobs=jobs)
    try:
        with pytest.raises(LianjianError, match="已由另一个进程处理"):
            Worker(engine, jobs, lock_seconds=0).start()
        first.kill()
        worker = Worker(engine, jobs)
        worker.start()
        worker.stop(wait_seconds=0)
    finally:
        first.kill()
        jobs.close()
        database.dispose()
