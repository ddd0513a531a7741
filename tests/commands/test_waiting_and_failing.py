"""Messages, timers, deadlines and incidents through the real engine on both databases."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.complete_task import CompleteTask
from engine.commands.correlate_message import CorrelateMessage
from engine.commands.deploy import Deploy
from engine.commands.fire_timers import FireTimers
from engine.commands.incidents import ResolveIncident
from engine.commands.start_process import StartProcess
from engine.db import Database
from engine.errors import Conflict, ModelRefused, NotFound, ServiceTaskFailed
from engine.models import Deadline, Incident, Message, ProcessInstance, Subscription, Timer, UserTask
from engine.process_engine import ProcessEngine
from engine.service_tasks import ServiceContext, ServiceRegistry, service_task
from engine.settings import Settings
from tests.conftest import Clock
from tests.support.diagrams import catch_message, catch_timer, diagram, end, flows, service, start, user

SYSTEM = Actor.system()
SWITCH = {"broken": False}


@service_task("probe-fail", title="可能失败的服务")
def probe_fail(ctx: ServiceContext) -> dict[str, Any]:
    """Fails while the test says so."""
    if SWITCH["broken"]:
        raise ServiceTaskFailed("外部资料暂时不可用。")
    return {"done": True}


@service_task("probe-clock", title="起算期限")
def probe_clock(ctx: ServiceContext) -> None:
    """Starts a deadline of 20 working days."""
    ctx.set_deadline(ctx.business_key, "publication", rule="20wd", legal_basis="测试依据")


@service_task("probe-tell", title="发送消息")
def probe_tell(ctx: ServiceContext, to: str) -> None:
    """Sends the message ``go`` to another case."""
    ctx.send_message("go", to, {"from": ctx.business_key})


@pytest.fixture
def probe(database: Database, settings: Settings, clock: Clock, engine: ProcessEngine) -> ProcessEngine:
    """An engine with the probe services; the shipped ``engine`` fixture seeds the calendar."""
    SWITCH["broken"] = False
    registry = ServiceRegistry(f.__service_task__ for f in (probe_fail, probe_clock, probe_tell))  # type: ignore[attr-defined]
    return ProcessEngine(database, settings, registry, clock=clock)


def deploy(engine: ProcessEngine, body: str, key: str = "probe", messages: str = "go") -> None:
    text = diagram(body, process_id=key.replace("-", "_"), messages=messages)
    engine.execute(Deploy(key, {f"{key}.bpmn": text}), actor=SYSTEM)


def begin(engine: ProcessEngine, key: str = "probe", business_key: str = "k1") -> str:
    return str(engine.execute(StartProcess(key, business_key, department="SCJG"), actor=SYSTEM))


def status(engine: ProcessEngine, instance_id: str) -> str:
    with engine.read() as session:
        return session.get_one(ProcessInstance, instance_id).status


def one(engine: ProcessEngine, kind: Any) -> Any:
    with engine.read() as session:
        return session.scalars(sa.select(kind)).one()


def count(engine: ProcessEngine, kind: Any) -> int:
    with engine.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(kind)) or 0


WAIT_FOR_GO = start() + catch_message("wait", "go") + end() + flows("begin", "wait", "finish")


def test_a_message_reaches_only_the_case_it_names(probe: ProcessEngine) -> None:
    deploy(probe, WAIT_FOR_GO)
    first, second = begin(probe), begin(probe, business_key="k2")
    probe.execute(CorrelateMessage("go", "k2", {"n": 1}), actor=SYSTEM)
    assert (status(probe, first), status(probe, second)) == ("running", "completed")
    assert one(probe, Subscription).instance_id == first


def test_a_message_sent_before_anybody_waits_is_kept(probe: ProcessEngine) -> None:
    deploy(probe, WAIT_FOR_GO)
    probe.execute(CorrelateMessage("go", "k1"), actor=SYSTEM)
    assert one(probe, Message).delivered_at is None
    instance = begin(probe)
    assert status(probe, instance) == "completed"
    assert one(probe, Message).instance_id == instance


def test_a_message_is_delivered_once(probe: ProcessEngine) -> None:
    twice = start() + catch_message("wait", "go") + catch_message("again", "go") + end()
    deploy(probe, twice + flows("begin", "wait", "again", "finish"))
    instance = begin(probe)
    probe.execute(CorrelateMessage("go", "k1"), actor=SYSTEM)
    assert status(probe, instance) == "running"
    probe.execute(CorrelateMessage("go", "k1"), actor=SYSTEM)
    assert status(probe, instance) == "completed"


def test_one_case_tells_another_in_one_commit(probe: ProcessEngine) -> None:
    deploy(probe, WAIT_FOR_GO)
    teller = start() + service("tell", "probe-tell", param_to="&quot;k1&quot;") + end()
    deploy(probe, teller + flows("begin", "tell", "finish"), key="teller")
    waiting = begin(probe)
    begin(probe, key="teller", business_key="t1")
    assert status(probe, waiting) == "completed"


def test_a_delivery_that_fails_becomes_an_incident_and_can_be_retried(probe: ProcessEngine) -> None:
    body = start() + catch_message("wait", "go") + service("work", "probe-fail") + end()
    deploy(probe, body + flows("begin", "wait", "work", "finish"))
    instance = begin(probe)
    SWITCH["broken"] = True
    probe.execute(CorrelateMessage("go", "k1"), actor=SYSTEM)
    incident = one(probe, Incident)
    assert (incident.kind, incident.instance_id, incident.state) == ("message", instance, "open")
    assert "外部资料暂时不可用" in incident.message
    assert status(probe, instance) == "running" and one(probe, Message).delivered_at is None
    SWITCH["broken"] = False
    probe.execute(ResolveIncident(incident.id), actor=SYSTEM)
    assert status(probe, instance) == "completed"


def test_a_timer_fires_when_due_and_not_before(probe: ProcessEngine, clock: Clock) -> None:
    deploy(probe, start() + catch_timer("rest", "PT2H") + end() + flows("begin", "rest", "finish"))
    instance = begin(probe)
    assert one(probe, Timer).due_at == clock.now.replace(hour=11)
    clock.advance(minutes=119)
    assert probe.execute(FireTimers(instance), actor=SYSTEM) is False
    clock.advance(minutes=1)
    assert probe.execute(FireTimers(instance), actor=SYSTEM) is True
    assert status(probe, instance) == "completed" and count(probe, Timer) == 0


def test_a_timer_whose_work_fails_becomes_an_incident(probe: ProcessEngine, clock: Clock) -> None:
    body = start() + catch_timer("rest", "PT2H") + service("work", "probe-fail") + end()
    deploy(probe, body + flows("begin", "rest", "work", "finish"))
    instance = begin(probe)
    SWITCH["broken"] = True
    clock.advance(hours=3)
    probe.execute(FireTimers(instance), actor=SYSTEM)
    probe.execute(FireTimers(instance), actor=SYSTEM)
    incident = one(probe, Incident)
    assert incident.kind == "timer" and status(probe, instance) == "running"
    SWITCH["broken"] = False
    probe.execute(ResolveIncident(incident.id), actor=SYSTEM)
    assert status(probe, instance) == "completed"


def test_a_deadline_counts_working_days_and_shows_on_open_tasks(probe: ProcessEngine, clock: Clock) -> None:
    body = start() + user("publish", deadline="publication") + service("clock", "probe-clock") + end()
    fork = '<bpmn:parallelGateway id="fork" name="同时"/><bpmn:parallelGateway id="join" name="汇合"/>'
    deploy(
        probe,
        body + fork + flows("begin", "fork", "publish", "join", "finish") + flows("fork", "clock", "join"),
    )
    clock.travel("2026-09-18T15:00")
    begin(probe)
    deadline = one(probe, Deadline)
    assert deadline.due_at.astimezone(clock.now.tzinfo).strftime("%Y-%m-%d") == "2026-10-22"
    assert one(probe, UserTask).due_at == deadline.due_at


def test_a_service_that_fails_for_a_person_rolls_everything_back(probe: ProcessEngine) -> None:
    body = start() + user("write") + service("work", "probe-fail") + end()
    deploy(probe, body + flows("begin", "write", "work", "finish"))
    instance = begin(probe)
    task = one(probe, UserTask)
    SWITCH["broken"] = True
    officer = Actor(None, "演示", "SCJG", frozenset({"SCJG/承办人"}))
    with pytest.raises(ServiceTaskFailed, match="外部资料"):
        probe.execute(CompleteTask(task.id, task.version, {"note": "x"}), actor=officer)
    assert one(probe, UserTask).state == "open" and status(probe, instance) == "running"
    SWITCH["broken"] = False
    probe.execute(CompleteTask(task.id, task.version, {"note": "x"}), actor=officer)
    assert status(probe, instance) == "completed"


def test_a_stale_version_is_refused(probe: ProcessEngine) -> None:
    deploy(probe, start() + user("write") + end() + flows("begin", "write", "finish"))
    begin(probe)
    task = one(probe, UserTask)
    with pytest.raises(Conflict):
        probe.execute(CompleteTask(task.id, task.version + 1, {}), actor=SYSTEM)
    probe.execute(CompleteTask(task.id, task.version, {}), actor=SYSTEM)
    with pytest.raises(Conflict):
        probe.execute(CompleteTask(task.id, task.version, {}), actor=SYSTEM)


def test_starting_the_same_case_twice_starts_it_once(probe: ProcessEngine) -> None:
    deploy(probe, WAIT_FOR_GO)
    assert begin(probe) == begin(probe)
    assert count(probe, ProcessInstance) == 1
    with pytest.raises(NotFound):
        begin(probe, key="unknown")


def test_a_model_outside_the_allow_list_is_refused_with_all_findings(probe: ProcessEngine) -> None:
    signal = (
        '<bpmn:intermediateCatchEvent id="s" name="信号"><bpmn:signalEventDefinition id="sd"/>'
        "</bpmn:intermediateCatchEvent>"
    )
    body = start() + signal + service("x", "nobody-knows") + end() + flows("begin", "s", "x", "finish")
    with pytest.raises(ModelRefused) as refused:
        deploy(probe, body)
    rules = {f["rule"] for f in refused.value.findings}
    assert "known-services" in rules and len(rules) >= 2
