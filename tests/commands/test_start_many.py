"""Many starts in one transaction: each instance is what a start of its own would have made."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.complete_task import CompleteTask
from engine.commands.deploy import Deploy
from engine.commands.start_many import StartMany
from engine.commands.start_process import StartProcess
from engine.errors import NotFound
from engine.history import verify
from engine.models import HistoryEvent, InstanceDepartment, ProcessInstance, UserTask
from engine.process_engine import ProcessEngine
from engine.service_tasks import Start
from tests.support.diagrams import diagram, end, flow, flows, start, user

SYSTEM = Actor.system()


def script(element_id: str, text: str) -> str:
    return f'<bpmn:scriptTask id="{element_id}" name="计算"><bpmn:script>{text}</bpmn:script></bpmn:scriptTask>'


ALIKE = start() + script("set_up", "rounds = 1") + user("act") + user("tell") + end()
ALIKE += flows("begin", "set_up", "act", "tell", "finish")
READS = (
    start() + script("set_up", "double = amount * 2") + user("act") + end() + flows("begin", "set_up", "act", "finish")
)
ASKS = start() + user("act", department="owner") + end() + flows("begin", "act", "finish")
BRANCHES = (
    start() + '<bpmn:exclusiveGateway id="choice" name="金额" default="small"/>' + user("big_act") + user("small_act")
    + end() + end("finish_2") + flow("begin", "choice") + flow("choice", "big_act", "amount &gt; 1", "大")
    + '<bpmn:sequenceFlow id="small" name="小" sourceRef="choice" targetRef="small_act"/>'
    + flow("big_act", "finish") + flow("small_act", "finish_2")
)  # fmt: skip
WAITS = (
    start() + user("act")
    + '<bpmn:boundaryEvent id="late" name="逾期" attachedToRef="act" cancelActivity="false">'
    + '<bpmn:timerEventDefinition id="late_d"><bpmn:timeDuration>P3D</bpmn:timeDuration></bpmn:timerEventDefinition>'
    + "</bpmn:boundaryEvent>" + end() + end("finish_2") + flows("begin", "act", "finish") + flow("late", "finish_2")
)  # fmt: skip


def deployed(engine: ProcessEngine, body: str) -> None:
    engine.execute(Deploy("probe", {"probe.bpmn": diagram(body)}), actor=SYSTEM)


def starts(*amounts: int) -> tuple[Start, ...]:
    return tuple(
        Start(f"K-{n}", {"amount": n, "owner": "WJJ", "list": [{"n": n}]}, f"第{n}件", "SCJG", ("YJJ",))
        for n in amounts
    )


def facts(engine: ProcessEngine, instance_id: str) -> dict[str, Any]:
    """What is told of an instance, without its ids and its business key."""
    with engine.read() as session:
        instance = session.get_one(ProcessInstance, instance_id)
        execution = engine.peek(session, instance)
        tasks = session.scalars(
            sa.select(UserTask).where(UserTask.instance_id == instance_id, UserTask.state == "open")
        ).all()
        own = ("id", "instance_id", "engine_task_id", "business_key", "created_at")
        assert {t.engine_task_id for t in tasks} == {e.engine_task_id for e in execution.open_tasks()}
        events = session.execute(
            sa.select(HistoryEvent.kind, HistoryEvent.body)
            .where(HistoryEvent.stream == instance_id)
            .order_by(HistoryEvent.seq)
        )
        return {
            "tasks": [
                {c.key: getattr(t, c.key) for c in sa.inspect(UserTask).column_attrs if c.key not in own} for t in tasks
            ],
            "data": [dict(e.data) | {"business_key": ""} for e in execution.open_tasks()],
            "progress": execution.progress(),
            "events": [(kind, sorted(orjson.loads(body))) for kind, body in events],
            "shown": set(
                session.scalars(
                    sa.select(InstanceDepartment.department).where(InstanceDepartment.instance_id == instance_id)
                )
            ),
            "instance": (instance.title, instance.department, instance.status, instance.version),
        }


@pytest.mark.parametrize(
    "body", [ALIKE, READS, ASKS, BRANCHES, WAITS], ids=["alike", "reads", "asks", "branches", "waits"]
)
def test_an_instance_started_among_many_is_the_one_started_alone(engine: ProcessEngine, body: str) -> None:
    deployed(engine, body)
    many = engine.execute(StartMany("probe", starts(1, 2, 3)), actor=SYSTEM)
    for one in starts(1, 2, 3):
        alone = engine.execute(
            StartProcess("probe", f"alone-{one.business_key}", *list(vars(one).values())[1:]), actor=SYSTEM
        )
        assert facts(engine, many[one.business_key]) == facts(engine, alone)
    with engine.read() as session:
        assert verify(session, engine.settings.district_id).problems == []


def test_each_goes_its_own_way_to_the_end(engine: ProcessEngine) -> None:
    deployed(engine, ALIKE)
    many = engine.execute(StartMany("probe", starts(*range(5))), actor=SYSTEM)
    for round_ in range(2):
        for instance_id in many.values():
            with engine.read() as session:
                task = session.scalars(
                    sa.select(UserTask).where(UserTask.instance_id == instance_id, UserTask.state == "open")
                ).one()
            engine.execute(CompleteTask(task.id, task.version, {"round": round_}), actor=SYSTEM)
    with engine.read() as session:
        rows = session.scalars(sa.select(ProcessInstance)).all()
        assert {row.status for row in rows} == {"completed"}
        assert len({row.state for row in rows}) == 5
        assert verify(session, engine.settings.district_id).problems == []


def test_starting_again_starts_only_what_is_new(engine: ProcessEngine) -> None:
    deployed(engine, ALIKE)
    first = engine.execute(StartMany("probe", starts(1, 2)), actor=SYSTEM)
    again = engine.execute(StartMany("probe", starts(2, 3, 3, 1)), actor=SYSTEM)
    assert again["K-1"] == first["K-1"] and again["K-2"] == first["K-2"] and set(again) == {"K-1", "K-2", "K-3"}
    with engine.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(ProcessInstance)) == 3


def test_nothing_is_started_of_a_process_nobody_deployed(engine: ProcessEngine) -> None:
    with pytest.raises(NotFound):
        engine.execute(StartMany("missing", starts(1)), actor=SYSTEM)
