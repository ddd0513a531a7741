"""Service of documents on both databases: one way after another, an announcement, and who was told what (PL61)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.add_attachment import AddAttachment
from engine.commands.complete_task import CompleteTask
from engine.commands.context import CommandContext
from engine.commands.deploy import Deploy
from engine.commands.fire_timers import FireTimers
from engine.commands.set_deadline import SetDeadline
from engine.db import new_id
from engine.inspection import service_records
from engine.inspection.follow_ups import open_follow_up
from engine.inspection.models import FollowUp
from engine.lint.bundle import read_bundle
from engine.models import Deadline, Department, Message, ProcessInstance, User, UserRole, UserTask
from engine.process_engine import ProcessEngine
from tests.conftest import Clock

DISTRICT, ROOT = "370105", "CN-370105-SCJG-2026-0001/0001/SCJG"
CASE = f"{ROOT}/penalty"


@dataclass(frozen=True)
class Begin:
    """A penalty case with its days for the decision, and a document of it to serve."""

    def run(self, ctx: CommandContext) -> str:
        subject = {"name": "济南示例餐饮有限公司", "uscc": "91370105MA3C0000XX", "address": "天桥区示例路1号"}
        ctx.session.add(
            FollowUp(
                id=new_id(), district_id=DISTRICT, number=CASE, kind="administrative-penalty", origin=ROOT, root=ROOT,
                root_kind="department-inspection", subject=subject, department="SCJG", uscc=subject["uscc"],
                subject_name=subject["name"], state="已立案", facts={}, opened_at=ctx.now,
            )
        )  # fmt: skip
        ctx.session.flush()
        SetDeadline(CASE, "decision", department="SCJG").run(ctx)
        document = {"document": "行政处罚告知书", "template": "penalty-notice", "document_number": "罚告〔2026〕1号"}
        return open_follow_up(ctx, "document-service", CASE, document).number


@pytest.fixture
def officer(engine: ProcessEngine) -> Actor:
    user = new_id()
    with engine.database.write() as session:
        session.add(Department(district_id=DISTRICT, code="SCJG", name="市场监督管理局"))
        session.add(
            User(
                id=user, district_id=DISTRICT, login="officer", name="演示·承办人", department="SCJG",
                password_hash="-", created_at=engine.clock(),
            )
        )  # fmt: skip
        session.flush()
        session.add(UserRole(user_id=user, district_id=DISTRICT, department="SCJG", role="承办人"))
    bundle = read_bundle(engine.settings.process_dir / "document-service", engine.settings.form_dir)
    engine.execute(Deploy("document-service", bundle), actor=Actor.system())
    return Actor(user, "演示·承办人", "SCJG", frozenset({"SCJG/承办人"}))


def submit(engine: ProcessEngine, actor: Actor, element: str, values: dict[str, Any]) -> None:
    with engine.read() as session:
        task = session.scalars(
            sa.select(UserTask).where(UserTask.state == "open", UserTask.element_id == element)
        ).one()  # fmt: skip
        engine.task_view(session, task)  # what the page shows can be read
    engine.execute(CompleteTask(task.id, task.version, values), actor=actor)


def decision(engine: ProcessEngine) -> Deadline:
    with engine.read() as session:
        return session.scalars(sa.select(Deadline).where(Deadline.business_key == CASE)).one()


def test_what_could_not_be_served_otherwise_is_announced_and_the_case_is_told(
    engine: ProcessEngine, clock: Clock, officer: Actor
) -> None:
    clock.travel("2026-03-02T09:00")
    number = engine.execute(Begin(), actor=Actor.system())
    sent = {"action": "送达", "servers": [officer.user_id], "attempted_on": "2026-03-02"}
    letter = {"mode": "entrusted", "entrusted_to": "历下区市场监督管理局", "letter_number": "函〔2026〕1号"}
    submit(engine, officer, "deliver", {**sent, **letter})
    with engine.read() as session:
        task = session.scalars(sa.select(UserTask).where(UserTask.element_id == "await_return")).one()
        assert service_records.attempts(session, DISTRICT, number)[0].state == "待回执"
    proof = engine.execute(
        AddAttachment(task.id, "receipt", "退回.png", "image/png", b"\x89PNG\r\n\x1a\n1"), actor=officer
    )
    back = {"result": "被退回", "on": "2026-03-02", "failure": "受送达人下落不明", "receipt": [proof]}
    submit(engine, officer, "await_return", back)
    notice = {
        "mode": "announcement", "announce_ground": "其他方式无法送达", "announce_search": "委托送达被退回，电话停机。",
        "announce_where": ["本机关公告栏"], "collect_at": "本局二楼法规科",
    }  # fmt: skip
    submit(engine, officer, "deliver", {**sent, **notice})
    assert decision(engine).suspended_at is not None
    with engine.read() as session:
        (shown,) = service_records.announced(session, DISTRICT, date(2026, 4, 1))
        assert (shown.public_note, shown.announced_until) == ("本局二楼法规科", date(2026, 4, 1))
        instance = session.scalars(sa.select(ProcessInstance.id).where(ProcessInstance.business_key == number)).one()
    clock.travel("2026-04-02T00:00:01")
    engine.execute(FireTimers(instance), actor=Actor.system())
    with engine.read() as session:
        first, second = service_records.records_of(session, DISTRICT, ROOT)
        assert (first.state, first.reason, first.receiver) == ("未送达", "受送达人下落不明", "")
        assert (second.state, second.served_on, second.mode) == ("已送达", date(2026, 4, 1), "announcement")
        assert service_records.served_on(session, DISTRICT, CASE, "penalty-notice") == date(2026, 4, 1)
        assert service_records.announced(session, DISTRICT, date(2026, 4, 1)) == []
        ((_, head, body, widths),) = service_records.archive_rows(session, DISTRICT, [CASE])
        assert len(body) == 2 and len(head) == len(widths) == len(body[0])
        messages = {m.name: m.payload for m in session.scalars(sa.select(Message).where(Message.business_key == CASE))}
        assert session.get_one(ProcessInstance, instance).status == "completed"
    assert messages["document-served"] == {
        "number": number, "document": "行政处罚告知书", "template": "penalty-notice",
        "document_number": "罚告〔2026〕1号", "served_on": "2026-04-01", "mode": "announcement",
        "mode_name": "公告送达", "receiver": "",
    }  # fmt: skip
    assert messages["document-service-closed"]["outcome"] == "已送达"
    running = decision(engine)
    assert running.suspended_at is None and running.suspensions[0]["ground"] == "announcement"
