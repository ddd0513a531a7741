"""Signals across instances, and processes that messages, signals and timers start, on both databases."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.broadcast_signal import BroadcastSignal
from engine.commands.complete_task import CompleteTask
from engine.commands.correlate_message import CorrelateMessage
from engine.commands.deploy import Deploy
from engine.commands.fire_timers import FireTimers
from engine.commands.incidents import ResolveIncident
from engine.commands.start_by_timer import StartByTimer
from engine.commands.start_process import StartProcess
from engine.db import Database, is_postgresql
from engine.errors import ModelRefused, NotFound, ServiceTaskFailed
from engine.models import Incident, Message, ProcessInstance, StartTrigger, Subscription, UserTask
from engine.process_engine import ProcessEngine
from engine.service_tasks import ServiceContext, ServiceRegistry, service_task
from engine.settings import Settings
from tests.conftest import Clock
from tests.support.bpmn_runs import boundary, catch, chain, finish, message, node, par, throw, timer
from tests.support.diagrams import diagram, end, flows, service, start, user

SYSTEM = Actor.system()
STATE: dict[str, Any] = {}


@service_task("probe-break", title="可能失败的服务")
def probe_break(ctx: ServiceContext) -> None:
    """Fails while the test says so."""
    if STATE.get("broken"):
        raise ServiceTaskFailed("外部资料暂时不可用。")


@service_task("probe-meet", title="等另一个流程")
def probe_meet(ctx: ServiceContext) -> None:
    """The first time, waits until the other case has come as far."""
    if ctx.business_key not in STATE:
        STATE[ctx.business_key] = True
        STATE["gate"].wait(20)


@pytest.fixture
def probe(database: Database, settings: Settings, clock: Clock) -> ProcessEngine:
    STATE.clear()
    registry = ServiceRegistry(f.__service_task__ for f in (probe_break, probe_meet))  # type: ignore[attr-defined]
    return ProcessEngine(database, settings, registry, clock=clock)


def signal(name: str) -> str:
    return f'<bpmn:signalEventDefinition signalRef="sig_{name}"/>'


def deploy(engine: ProcessEngine, body: str, key: str = "probe", more: str = "") -> None:
    declared = "".join(f'<bpmn:signal id="sig_{n}" name="{n}"/>' for n in ("stop", "other"))
    text = diagram(body, process_id=key, messages="go ask").replace(
        "</bpmn:definitions>", declared + more + "</bpmn:definitions>"
    )
    engine.execute(Deploy(key, {f"{key}.bpmn": text}), actor=SYSTEM)


def begin(engine: ProcessEngine, business_key: str, key: str = "probe", **variables: Any) -> str:
    return str(engine.execute(StartProcess(key, business_key, variables, department="SCJG"), actor=SYSTEM))


def do(engine: ProcessEngine, element_id: str, business_key: str | None = None) -> None:
    with engine.read() as session:
        wanted = sa.select(UserTask).where(UserTask.element_id == element_id, UserTask.state == "open")
        if business_key:
            wanted = wanted.where(UserTask.business_key == business_key)
        task = session.scalars(wanted).one()
    engine.execute(CompleteTask(task.id, task.version, {}), actor=SYSTEM)


def instances(engine: ProcessEngine) -> dict[str, str]:
    """Status by business key."""
    with engine.read() as session:
        rows = session.execute(sa.select(ProcessInstance.business_key, ProcessInstance.status)).all()
    return {row.business_key: row.status for row in rows}


def opened(engine: ProcessEngine) -> list[str]:
    with engine.read() as session:
        return sorted(session.scalars(sa.select(UserTask.element_id).where(UserTask.state == "open")))


def one(engine: ProcessEngine, kind: Any) -> Any:
    with engine.read() as session:
        return session.scalars(sa.select(kind)).one()


def every(engine: ProcessEngine, kind: Any) -> list[Any]:
    with engine.read() as session:
        return list(session.scalars(sa.select(kind).order_by(kind.id)))


WAITS = start() + catch("wait", signal("stop")) + end() + chain("begin wait finish")


def test_a_signal_reaches_every_instance_that_waits_and_is_then_gone(probe: ProcessEngine) -> None:
    deploy(probe, WAITS)
    for key in ("k1", "k2"):
        begin(probe, key)
    assert probe.execute(BroadcastSignal("other"), actor=SYSTEM) == 0
    assert probe.execute(BroadcastSignal("stop", {"why": 1}), actor=SYSTEM) == 2
    begin(probe, "k3")
    assert instances(probe) == {"k1": "completed", "k2": "completed", "k3": "running"}
    assert [(s.kind, s.message_name) for s in every(probe, Subscription)] == [("signal", "stop")]


def test_an_instance_tells_the_others_in_its_own_commit(probe: ProcessEngine) -> None:
    deploy(probe, WAITS)
    body = (
        start() + throw("shout", signal("stop"), payload="{&quot;n&quot;: 1}") + catch("wait", signal("stop")) + end()
    )
    deploy(probe, body + chain("begin shout wait finish"), key="loud")
    begin(probe, "k1")
    begin(probe, "loud-1", key="loud")
    assert instances(probe) == {"k1": "completed", "loud-1": "running"}, "it does not hear its own signal afterwards"


def test_a_boundary_hears_signals_of_other_instances(probe: ProcessEngine) -> None:
    body = start() + user("work") + boundary("halt", "work", signal("stop")) + user("after") + end() + finish("e2")
    deploy(probe, body + chain("begin work finish; halt after e2"))
    begin(probe, "k1")
    begin(probe, "k2")
    do(probe, "work", "k2")
    probe.execute(BroadcastSignal("stop"), actor=SYSTEM)
    assert opened(probe) == ["after"] and instances(probe) == {"k1": "running", "k2": "completed"}


def test_a_receiver_that_fails_becomes_an_incident_and_the_others_go_on(probe: ProcessEngine) -> None:
    deploy(probe, start() + catch("wait", signal("stop")) + service("work", "probe-break") + end()
           + chain("begin wait work finish"), key="weak")  # fmt: skip
    deploy(probe, WAITS)
    begin(probe, "k1", key="weak")
    begin(probe, "k2")
    STATE["broken"] = True
    probe.execute(BroadcastSignal("stop"), actor=SYSTEM)
    assert instances(probe) == {"k1": "running", "k2": "completed"}
    incident = one(probe, Incident)
    assert incident.kind == "signal"
    STATE["broken"] = False
    probe.execute(ResolveIncident(incident.id), actor=SYSTEM)
    assert instances(probe)["k1"] == "completed"


def test_what_a_failing_receiver_threw_was_never_thrown(probe: ProcessEngine) -> None:
    body = start() + catch("wait", message("go")) + throw("shout", signal("stop")) + service("work", "probe-break")
    deploy(probe, body + end() + chain("begin wait shout work finish"), key="weak")
    deploy(probe, WAITS)
    begin(probe, "k1", key="weak")
    begin(probe, "k2")
    STATE["broken"] = True
    probe.execute(CorrelateMessage("go", "k1"), actor=SYSTEM)
    assert instances(probe) == {"k1": "running", "k2": "running"}
    STATE["broken"] = False
    probe.execute(ResolveIncident(one(probe, Incident).id), actor=SYSTEM)
    assert instances(probe) == {"k1": "completed", "k2": "completed"}


def test_a_signal_starts_processes(probe: ProcessEngine) -> None:
    body = node("startEvent", "heard", signal("stop")) + user("react") + end() + chain("heard react finish")
    deploy(probe, body, key="first")
    deploy(probe, body, key="second")
    assert probe.execute(BroadcastSignal("stop"), actor=SYSTEM) == 2
    assert opened(probe) == ["react", "react"]
    assert probe.execute(BroadcastSignal("stop"), actor=SYSTEM) == 2
    assert len(opened(probe)) == 4, "every signal starts new instances"


def test_an_instance_started_by_hand_waits_at_the_start_for_its_signal(probe: ProcessEngine) -> None:
    deploy(probe, node("startEvent", "heard", signal("stop")) + user("react") + end() + chain("heard react finish"))
    begin(probe, "k1")
    assert probe.execute(BroadcastSignal("stop"), actor=SYSTEM) == 1
    assert opened(probe) == ["react"] and instances(probe) == {"k1": "running"}


def test_a_message_starts_a_process_once_for_its_business_key(probe: ProcessEngine) -> None:
    body = start() + node("startEvent", "told", message("go")) + user("by_hand") + user("react") + end()
    deploy(probe, body + chain("begin by_hand finish; told react finish"))
    probe.execute(CorrelateMessage("go", "k1", {"n": 1, "department": "SCJG"}), actor=SYSTEM)
    assert opened(probe) == ["react"]
    instance = one(probe, ProcessInstance)
    assert (instance.business_key, instance.department) == ("k1", "SCJG")
    assert one(probe, Message).instance_id == instance.id
    probe.execute(CorrelateMessage("go", "k1"), actor=SYSTEM)
    assert opened(probe) == ["react"], "the case exists; its message waits until somebody awaits it"
    probe.execute(CorrelateMessage("go", "k2"), actor=SYSTEM)
    begin(probe, "k3")
    assert opened(probe) == ["by_hand", "react", "react"]


def test_who_waits_gets_the_message_before_a_start(probe: ProcessEngine) -> None:
    deploy(probe, node("startEvent", "told", message("go")) + user("react") + end() + chain("told react finish"))
    deploy(probe, start() + catch("wait", message("go")) + end() + chain("begin wait finish"), key="waits")
    begin(probe, "k1", key="waits")
    probe.execute(CorrelateMessage("go", "k1"), actor=SYSTEM)
    assert opened(probe) == [] and instances(probe) == {"k1": "completed"}


def test_a_message_passes_by_a_conversation_it_does_not_belong_to(probe: ProcessEngine) -> None:
    of_key = "<bpmn:correlationPropertyRef>which</bpmn:correlationPropertyRef>"
    key = f'<bpmn:correlationKey id="key">{of_key}</bpmn:correlationKey>'
    found = '<bpmn:correlationProperty id="which"><bpmn:correlationPropertyRetrievalExpression messageRef="msg_go">'
    found += "<bpmn:messagePath>n</bpmn:messagePath></bpmn:correlationPropertyRetrievalExpression>"
    found += "</bpmn:correlationProperty>"
    bound = '<bpmn:correlationSubscription id="mine" correlationKeyRef="key"><bpmn:correlationPropertyBinding'
    bound += ' correlationPropertyRef="which"><bpmn:dataPath>wanted</bpmn:dataPath></bpmn:correlationPropertyBinding>'
    body = start() + catch("wait", message("go")) + end() + chain("begin wait finish")
    for name in ("first", "second"):
        pool = (
            f'<bpmn:collaboration id="talk"><bpmn:participant id="us" processRef="{name}"/>{key}</bpmn:collaboration>'
        )
        deploy(probe, body + bound + "</bpmn:correlationSubscription>", key=name, more=found + pool)
        begin(probe, "k1", key=name, wanted=name)
    probe.execute(CorrelateMessage("go", "k1", {"n": "second"}), actor=SYSTEM)
    with probe.read() as session:
        done = session.scalars(sa.select(ProcessInstance).where(ProcessInstance.status == "completed")).one()
    assert done.process_key == "second"
    probe.execute(CorrelateMessage("go", "k1", {"n": "third"}), actor=SYSTEM)
    assert [m.delivered_at is None for m in every(probe, Message)] == [False, True]


def test_an_instance_that_was_started_by_hand_waits_at_the_start_for_its_message(probe: ProcessEngine) -> None:
    deploy(probe, node("startEvent", "told", message("go")) + user("react") + end() + chain("told react finish"))
    begin(probe, "k1")
    assert opened(probe) == []
    probe.execute(CorrelateMessage("go", "k1"), actor=SYSTEM)
    assert opened(probe) == ["react"] and len(every(probe, ProcessInstance)) == 1


def test_a_starting_gateway_awaits_the_rest_in_the_instance_the_first_message_started(probe: ProcessEngine) -> None:
    body = node("eventBasedGateway", "g", instantiate="true", eventGatewayType="Parallel")
    body += catch("told", message("go")) + catch("asked", message("ask")) + par("g2") + user("react") + end()
    deploy(probe, body + chain("g told g2; g asked g2; g2 react finish"))
    probe.execute(CorrelateMessage("ask", "k1"), actor=SYSTEM)
    assert opened(probe) == [] and instances(probe) == {"k1": "running"}
    probe.execute(CorrelateMessage("go", "k1"), actor=SYSTEM)
    assert opened(probe) == ["react"] and len(every(probe, ProcessInstance)) == 1


def test_a_start_that_fails_keeps_the_message_for_the_retry(probe: ProcessEngine) -> None:
    body = node("startEvent", "told", message("go")) + service("work", "probe-break") + end()
    deploy(probe, body + flows("told", "work", "finish"))
    STATE["broken"] = True
    probe.execute(CorrelateMessage("go", "k1"), actor=SYSTEM)
    assert instances(probe) == {} and one(probe, Message).delivered_at is None
    STATE["broken"] = False
    probe.execute(ResolveIncident(one(probe, Incident).id), actor=SYSTEM)
    assert instances(probe) == {"k1": "completed"}


def test_one_message_starts_one_process_only(probe: ProcessEngine) -> None:
    body = node("startEvent", "told", message("go")) + user("react") + end() + chain("told react finish")
    deploy(probe, body)
    with pytest.raises(ModelRefused, match="已用来启动流程“probe”"):
        deploy(probe, body, key="second")


def test_a_cycle_starts_an_instance_each_round_from_when_its_version_is_current(
    probe: ProcessEngine, clock: Clock
) -> None:
    body = node("startEvent", "daily", timer("R/2026-03-01T08:00:00+08:00/P1D", "timeCycle")) + user("check") + end()
    deploy(probe, body + chain("daily check finish"))
    assert probe.execute(StartByTimer("probe"), actor=SYSTEM) == 0, "rounds before the deployment are not made up for"
    clock.travel("2026-03-03T08:00")
    assert probe.execute(StartByTimer("probe"), actor=SYSTEM) == 1
    assert probe.execute(StartByTimer("probe"), actor=SYSTEM) == 0
    clock.travel("2026-03-06T07:00")
    assert probe.execute(StartByTimer("probe"), actor=SYSTEM) == 2, "rounds missed in a stop are"
    assert sorted(instances(probe)) == [f"probe/daily/2026-03-0{day}T08:00:00+08:00" for day in (3, 4, 5)]
    deploy(probe, start() + user("check") + end() + chain("begin check finish"))
    clock.advance(days=3)
    assert probe.execute(StartByTimer("probe"), actor=SYSTEM) == 0, "the newer version starts by hand"


def test_a_timer_that_reads_data_waits_in_the_instance(probe: ProcessEngine, clock: Clock) -> None:
    body = node("startEvent", "later", timer("until", "timeDate")) + user("check") + end()
    deploy(probe, body + chain("later check finish"))
    assert every(probe, StartTrigger) == []
    instance = begin(probe, "k1", until="2026-03-02T12:00:00+08:00")
    clock.advance(hours=4)
    probe.execute(FireTimers(instance), actor=SYSTEM)
    assert opened(probe) == ["check"]


def test_only_what_is_in_the_diagram_can_be_named_as_a_start(probe: ProcessEngine) -> None:
    deploy(probe, WAITS)
    with pytest.raises(NotFound):
        probe.execute(StartProcess("probe", "k1", at="nothing"), actor=SYSTEM)


def test_two_signals_that_cross_both_arrive(probe: ProcessEngine) -> None:
    if not is_postgresql(probe.database.engine.connect()):
        return  # on the embedded database commands follow one another
    for key, mine, others in (("left", "stop", "other"), ("right", "other", "stop")):
        body = start() + par("g1", "g2") + user("go") + service("meet", "probe-meet") + throw("shout", signal(mine))
        body += catch("wait", signal(others)) + end()
        deploy(probe, body + chain("begin g1; g1 go meet shout g2; g1 wait g2; g2 finish"), key=key)
        begin(probe, key, key=key)
    STATE["gate"] = threading.Barrier(2)
    threads = [threading.Thread(target=do, args=(probe, "go", key)) for key in ("left", "right")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert instances(probe) == {"left": "completed", "right": "completed"}
