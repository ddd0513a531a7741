"""The provincial platform down, slow, refusing or losing its reply, seen from our side."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.incidents import ResolveIncident
from engine.db import Database
from engine.errors import Conflict
from engine.inspection.province_standin import REFUSAL, Server
from engine.jobs import Jobs, prepare
from engine.models import Incident
from engine.process_engine import ProcessEngine
from engine.service_tasks import ServiceRegistry
from engine.settings import Settings
from engine.worker import Worker
from tests.support.job_table import none_is_running
from tests.support.publications import impatient_kinds, in_state, publication, publish
from tests.support.waiting import wait_until

ADMINISTRATOR = Actor("0192f6c4-0000-7000-8000-000000000001", "系统管理员", "SCJG", frozenset({"SCJG/系统管理员"}))


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "province.db").start()
    yield server
    server.stop()


@pytest.fixture
def engine(database: Database, database_url: str, platform: Server) -> Iterator[ProcessEngine]:
    """An engine with a worker that gives up after two quick attempts and one second of silence."""
    prepare(database_url)
    jobs = Jobs(database_url, impatient_kinds())
    settings = Settings(database_url=database_url, province_url=platform.url, province_timeout=1)
    engine = ProcessEngine(database, settings, ServiceRegistry(), jobs=jobs)
    worker = Worker(engine, jobs)
    worker.start()
    yield engine
    wait_until(lambda: none_is_running(database), what="the end of all jobs")
    worker.stop(wait_seconds=0)
    jobs.close()


def incidents(database: Database) -> list[Incident]:
    with database.read() as session:
        return list(session.scalars(sa.select(Incident).order_by(Incident.created_at)))


def test_a_refusal_becomes_an_incident_in_the_platforms_words_and_a_retry_reports_it_once(
    database: Database, engine: ProcessEngine, platform: Server
) -> None:
    platform.behaviour.update({"refuse": 1})
    (publication_id,) = publish(engine)
    (incident,) = wait_until(lambda: incidents(database), what="the incident")
    assert incident.kind == "job"
    assert incident.message == f"省平台拒收：{REFUSAL}"
    refused = publication(database, publication_id)
    assert (refused.push_state, refused.push_attempts) == ("failed", 1)

    engine.execute(ResolveIncident(incident.id), actor=ADMINISTRATOR)
    wait_until(lambda: in_state(database, "received") == 1, what="the receipt")
    (row,) = platform.register.rows()
    assert publication(database, publication_id).receipt == row["receipt"]
    assert [i.state for i in incidents(database)] == ["resolved"]
    with pytest.raises(Conflict, match="已经处理"):
        engine.execute(ResolveIncident(incident.id), actor=ADMINISTRATOR)


def test_a_platform_that_stays_down_becomes_an_incident_after_the_attempts_and_again_after_a_failed_retry(
    database: Database, engine: ProcessEngine, platform: Server
) -> None:
    platform.behaviour.update({"down": -1})
    (publication_id,) = publish(engine)
    (first,) = wait_until(lambda: incidents(database), what="the incident")
    assert "省平台正在维护" in first.message
    assert publication(database, publication_id).push_attempts == 2

    engine.execute(ResolveIncident(first.id), actor=ADMINISTRATOR)
    wait_until(lambda: len(incidents(database)) == 2, what="the second incident")
    second = incidents(database)[1]
    assert (second.state, second.attempts) == ("open", 2)

    platform.behaviour.update({"down": 0})
    engine.execute(ResolveIncident(second.id), actor=ADMINISTRATOR)
    wait_until(lambda: in_state(database, "received") == 1, what="the receipt")
    assert len(platform.register.rows()) == 1


def test_a_lost_reply_is_asked_for_again_and_leaves_one_record_and_no_incident(
    database: Database, engine: ProcessEngine, platform: Server
) -> None:
    platform.behaviour.update({"lose_replies": 1})
    (publication_id,) = publish(engine)
    wait_until(lambda: in_state(database, "received") == 1, what="the receipt")
    (row,) = platform.register.rows()
    assert (row["requests"], row["receipt"]) == (2, publication(database, publication_id).receipt)
    assert incidents(database) == []


def test_a_platform_slower_than_our_patience_ends_with_one_record_and_its_receipt(
    database: Database, engine: ProcessEngine, platform: Server
) -> None:
    platform.behaviour.update({"slow": 1.5})
    (publication_id,) = publish(engine)
    (incident,) = wait_until(lambda: incidents(database), what="the incident")
    assert "没有答复" in incident.message
    assert publication(database, publication_id).push_attempts == 2
    platform.behaviour.update({"slow": 0})
    engine.execute(ResolveIncident(incident.id), actor=ADMINISTRATOR)
    wait_until(lambda: in_state(database, "received") == 1, what="the receipt")
    (row,) = platform.register.rows()
    assert publication(database, publication_id).receipt == row["receipt"]


def test_a_publication_refused_beside_good_ones_does_not_hold_them_up(
    database: Database, engine: ProcessEngine, platform: Server
) -> None:
    platform.behaviour.update({"refuse": 3})
    publish(engine, 20)
    wait_until(lambda: in_state(database, "received") == 17 and in_state(database, "failed") == 3, what="20 answers")
    assert len(incidents(database)) == 3
    assert len(platform.register.rows()) == 17


def test_without_an_address_the_incident_names_the_setting(
    database: Database, engine: ProcessEngine, platform: Server
) -> None:
    object.__setattr__(engine.settings, "province_url", "")
    publish(engine)
    (incident,) = wait_until(lambda: incidents(database), what="the incident")
    assert "LIANJIAN_PROVINCE_URL" in incident.message
    assert platform.register.rows() == []
