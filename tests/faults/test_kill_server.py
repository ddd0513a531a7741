"""``kill -9`` of the server while officials submit: after the restart everything continues, once.

The server is the real one (``lianjian serve``), the officials are signed in over HTTP; on
PostgreSQL the worker is a program of its own and is killed as well.
"""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.deploy import Deploy
from engine.commands.start_process import StartProcess
from engine.db import Database
from engine.errors import Conflict
from engine.history import verify
from engine.inspection.demo.accounts import DEMO_PASSWORD
from engine.inspection.installation import open_engine, open_jobs
from engine.inspection.models import DepartmentInspection, Finding, Publication
from engine.inspection.province_standin import Server as Province
from engine.models import (
    HistoryEvent,
    Incident,
    ProcessInstance,
    Subscription,
    TaskCandidate,
    Timer,
    User,
    UserRole,
    UserTask,
)
from engine.process_engine import ProcessEngine
from engine.settings import Settings
from tests.support.diagrams import catch_timer, diagram, end, flows, start, user
from tests.support.http_office import Browser, problems_in
from tests.support.journey import (
    APPROVALS,
    RESULTS,
    VISITS,
    Office,
    install,
    open_campaign,
    standard_answers,
    work_plan,
)
from tests.support.publications import in_state
from tests.support.server_process import Program, Server, end_leases, release_schema
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

CLIENTS = 5
KILLS = 6
PROBES = 12
#: Steps with a field for free words, by which a submission is recognised.
WORDS = {"site_check": "statement", "review": "opinion", "result_notice": "recipient", "second_signoff": "opinion"}
STEPS = (*VISITS, *RESULTS, "act", "after")


def real_clock() -> datetime:
    return datetime.now(UTC)


@dataclass
class World:
    """One installation and the programs that run it."""

    engine: ProcessEngine
    office: Office
    province: Province
    server: Server
    worker: Program | None
    acknowledged: dict[str, tuple[str, str]] = field(default_factory=dict)
    refused: Counter[int] = field(default_factory=Counter)
    broken: int = 0
    _browsers: dict[str, Browser] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def database(self) -> Database:
        return self.engine.database

    def run(self) -> None:
        """Start whatever does not run and wait until it serves."""
        end_leases(self.database)
        for program in (self.server, self.worker):
            if program is not None and not program.running:
                program.start()
        self.server.wait()

    def kill(self, round_: int) -> None:
        """Another death each time: everything, the serving processes alone, or the worker alone."""
        victims = 2 if self.worker is None else 3
        if round_ % victims == 1:
            assert self.server.kill_children() >= 1
            return
        if round_ % victims == 0:
            self.server.kill()
        if self.worker is not None:
            self.worker.kill()

    def browser(self, login: str) -> Browser:
        with self._lock:
            if login not in self._browsers:
                self._browsers[login] = Browser(self.server.url, login, DEMO_PASSWORD)
            return self._browsers[login]

    def close(self) -> None:
        for browser in self._browsers.values():
            browser.close()
        self.server.kill()
        if self.worker is not None:
            self.worker.kill()
        self.province.stop()


@pytest.fixture
def world(database: Database, database_url: str, tmp_path: Path) -> Iterator[World]:
    """Open visits of one campaign in three departments, and some cases with a timer; nothing runs yet."""
    release_schema(database_url)
    province = Province(tmp_path / "province.db").start()
    province.behaviour.update({"slow": 0.2})
    embedded = database_url.startswith("sqlite")
    settings = Settings(database_url=database_url, data_dir=tmp_path / "var", province_url=province.url)
    jobs = open_jobs(settings)
    engine = open_engine(settings, database=database, jobs=jobs, clock=real_clock)
    office = Office(engine)
    visits_open(office)
    environment = {
        "LIANJIAN_DATABASE_URL": database_url, "LIANJIAN_DATA_DIR": str(tmp_path / "var"),
        "LIANJIAN_PROVINCE_URL": province.url, "LIANJIAN_EMBEDDED_WORKER": "1" if embedded else "0",
    }  # fmt: skip
    server = Server(tmp_path / "server.log", environment)
    worker = None if embedded else Program(tmp_path / "worker.log", environment, "worker")
    made = World(engine, office, province, server, worker)
    yield made
    made.close()
    jobs.close()


