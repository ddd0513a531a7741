"""The seam to the job engine, on both databases and with the real job engine."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from engine import jobs as jobs_module
from engine.db import Database
from engine.errors import InvalidInput, OutsideUnavailable
from engine.job_runner import Runner
from engine.jobs import JobFailure, JobKind, Jobs, job_id, owns_table, prepare, tell_fractions
from tests.support.job_table import job_names, none_is_running, table
from tests.support.waiting import wait_until


class Desk:
    """Handlers that note what they were given, and failures that were reported."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []
        self.failures: list[JobFailure] = []
        self.release = threading.Event()
        self.released: list[dict[str, Any]] = []

    def note(self, _engine: Any, args: dict[str, Any]) -> None:
        self.seen.append(args)

    def refuse(self, _engine: Any, args: dict[str, Any]) -> None:
        self.seen.append(args)
        raise InvalidInput("内容不完整，请补充。")

    def silent(self, _engine: Any, args: dict[str, Any]) -> None:
        self.seen.append(args)
        raise OutsideUnavailable("没有答复，请稍后重试。")

    def broken(self, _engine: Any, args: dict[str, Any]) -> None:
        self.seen.append(args)
        raise RuntimeError("defect")

    def blocked(self, _engine: Any, args: dict[str, Any]) -> None:
        self.seen.append(args)
        self.release.wait(30)
        self.released.append(args)

    def kinds(self) -> tuple[JobKind, ...]:
        quick = {"attempts": 2, "wait": 0.01, "backoff": 1.0}
        return (
            JobKind("note", self.note),
            JobKind("refuse", self.refuse, outside=True, **quick),
            JobKind("silent", self.silent, outside=True, rounds=(0.1,), **quick),
            JobKind("broken", self.broken, **quick),
            JobKind("blocked", self.blocked),
        )


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def jobs(database_url: str, desk: Desk) -> Iterator[Jobs]:
    prepare(database_url)
    jobs = Jobs(database_url, desk.kinds())
    yield jobs
    jobs.close()


@pytest.fixture
def start(database: Database, jobs: Jobs, desk: Desk) -> Iterator[Callable[..., Runner]]:
    """Start a runner; it stops with the test."""
    runners: list[Runner] = []

    def make(executor_id: str = "one", **options: Any) -> Runner:
        runner = Runner(jobs, None, executor_id, desk.failures.append, **options)
        runner.start()
        runners.append(runner)
        return runner

    yield make
    desk.release.set()
    wait_until(lambda: none_is_running(database), what="the end of all jobs")
    for runner in runners:
        runner.stop()


def test_a_job_exists_exactly_when_its_transaction_commits(
    database: Database, jobs: Jobs, desk: Desk, start: Callable[..., Runner]
) -> None:
    with pytest.raises(ZeroDivisionError), database.write() as session:
        jobs.enqueue(session, "note", "lost", {"n": 1})
        _ = 1 / 0
    with database.write() as session:
        jobs.enqueue(session, "note", "kept", {"名称": "公示", "n": 2})
    start()
    wait_until(lambda: desk.seen, what="the job")
    assert desk.seen == [{"名称": "公示", "n": 2}]
    assert desk.failures == []


def test_the_same_kind_and_key_is_one_job_however_often_it_is_enqueued(
    database: Database, jobs: Jobs, desk: Desk, start: Callable[..., Runner]
) -> None:
    for n in range(3):
        with database.write() as session:
            jobs.enqueue(session, "note", "same", {"n": n})
    start()
    wait_until(lambda: desk.seen, what="the job")
    with database.write() as session:
        jobs.enqueue(session, "note", "same", {"n": 9})
        jobs.enqueue(session, "note", "last", {"n": 10})
    wait_until(lambda: {"n": 10} in desk.seen, what="the last job")
    assert desk.seen == [{"n": 0}, {"n": 10}]


def test_a_job_that_nobody_can_run_is_refused_at_once(database: Database, jobs: Jobs) -> None:
    with pytest.raises(KeyError), database.write() as session:
        jobs.enqueue(session, "unheard-of", "1", {})


def test_a_delayed_job_comes_after_jobs_enqueued_later_without_delay(
    database: Database, jobs: Jobs, desk: Desk, start: Callable[..., Runner]
) -> None:
    with database.write() as session:
        jobs.enqueue(session, "note", "slow", {"n": "slow"}, delay_seconds=6)
        jobs.enqueue(session, "note", "quick", {"n": "quick"})
    start()
    wait_until(lambda: len(desk.seen) == 2, what="both jobs")
    assert [args["n"] for args in desk.seen] == ["quick", "slow"]


def test_an_error_that_repetition_cannot_mend_is_reported_after_one_attempt(
    database: Database, jobs: Jobs, desk: Desk, start: Callable[..., Runner]
) -> None:
    with database.write() as session:
        jobs.enqueue(session, "refuse", "1", {"n": 1})
    start()
    wait_until(lambda: desk.failures, what="the failure")
    assert desk.failures == [JobFailure("refuse", "1", {"n": 1}, 1, "内容不完整，请补充。")]
    assert len(desk.seen) == 1


