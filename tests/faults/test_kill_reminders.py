"""``kill -9`` of the reminder job between decision and record: every reminder comes once, none is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.deploy import Deploy
from engine.commands.set_deadline import SetDeadline
from engine.commands.start_process import StartProcess
from engine.db import Database
from engine.history import verify
from engine.inspection.jobs import remind_of_deadlines
from engine.models import Deadline, DeadlineChange, DeadlineReminder
from engine.process_engine import ProcessEngine
from engine.service_tasks import ServiceRegistry
from engine.settings import Settings
from tests.conftest import Clock
from tests.support.diagrams import diagram, end, flows, user
from tests.support.diagrams import start as begin
from tests.support.reminder_process import killed_while_reminding

pytestmark = pytest.mark.slow
CASES = 5


def test_a_reminder_killed_before_its_record_comes_once_and_escalates_once(
    database: Database, database_url: str, clock: Clock
) -> None:
    engine = ProcessEngine(database, Settings(database_url=database_url), ServiceRegistry(), clock=clock)
    body = begin() + user("act") + end() + flows("begin", "act", "finish")
    engine.execute(Deploy("probe", {"probe.bpmn": diagram(body)}), actor=Actor.system())
    for n in range(CASES):
        engine.execute(StartProcess("probe", f"D-{n}", department="SCJG"), actor=Actor.system())
        engine.execute(SetDeadline(f"D-{n}", "case-filing", department="SCJG"), actor=Actor.system())
    with database.read() as session:
        due = session.scalars(sa.select(Deadline.due_at)).first()
    assert due is not None

    def sent() -> list[tuple[str, int, str]]:
        with database.read() as session:
            number = sa.select(Deadline.business_key).where(Deadline.id == DeadlineReminder.deadline_id)
            rows = session.execute(
                sa.select(number.scalar_subquery(), DeadlineReminder.percent, DeadlineReminder.recipient)
            )
            return sorted((key, percent, recipient) for key, percent, recipient in rows)

    # First the reminder of those who work on it, later the escalation once the period is over.
    for round_, moment in ((1, due - timedelta(hours=12)), (2, due + timedelta(hours=1))):
        before = sent()
        killed_while_reminding(database_url, moment)
        assert sent() == before  # decided, written, not recorded: as if it had never run
        with database.read() as session:
            waiting = session.scalars(sa.select(Deadline.remind_at)).all()
            assert len(waiting) == CASES and all(at is not None and at <= moment for at in waiting)
        clock.now = moment
        remind_of_deadlines(engine, {})
        after = sent()
        remind_of_deadlines(engine, {})
        fresh = [row for row in after if row not in before]
        assert sent() == after and {key for key, _, _ in fresh} == {f"D-{n}" for n in range(CASES)}
        assert len(after) == len(set(after))
        with database.read() as session:
            told = session.scalars(sa.select(DeadlineChange).where(DeadlineChange.kind == "reminded")).all()
            assert len(told) == CASES * round_
            assert verify(session, "370105").problems == []
    assert {recipient for key, percent, recipient in sent() if percent == 100} >= {"SCJG/科室负责人", "*/监管督查"}