def visits_open(office: Office) -> None:
    install(office.engine, objects=500)
    today = real_clock().date()
    plan = work_plan(
        office.engine, "SCJG", ["WJJ", "YJJ"], start_date=today.isoformat(),
        end_date=(today + timedelta(days=40)).isoformat(),
    )  # fmt: skip
    open_campaign(office)
    standard_answers(office, plan, problem_in="YJJ")
    office.answers |= {"act": {}, "after": {}}
    office.do_all("draft_work_plan", *APPROVALS, "gate_check", "log_commitment", "reveal", "organ_approval")
    office.do_all("sign_for_receipt")
    body = start() + user("act") + catch_timer("wait", "PT1S") + user("after") + end()
    text = diagram(body + flows("begin", "act", "wait", "after", "finish"))
    office.engine.execute(Deploy("probe", {"probe.bpmn": text}), actor=Actor.system())
    for number in range(PROBES):
        office.engine.execute(StartProcess("probe", f"T-{number}", department="SCJG"), actor=Actor.system())


# --- the officials -----------------------------------------------------------------------------


def logins_for(world: World, task: UserTask) -> list[tuple[str, str]]:
    """(login, user id) of everybody who may act; colleagues compete for a group's task."""
    statement = sa.select(User.login, User.id).order_by(User.login)
    if task.assignee_id:
        statement = statement.where(User.id == task.assignee_id)
    elif task.group:
        statement = statement.join(UserRole, UserRole.user_id == User.id).where(
            UserRole.department == task.department, UserRole.role == task.role
        )
    else:
        statement = statement.join(TaskCandidate, TaskCandidate.user_id == User.id).where(
            TaskCandidate.task_id == task.id
        )
    with world.engine.read() as session:
        return [(row.login, row.id) for row in session.execute(statement)]


def submit_one(world: World, task: UserTask, chance: random.Random, name: str) -> None:
    """Open the page and post the form; a broken connection leaves the outcome unknown, as for anybody."""
    login, user_id = chance.choice(logins_for(world, task))
    answer = world.office.answers[task.element_id]
    try:
        values = dict(answer(task) if callable(answer) else answer)
    except Conflict:
        return  # a colleague finished the task between the list and the form
    marker = f"{name}·{chance.getrandbits(48):x}"
    if task.element_id in WORDS:
        values[WORDS[task.element_id]] = marker
    try:
        browser = world.browser(login)
        page = browser.open(task.id)
        if not page.version:
            return  # somebody was faster
        reply = browser.submit(task.id, page, values)
    except httpx.TransportError:
        world.broken += 1
        wait_until(world.server.answers, what="the server's return")
        return
    if reply.status_code == 303:
        assert task.id not in world.acknowledged, f"{task.name} was accepted twice"
        world.acknowledged[task.id] = (user_id, marker)
    else:
        world.refused[reply.status_code] += 1
        assert reply.status_code == 409, f"{task.element_id}: {reply.status_code} {problems_in(reply.text)}"
        assert "您填写的内容" in reply.text
        assert task.element_id not in WORDS or marker in reply.text


def work(world: World, number: int, stop: threading.Event) -> None:
    chance = random.Random(number)
    while not stop.is_set():
        tasks = wait_until(lambda: stop.is_set() or world.office.open_tasks(*STEPS), what="a task")
        if tasks is not True:
            submit_one(world, chance.choice(tasks[:6]), chance, f"公务{number}")


class Officials:
    """Several people at work; the first mistake of any of them is the test's."""

    def __init__(self, world: World) -> None:
        self._stop = threading.Event()
        self.problems: list[BaseException] = []
        self._threads = [threading.Thread(target=self._work, args=(world, n)) for n in range(CLIENTS)]

    def _work(self, world: World, number: int) -> None:
        try:
            work(world, number, self._stop)
        except BaseException as problem:
            self.problems.append(problem)

    def __enter__(self) -> Officials:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def check(self) -> None:
        if self.problems:
            raise self.problems[0]


def completed(world: World) -> int:
    with world.engine.read() as session:
        return session.scalar(
            sa.select(sa.func.count()).where(UserTask.state == "completed", UserTask.element_id.in_(STEPS))
        ) or 0  # fmt: skip


def finished(world: World) -> bool:
    """The campaign waits for its summary and every timed case has ended."""
    if not world.office.open_tasks("summary"):
        return False
    with world.engine.read() as session:
        return not session.scalar(
            sa.select(sa.func.count()).where(
                ProcessInstance.process_key == "probe", ProcessInstance.status == "running"
            )
        )


