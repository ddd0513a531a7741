"""A state nobody can read stops its own instance only: an incident names it, the others go on."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.complete_task import CompleteTask
from engine.commands.context import CommandContext
from engine.commands.correlate_message import CorrelateMessage
from engine.commands.deploy import Deploy
from engine.commands.fire_timers import FireTimers
from engine.commands.start_process import StartProcess
from engine.commands.stepping import follow_deadlines
from engine.errors import StateUnreadable
from engine.history import verify
from engine.models import Incident, Message, ProcessInstance, UserTask
from engine.process_engine import ProcessEngine
from tests.conftest import Clock
from tests.support.bpmn_runs import boundary, chain, message, timer
from tests.support.diagrams import diagram, end, start, user

SYSTEM = Actor.system()
BODY = (
    start() + user("act") + boundary("told", "act", message("go"), interrupting=False)
    + boundary("late", "act", timer("PT1H"), interrupting=False) + end() + end("end_told") + end("end_late")
    + chain("begin act finish; told end_told; late end_late")
)  # fmt: skip


def _unknown_element(state: bytes) -> bytes:
    document = orjson.loads(state)
    document[1][-1][2] = "removed_by_hand"
    return orjson.dumps(document)


BROKEN = {
    "cut": lambda state: state[: len(state) // 2],
    "noise": lambda state: b"\x00\xff" * 40,
    "future-format": lambda state: orjson.dumps([999, *orjson.loads(state)[1:]]),
    "unknown-element": _unknown_element,
}


class FollowDeadlines:
    """What a new holiday notice does to every case."""

    def __init__(self, keys: list[str]) -> None:
        self.keys = keys

    def run(self, ctx: CommandContext) -> int:
        return follow_deadlines(ctx, self.keys)


def cases(engine: ProcessEngine) -> dict[str, str]:
    engine.execute(Deploy("probe", {"probe.bpmn": diagram(BODY, messages="go")}), actor=SYSTEM)
    return {key: engine.execute(StartProcess("probe", key, department="SCJG"), actor=SYSTEM) for key in ("A", "B", "C")}


def spoil(engine: ProcessEngine, instance_id: str, how: str) -> None:
    with engine.database.write() as session:
        instance = session.get_one(ProcessInstance, instance_id)
        instance.state = BROKEN[how](instance.state)


def complete(engine: ProcessEngine, instance_id: str) -> Any:
    with engine.read() as session:
        task = session.scalars(sa.select(UserTask).where(UserTask.instance_id == instance_id)).one()
    return engine.execute(CompleteTask(task.id, task.version, {"said": "好"}), actor=SYSTEM)


def incidents(engine: ProcessEngine) -> set[tuple[str | None, str]]:
    with engine.read() as session:
        rows = session.execute(sa.select(Incident.instance_id, Incident.kind).where(Incident.state == "open"))
        return {(instance_id, kind) for instance_id, kind in rows}


@pytest.mark.parametrize("how", BROKEN)
def test_completing_a_task_of_it_is_refused_with_an_incident_and_others_complete(
    engine: ProcessEngine, how: str
) -> None:
    ids = cases(engine)
    spoil(engine, ids["B"], how)
    complete(engine, ids["A"])
    for _ in range(2):
        with pytest.raises(StateUnreadable):
            complete(engine, ids["B"])
    complete(engine, ids["C"])
    assert incidents(engine) == {(ids["B"], "state")}
    with engine.read() as session:
        assert session.scalars(sa.select(Incident.attempts)).one() == 2
        states = {t.business_key: t.state for t in session.scalars(sa.select(UserTask))}
        assert states == {"A": "completed", "B": "open", "C": "completed"}
        assert verify(session, engine.settings.district_id).problems == []


def test_timers_messages_and_moved_deadlines_of_the_others_go_on(engine: ProcessEngine, clock: Clock) -> None:
    ids = cases(engine)
    spoil(engine, ids["B"], "cut")
    for key in ids:
        engine.execute(CorrelateMessage("go", key), actor=SYSTEM)
    assert engine.execute(FollowDeadlines(list(ids)), actor=SYSTEM) == 3
    clock.advance(hours=2)
    for instance_id in ids.values():
        assert engine.execute(FireTimers(instance_id), actor=SYSTEM)
    assert {instance_id for instance_id, _ in incidents(engine)} == {ids["B"]}
    with engine.read() as session:
        delivered = {m.business_key: m.delivered_at is not None for m in session.scalars(sa.select(Message))}
        assert delivered == {"A": True, "B": False, "C": True}
        for key in ("A", "C"):
            done = engine.peek(session, session.get_one(ProcessInstance, ids[key])).progress()
            assert done["end_told"] == done["end_late"] == "done"
        assert verify(session, engine.settings.district_id).problems == []