def test_silence_is_repeated_within_a_round_and_in_later_rounds_and_then_reported(
    database: Database, jobs: Jobs, desk: Desk, start: Callable[..., Runner]
) -> None:
    with database.write() as session:
        jobs.enqueue(session, "silent", "1", {"n": 1})
    start()
    wait_until(lambda: desk.failures, what="the failure")
    assert len(desk.seen) == 4, "two attempts in each of two rounds"
    assert [(failure.round, failure.message) for failure in desk.failures] == [(2, "没有答复，请稍后重试。")]
    assert desk.failures[0].job_id == "silent:1:2"


def test_a_retried_failure_is_one_more_round_however_often_it_is_asked_for(
    database: Database, jobs: Jobs, desk: Desk, start: Callable[..., Runner]
) -> None:
    detail = {"kind": "note", "key": "1", "args": {"n": 1}, "round": 2, "message": "没有答复"}
    for _ in range(2):
        with database.write() as session:
            jobs.retry(session, detail)
    start()
    wait_until(lambda: desk.seen, what="the retried job")
    assert job_names(database) == {job_id("note", "1", 3)} == {"note:1:3"}


def test_a_defect_in_a_handler_becomes_a_failure_with_its_name(
    database: Database, jobs: Jobs, desk: Desk, start: Callable[..., Runner]
) -> None:
    with database.write() as session:
        jobs.enqueue(session, "broken", "1", {})
    start()
    wait_until(lambda: desk.failures, what="the failure")
    assert desk.failures[0].message == "RuntimeError: defect"
    assert len(desk.seen) == 2


def test_a_cron_kind_runs_again_and_again(jobs: Jobs, desk: Desk, start: Callable[..., Runner]) -> None:
    start(cron={"note": "* * * * * *"})
    wait_until(lambda: len(desk.seen) >= 2, what="two runs")
    assert all("scheduled_at" in args for args in desk.seen)
    assert desk.failures == []


def test_the_jobs_of_a_dead_executor_are_seen_and_taken_over(
    database: Database, jobs: Jobs, desk: Desk, start: Callable[..., Runner]
) -> None:
    with database.write() as session:
        jobs.enqueue(session, "blocked", "1", {"n": 1})
    runner = start("one")
    wait_until(lambda: desk.seen, what="the first run")
    with database.write() as session:  # as if another process had taken the job and died
        session.execute(sa.text(f"UPDATE {table(database)} SET executor_id = 'dead'"))
    assert runner.running_elsewhere() == {"dead"}
    assert runner.recover({"dead"}) == 1
    wait_until(lambda: len(desk.seen) == 2, what="the second run")
    assert runner.running_elsewhere() == set()
    desk.release.set()
    wait_until(lambda: len(desk.released) == 2, what="the end of both runs")


def test_a_job_that_takes_its_worker_down_again_and_again_is_given_up_and_reported_once(
    database: Database, jobs: Jobs, desk: Desk, start: Callable[..., Runner]
) -> None:
    with database.write() as session:
        jobs.enqueue(session, "note", "poison", {"n": 1})
        session.execute(sa.text(f"UPDATE {table(database)} SET recovery_attempts = 50"))  # as after as many crashes
    runner = start()

    def reported() -> list[JobFailure]:
        runner.give_up_poisonous()
        return desk.failures

    wait_until(reported, what="the report")
    assert [(failure.job_id, failure.args) for failure in reported()] == [("note:poison", {"n": 1})]
    assert desk.seen == []


def test_every_table_the_job_engine_makes_on_sqlite_is_known_to_be_its_own(new_sqlite_url: Callable[[], str]) -> None:
    url = new_sqlite_url()
    database = Database(url)
    before = set(sa.inspect(database.engine).get_table_names())
    prepare(url)
    made = set(sa.inspect(database.engine).get_table_names()) - before
    database.dispose()
    assert made == jobs_module.SQLITE_TABLES
    assert all(owns_table(name, None) for name in made)
    assert not any(owns_table(name, None) for name in before)


def test_on_postgresql_everything_in_the_job_engines_schema_is_its_own() -> None:
    assert owns_table("anything", "dbos")
    assert not owns_table("user_task", None)


def test_an_older_sqlite_tells_the_time_with_its_fractions_to_the_job_engine() -> None:
    connection = sqlite3.connect(":memory:")
    tell_fractions(connection)
    connection.execute("CREATE TABLE made (at NOT NULL DEFAULT (unixepoch('subsec') * 1000), n)")
    connection.execute("INSERT INTO made (n) VALUES (1)")
    ((at,),) = connection.execute("SELECT at FROM made")
    assert abs(at / 1000 - time.time()) < 60
