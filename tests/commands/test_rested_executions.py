"""Executions kept in memory: only the very state in the database is gone on with, and nothing half done is kept."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.bpmn.execution import Rested
from engine.commands import rested as keeping
from engine.commands.complete_task import CompleteTask
from engine.commands.context import CommandContext
from engine.commands.deploy import Deploy
from engine.commands.rested import RestedExecutions
from engine.commands.start_process import StartProcess
from engine.errors import ServiceTaskFailed
from engine.models import ProcessInstance, UserTask
from engine.process_engine import ProcessEngine
from tests.support.diagrams import diagram, end, flows, start, user

SYSTEM = Actor.system()
BODY = (
    start() + user("first", set_noted="if first.n = 1 then 1 else true") + user("second", set_noted="second.n")
    + user("third") + end() + flows("begin", "first", "second", "third", "finish")
)  # fmt: skip


def begun(engine: ProcessEngine, key: str = "K") -> str:
    engine.execute(Deploy("probe", {"probe.bpmn": diagram(BODY)}), actor=SYSTEM)
    instance_id: str = engine.execute(StartProcess("probe", key, department="SCJG"), actor=SYSTEM)
    return instance_id


def complete(engine: ProcessEngine, instance_id: str, values: dict[str, Any]) -> None:
    with engine.read() as session:
        task = session.scalars(
            sa.select(UserTask).where(UserTask.instance_id == instance_id, UserTask.state == "open")
        ).one()
    engine.execute(CompleteTask(task.id, task.version, values), actor=SYSTEM)


def stored(engine: ProcessEngine, instance_id: str) -> bytes:
    with engine.read() as session:
        return session.get_one(ProcessInstance, instance_id).state


def kept(engine: ProcessEngine, instance_id: str) -> Rested | None:
    """What is kept of the instance; looking takes it out."""
    return engine.kernel.rested.take(instance_id)


def test_what_a_command_saved_is_kept_until_somebody_takes_it(engine: ProcessEngine) -> None:
    instance_id = begun(engine)
    found = kept(engine, instance_id)
    assert found is not None and found.state == stored(engine, instance_id)
    assert kept(engine, instance_id) is None


def test_nothing_is_kept_of_a_command_that_failed(engine: ProcessEngine) -> None:
    instance_id = begun(engine)
    before = stored(engine, instance_id)

    class StepAndFail:
        def run(self, ctx: CommandContext) -> None:
            task = ctx.session.scalars(sa.select(UserTask).where(UserTask.instance_id == instance_id)).one()
            CompleteTask(task.id, task.version, {"n": 1}).run(ctx)
            raise ServiceTaskFailed("后来的一步失败了。")

    with pytest.raises(ServiceTaskFailed):
        engine.execute(StepAndFail(), actor=SYSTEM)
    assert kept(engine, instance_id) is None and stored(engine, instance_id) == before
    complete(engine, instance_id, {"n": 1})
    with engine.read() as session:
        assert engine.peek(session, session.get_one(ProcessInstance, instance_id)).progress()["second"] == "open"


def test_another_process_that_was_faster_is_believed(engine: ProcessEngine) -> None:
    instance_id = begun(engine)
    other = ProcessEngine(engine.database, engine.settings, engine.kernel.services, clock=engine.clock)
    complete(other, instance_id, {"n": 1})
    complete(engine, instance_id, {"n": 2})
    complete(other, instance_id, {})
    with engine.read() as session:
        instance = session.get_one(ProcessInstance, instance_id)
        assert instance.status == "completed"
        data = engine.peek(session, instance).data()
        assert (data["first"], data["second"], data["noted"]) == ({"n": 1}, {"n": 2}, 2)


@pytest.mark.parametrize("restored", [False, True], ids=["in-memory", "restored"])
def test_one_is_not_true_whether_restored_or_not(engine: ProcessEngine, restored: bool) -> None:
    instance_id = begun(engine)
    complete(engine, instance_id, {"n": 1})
    if restored:
        kept(engine, instance_id)
    complete(engine, instance_id, {"n": True})
    if restored:
        kept(engine, instance_id)
    with engine.read() as session:
        execution = engine.peek(session, session.get_one(ProcessInstance, instance_id))
        assert next(execution.open_tasks()).data["noted"] is True


def test_a_finished_instance_is_packed_and_can_be_looked_at(engine: ProcessEngine) -> None:
    instance_id = begun(engine)
    for _ in range(3):
        complete(engine, instance_id, {"n": 1, "text": "现场与台账一致。" * 20})
    state = stored(engine, instance_id)
    assert not state.startswith(b"[") and kept(engine, instance_id) is None
    with engine.read() as session:
        execution = engine.peek(session, session.get_one(ProcessInstance, instance_id))
        assert execution.completed and execution.data()["third"]["n"] == 1
        assert len(execution.snapshot()) > 2 * len(state)


def test_those_not_asked_for_longest_make_room(engine: ProcessEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "MOST", 2)
    found = kept(engine, begun(engine))
    assert found is not None
    store = RestedExecutions()
    for key in ("a", "b", "a", "c"):
        store.keep({key: found})
    assert [store.take(key) is not None for key in ("a", "b", "c")] == [True, False, True]
    monkeypatch.setattr(keeping, "MOST_BYTES", len(found.state) - 1)
    store.keep({"d": found})
    assert store.take("d") is None
