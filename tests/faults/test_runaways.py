"""A command that runs away inside the real server is stopped, undone and written down, while others are served."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from engine import accounts
from engine.actor import Actor
from engine.commands.deploy import Deploy
from engine.commands.incidents import ReportRunaway, ResolveIncident
from engine.commands.start_process import StartProcess
from engine.errors import Conflict, Runaway
from engine.models import Department, Incident, ProcessInstance, User, UserRole, UserTask
from engine.process_engine import ProcessEngine
from tests.support.bpmn_runs import call, chain, choose, node, process, script, sub, times
from tests.support.diagrams import diagram, end, flow, props, start, user
from tests.support.hostile_models import Files
from tests.support.http_office import Browser, problems_in
from tests.support.server_process import Server, release_schema

SYSTEM = Actor.system()
PASSWORD = "a-long-word-2026"
LIMITS = {"LIANJIAN_COMMAND_SECONDS": "1", "LIANJIAN_COMMAND_MEMORY_MB": "64"}
LONG = "长" * 40_000


def after_a_task(steps: str, names: str, more: str = "") -> str:
    text = diagram(start() + user("go") + steps + end() + chain(f"begin go {names} finish"))
    return text.replace("</bpmn:definitions>", more + "</bpmn:definitions>")


def loop(text: str) -> str:
    body = start() + user("go") + choose("g", "work") + script("work", text) + end()
    return diagram(body + chain("begin go g work g") + flow("g", "finish", "n = -1"))


def calls_within_calls(levels: int) -> str:
    more = ""
    for n in range(levels):
        step, loop_of = f"next{n}", times("9")
        inner = call(step, f"level{n + 1}", loop_of) if n < levels - 1 else script(step, "x = 1", loop_of)
        more += process(f"level{n}", start(f"b{n}") + inner + end(f"e{n}") + chain(f"b{n} {step} e{n}"))
    return more


def instances_within_instances() -> str:
    inner = start("b") + script("work", "y = item", times("1000")) + end("e") + chain("b work e")
    return after_a_task(sub("many", inner, times("1000", sequential=True)), "many")


def exploding_table(rules: int) -> Files:
    rows = "".join(
        f'<rule id="r{n}"><inputEntry id="i{n}"><text>-</text></inputEntry>'
        f'<outputEntry id="o{n}"><text>for a in 1..900 return s + s</text></outputEntry></rule>'
        for n in range(rules)
    )
    table = (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="urn:x">'
        '<decision id="fee" name="fee"><variable name="fee"/><decisionTable id="t" hitPolicy="COLLECT"><input id="i">'
        f'<inputExpression id="e"><text>s</text></inputExpression></input><output id="o" name="o"/>{rows}'
        "</decisionTable></decision></definitions>"
    )
    return {"m.bpmn": after_a_task(node("businessRuleTask", "d", props(decision="fee")), "d"), "d.dmn": table}


#: What runs away → files, and words of the page that says so
RUNAWAYS: dict[str, tuple[str | Files, str]] = {
    "a loop without end": (loop("n = 1"), "超过 1 秒"),
    "a loop that gathers data": (loop("v = concatenate(v, for i in 1..90 return string(i) + s)"), "疑似失控"),
    "an expression with a huge list": (
        after_a_task(script("work", "x = count(for a in 1..6000 return s + s)"), "work"),
        "内存超过 64 MB",
    ),
    "a multi-instance within a multi-instance": (instances_within_instances(), "超过 1 秒"),
    "calls within calls": (after_a_task(call("deep", "level0"), "deep", calls_within_calls(5)), "超过 1 秒"),
    "a table that collects too much": (exploding_table(20), "内存超过 64 MB"),
}


@dataclass
class Installation:
    """A server that runs, the engine beside it, and two officials."""

    engine: ProcessEngine
    first: Browser
    second: Browser

    def task(self, files: str | Files, key: str) -> tuple[str, str]:
        """A new instance and its open task."""
        self.engine.execute(Deploy(key, {"m.bpmn": files} if isinstance(files, str) else files), actor=SYSTEM)
        given: dict[str, Any] = {"s": LONG, "v": []}
        instance = self.engine.execute(StartProcess(key, f"case-{key}", given, department="SCJG"), actor=SYSTEM)
        with self.engine.read() as session:
            return instance, session.scalars(sa.select(UserTask.id).where(UserTask.instance_id == instance)).one()

    def incidents(self, instance_id: str) -> list[Incident]:
        with self.engine.read() as session:
            return list(session.scalars(sa.select(Incident).where(Incident.instance_id == instance_id)))


def version_of(installed: Installation, instance_id: str) -> int:
    with installed.engine.read() as session:
        return session.get_one(ProcessInstance, instance_id).version


@pytest.fixture
def installed(engine: ProcessEngine, database_url: str, tmp_path: Path) -> Iterator[Installation]:
    release_schema(database_url)
    district = engine.settings.district_id
    with engine.database.write() as session:
        session.add(Department(district_id=district, code="SCJG", name="市场监督管理局"))
        for login in ("p0", "p1"):
            person = User(
                district_id=district, login=login, name=login, department="SCJG", created_at=engine.clock(),
                password_hash=accounts.hash_password(PASSWORD),
            )  # fmt: skip
            session.add(person)
            session.flush()
            session.add(UserRole(district_id=district, user_id=person.id, department="SCJG", role="承办人"))
    places = {"LIANJIAN_DATABASE_URL": database_url, "LIANJIAN_DATA_DIR": str(tmp_path / "data")}
    server = Server(tmp_path / "server.log", {**places, **LIMITS, "LIANJIAN_EMBEDDED_WORKER": "0"})
    server.start()
    try:
        server.wait()
        made = Installation(engine, Browser(server.url, "p0", PASSWORD), Browser(server.url, "p1", PASSWORD))
        yield made
        made.first.close()
        made.second.close()
    finally:
        server.kill()


def test_a_runaway_is_stopped_and_written_down_while_others_are_served(installed: Installation) -> None:
    for number, (name, (files, words)) in enumerate(RUNAWAYS.items()):
        instance, task = installed.task(files, f"runaway-{number}")
        page, replies = installed.first.open(task), list[httpx.Response]()
        begun = version_of(installed, instance)
        submitting = threading.Thread(target=lambda: replies.append(installed.first.submit(task, page, {})))  # noqa: B023
        submitting.start()
        served = 0
        while submitting.is_alive():
            assert installed.second.get("/inbox").status_code == 200
            served += 1
        submitting.join()
        assert served and replies[0].status_code == 422, name
        assert words in replies[0].text, f"{name}: {problems_in(replies[0].text)}"
        found = installed.incidents(instance)
        assert [(i.kind, i.business_key, i.state) for i in found] == [("runaway", f"case-runaway-{number}", "open")]
        assert words in found[0].message
        with installed.engine.read() as session:
            assert session.get_one(UserTask, task).state == "open"
        assert version_of(installed, instance) == begun

    plain, task = installed.task(after_a_task(script("work", "x = 1"), "work"), "plain")
    assert installed.first.submit(task, installed.first.open(task), {}).status_code == 303
    with installed.engine.read() as session:
        assert session.get_one(ProcessInstance, plain).status == "completed"


def test_the_incident_of_a_runaway_is_closed_not_retried(engine: ProcessEngine) -> None:
    engine.execute(Deploy("loop", {"m.bpmn": loop("n = 1")}), actor=SYSTEM)
    instance = engine.execute(StartProcess("loop", "case-1", department="SCJG"), actor=SYSTEM)
    details = {"instance_id": instance, "business_key": "case-1", "process": "loop"}
    for _ in range(2):
        engine.execute(ReportRunaway(Runaway("疑似死循环，已停止。", **details)), actor=SYSTEM)
    with engine.read() as session:
        incident = session.scalars(sa.select(Incident)).one()
    assert incident.attempts == 2
    with pytest.raises(Conflict, match="重新提交"):
        engine.execute(ResolveIncident(incident.id), actor=SYSTEM)
    engine.execute(ResolveIncident(incident.id, "close", "改好了流程图"), actor=SYSTEM)
