"""催办: who may remind, once an hour, and what it leaves in the history."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.deploy import Deploy
from engine.commands.remind import Remind, reminders
from engine.db import new_id
from engine.errors import Forbidden, InvalidInput, NotFound
from engine.history import verify
from engine.inspection.opening import OpenPlan
from engine.lint.bundle import read_bundle
from engine.models import Department, User, UserTask
from engine.process_engine import ProcessEngine
from tests.conftest import Clock

SUPERVISOR = Actor(new_id(), "演示·监管督查", "SCJG", frozenset({"SCJG/监管督查"}))


@pytest.fixture
def task(engine: ProcessEngine) -> UserTask:
    """An open task of the market regulator's officer."""
    officer = Actor(new_id(), "演示·承办人", "SCJG", frozenset({"SCJG/承办人"}))
    with engine.database.write() as session:
        session.add(Department(id=new_id(), district_id="370105", code="SCJG", name="市场监督管理局"))
        session.add(
            User(
                id=officer.user_id, district_id="370105", login="officer", name=officer.name, department="SCJG",
                password_hash="-", created_at=engine.clock(),
            )
        )  # fmt: skip
    folder = engine.settings.process_dir / "annual-plan"
    engine.execute(Deploy("annual-plan", read_bundle(folder, engine.settings.form_dir)), actor=Actor.system())
    engine.execute(OpenPlan("SCJG", 2026), actor=officer)
    with engine.read() as session:
        return session.scalars(sa.select(UserTask)).one()


def test_a_reminder_is_an_event_of_the_case_and_the_chain_stays_sound(engine: ProcessEngine, task: UserTask) -> None:
    assert engine.execute(Remind([task.id], " 请今日办结 "), actor=SUPERVISOR) == 1
    with engine.read() as session:
        (reminder,) = reminders(session, task)
        assert (reminder.actor_name, reminder.note, reminder.at) == (SUPERVISOR.name, "请今日办结", engine.clock())
        assert verify(session, "370105").problems == []


def test_a_second_reminder_within_the_hour_is_none(engine: ProcessEngine, task: UserTask, clock: Clock) -> None:
    assert engine.execute(Remind([task.id, task.id]), actor=SUPERVISOR) == 1
    clock.advance(minutes=59)
    assert engine.execute(Remind([task.id]), actor=SUPERVISOR) == 0
    clock.advance(minutes=1)
    assert engine.execute(Remind([task.id]), actor=SUPERVISOR) == 1


def test_heads_remind_in_their_own_department_only(engine: ProcessEngine, task: UserTask) -> None:
    own = Actor(new_id(), "科长", "SCJG", frozenset({"SCJG/科室负责人"}))
    other = Actor(new_id(), "局长", "WJJ", frozenset({"WJJ/机关负责人"}))
    assert engine.execute(Remind([task.id]), actor=own) == 1
    with pytest.raises(Forbidden):
        engine.execute(Remind([task.id]), actor=other)


def test_a_closed_task_is_passed_over_and_an_unknown_one_refused(engine: ProcessEngine, task: UserTask) -> None:
    with engine.database.write() as session:
        session.get_one(UserTask, task.id).state = "cancelled"
    assert engine.execute(Remind([task.id]), actor=SUPERVISOR) == 0
    with pytest.raises(NotFound):
        engine.execute(Remind([new_id()]), actor=SUPERVISOR)


def test_nothing_ticked_and_too_long_a_note_are_said(engine: ProcessEngine, task: UserTask) -> None:
    with pytest.raises(InvalidInput, match="勾选"):
        engine.execute(Remind([]), actor=SUPERVISOR)
    with pytest.raises(InvalidInput) as refused:
        engine.execute(Remind([task.id], "长" * 201), actor=SUPERVISOR)
    assert "note" in refused.value.fields
