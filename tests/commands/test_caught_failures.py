"""A failure that the diagram catches, and events that come late, through the real engine on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.complete_task import CompleteTask
from engine.commands.correlate_message import CorrelateMessage
from engine.commands.deploy import Deploy
from engine.commands.incidents import ResolveIncident
from engine.commands.start_process import StartProcess
from engine.db import Database
from engine.errors import Conflict, ServiceTaskFailed
from engine.models import Incident, Message, ProcessInstance, Subscription, UserTask
from engine.process_engine import ProcessEngine
from engine.service_tasks import ServiceContext, ServiceRegistry, service_task
from engine.settings import Settings
from tests.conftest import Clock
from tests.support.bpmn_runs import boundary, chain, codes, error, finish, message, par, timer
from tests.support.diagrams import diagram, end, service, start, user
from tests.support.scope_models import handler

SYSTEM = Actor.system()


@service_task("probe-half", title="做了一半的服务")
def probe_half(ctx: ServiceContext) -> None:
    """Sends a message, then fails with a code."""
    ctx.send_message("go", "elsewhere", {"n": 1})
    raise ServiceTaskFailed("对方系统拒绝。", error_code="E1")


@pytest.fixture
def probe(database: Database, settings: Settings, clock: Clock, engine: ProcessEngine) -> ProcessEngine:
    """An engine with the probe service; the shipped ``engine`` fixture seeds the calendar."""
    registry = ServiceRegistry([probe_half.__service_task__])  # type: ignore[attr-defined]
    return ProcessEngine(database, settings, registry, clock=clock)


def begin(engine: ProcessEngine, body: str, more: str = "") -> str:
    text = diagram(body, messages="go").replace("</bpmn:definitions>", more + "</bpmn:definitions>")
    engine.execute(Deploy("probe", {"probe.bpmn": text}), actor=SYSTEM)
    return str(engine.execute(StartProcess("probe", "k1", department="SCJG"), actor=SYSTEM))


def rows(engine: ProcessEngine, query: Any) -> list[Any]:
    with engine.read() as session:
        return list(session.scalars(query))


def test_a_caught_failure_undoes_what_the_service_did_and_the_case_goes_on(probe: ProcessEngine) -> None:
    body = start() + service("call", "probe-half") + boundary("down", "call", error("E1")) + user("fix") + end()
    begin(probe, body + finish("fixed") + chain("begin call finish; down fix fixed"), codes("E1"))
    assert rows(probe, sa.select(UserTask.element_id)) == ["fix"]
    assert rows(probe, sa.select(Message.id)) == [] and rows(probe, sa.select(Incident.id)) == []


def test_a_message_after_the_deadline_is_kept_and_does_not_undo_the_deadline(
    probe: ProcessEngine, clock: Clock
) -> None:
    body = start() + user("work") + user("late") + end() + finish("e1")
    body += boundary("told", "work", message("go")) + boundary("ring", "work", timer("PT1H")) + finish("e2")
    instance_id = begin(probe, body + chain("begin work finish; ring late e1; told e2"))
    clock.now += timedelta(hours=2)
    probe.execute(CorrelateMessage("go", "k1", {"n": 1}), actor=SYSTEM)
    assert rows(probe, sa.select(UserTask.element_id).where(UserTask.state == "open")) == ["late"]
    assert rows(probe, sa.select(Message.delivered_at)) == [None] and rows(probe, sa.select(Incident.id)) == []
    with probe.read() as session:
        assert session.get_one(ProcessInstance, instance_id).status == "running"


def test_an_error_nobody_catches_ends_the_case_and_an_administrator_hears_its_code(probe: ProcessEngine) -> None:
    body = start() + par("g") + user("work") + user("beside") + finish("boom", error("E1")) + end()
    instance_id = begin(probe, body + chain("begin g; g work boom; g beside finish"), codes("E1"))
    (task,) = rows(probe, sa.select(UserTask).where(UserTask.element_id == "work"))
    probe.execute(CompleteTask(task.id, task.version, {"v": 1}), actor=SYSTEM)
    states = {t.element_id: t.state for t in rows(probe, sa.select(UserTask))}
    assert states == {"work": "completed", "beside": "cancelled"}
    with probe.read() as session:
        assert session.get_one(ProcessInstance, instance_id).status == "terminated"
    (incident,) = rows(probe, sa.select(Incident))
    assert incident.kind == "error" and "E1" in incident.message and incident.element_id == "boom"
    with pytest.raises(Conflict, match="不能重试"):
        probe.execute(ResolveIncident(incident.id), actor=SYSTEM)
    probe.execute(ResolveIncident(incident.id, action="close", reason="已电话通知"), actor=SYSTEM)


def test_a_service_that_fails_starts_the_handler_of_the_process_and_is_undone(probe: ProcessEngine) -> None:
    body = start() + user("work") + service("call", "probe-half") + end() + chain("begin work call finish")
    begin(probe, body + handler("h", error("E1")) + handler("stop", message("go")), codes("E1"))
    (task,) = rows(probe, sa.select(UserTask))
    assert rows(probe, sa.select(Subscription.element_id)) == ["stop_go"]
    probe.execute(CompleteTask(task.id, task.version, {}), actor=SYSTEM)
    assert rows(probe, sa.select(UserTask.element_id).where(UserTask.state == "open")) == ["h_fix"]
    assert rows(probe, sa.select(Message.id)) == [] and rows(probe, sa.select(Subscription.id)) == []