# --- the test ----------------------------------------------------------------------------------


def test_the_server_killed_again_and_again_loses_nothing_and_does_nothing_twice(world: World) -> None:
    world.run()
    chance = random.Random(20260302)
    kills = 0
    with Officials(world) as officials:
        for round_ in range(KILLS):
            share = len(world.acknowledged) + chance.randint(2, 6)

            def enough(share: int = share) -> bool:
                return bool(officials.problems) or len(world.acknowledged) >= share or finished(world)

            wait_until(enough, what=f"{share} submissions")
            officials.check()
            if finished(world):
                break
            world.kill(round_)
            kills += 1
            world.run()
        wait_until(lambda: officials.problems or finished(world), timeout=240, what="the end of all work")
    officials.check()
    assert kills == KILLS, f"the work was done after {kills} kills, which proves too little"
    assert world.broken > 0, "no submission was ever cut off"
    everything_acknowledged_is_there(world)
    nothing_was_done_twice(world)
    every_result_reached_the_platform_once(world)
    nothing_is_stuck(world)
    with world.engine.read() as session:
        assert verify(session, world.engine.settings.district_id).problems == []


def everything_acknowledged_is_there(world: World) -> None:
    with world.engine.read() as session:
        for task_id, (user_id, marker) in world.acknowledged.items():
            task = session.get_one(UserTask, task_id)
            assert (task.state, task.closed_by) == ("completed", user_id), task.name
            if task.element_id in WORDS:
                assert (task.values or {})[WORDS[task.element_id]] == marker


def nothing_was_done_twice(world: World) -> None:
    with world.engine.read() as session:
        events = [
            json.loads(body)
            for body in session.scalars(sa.select(HistoryEvent.body).where(HistoryEvent.kind == "task-completed"))
        ]
        tasks = {t.id: t for t in session.scalars(sa.select(UserTask).where(UserTask.state == "completed"))}
        assert Counter(e["task"] for e in events) == Counter(tasks.keys())
        assert all(tasks[e["task"]].values == e["values"] for e in events)
        steps = Counter((t.instance_id, t.element_id) for t in tasks.values() if t.element_id in STEPS)
        assert set(steps.values()) == {1}
        fired = Counter(session.scalars(sa.select(HistoryEvent.stream).where(HistoryEvent.kind == "timer-fired")))
        assert len(fired) == PROBES and set(fired.values()) == {1}
        parts = session.scalars(sa.select(DepartmentInspection)).all()
        findings = Counter(session.scalars(sa.select(Finding.department_inspection)))
        assert {p.state for p in parts} == {"已公示"}
        assert findings == {p.number: len(p.items) for p in parts}


def every_result_reached_the_platform_once(world: World) -> None:
    with world.engine.read() as session:
        results = session.scalar(sa.select(sa.func.count()).select_from(DepartmentInspection))
        published: list[Any] = list(
            session.scalars(
                sa.select(Publication.id).where(Publication.kind == "result", Publication.state == "published")
            )
        )
        total = session.scalar(sa.select(sa.func.count()).where(Publication.state == "published")) or 0
    assert len(published) == results
    wait_until(lambda: in_state(world.database, "received") == total, timeout=120, what="all receipts")
    rows = world.province.register.rows()
    assert len(rows) == total
    with world.engine.read() as session:
        receipts = set(session.scalars(sa.select(Publication.receipt).where(Publication.state == "published")))
        recorded = session.scalar(sa.select(sa.func.count()).where(HistoryEvent.kind == "province-receipt"))
    assert receipts == {row["receipt"] for row in rows}
    assert recorded == total


def nothing_is_stuck(world: World) -> None:
    """Whatever still runs waits for somebody or something."""
    instance = ProcessInstance.id
    waits = sa.or_(
        sa.exists().where(UserTask.instance_id == instance, UserTask.state == "open"),
        sa.exists().where(Timer.instance_id == instance),
        sa.exists().where(Subscription.instance_id == instance),
        sa.exists().where(Incident.instance_id == instance, Incident.state == "open"),
    )
    with world.engine.read() as session:
        stuck = session.scalars(
            sa.select(ProcessInstance.business_key).where(ProcessInstance.status == "running", ~waits)
        ).all()
        assert stuck == []
        assert session.scalars(sa.select(Incident.message).where(Incident.state == "open")).all() == []
