"""A served penalty decision and the people who carry it out; every step is a command of the real engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.actor import Actor
from engine.calendar import Calendar
from engine.commands.complete_task import CompleteTask
from engine.commands.context import CommandContext
from engine.commands.deploy import Deploy
from engine.commands.fire_timers import FireTimers
from engine.db import new_id
from engine.inspection import enforcement as e
from engine.inspection.enforcement_models import PenaltyDebt, PenaltyRemedy
from engine.inspection.follow_ups import open_follow_up
from engine.inspection.models import FollowUp, Publication
from engine.lint.bundle import read_bundle
from engine.models import Deadline, Department, Incident, ProcessInstance, Timer, User, UserRole, UserTask
from engine.process_engine import ProcessEngine
from tests.conftest import SHANGHAI, Clock

PENALTY = "CN-370105-SCJG-2026-0001/0001/SCJG/penalty"
ENFORCEMENT = f"{PENALTY}/enforcement"
PEOPLE = {
    "officer": ("承办甲", "承办人"), "section": ("科长乙", "科室负责人"), "head": ("局长丙", "机关负责人"),
    "other": ("卫健戊", "承办人"),
}  # fmt: skip


@dataclass(frozen=True)
class _Open:
    kind: str
    origin: str
    variables: Mapping[str, Any]

    def run(self, ctx: CommandContext) -> str:
        return open_follow_up(ctx, self.kind, self.origin, self.variables).number


@dataclass(frozen=True)
class _Send:
    name: str
    key: str
    payload: Mapping[str, Any]

    def run(self, ctx: CommandContext) -> None:
        ctx.send_message(self.name, self.key, dict(self.payload))


class EnforcementDesk:
    """One penalty of 10,000 yuan decided on 2026-03-02 and served on 2026-03-02, unless told otherwise."""

    def __init__(
        self, engine: ProcessEngine, clock: Clock, *, served_on: str = "2026-03-02", **decision: Any
    ) -> None:  # fmt: skip
        self.engine, self.clock = engine, clock
        self.district = engine.settings.district_id
        self._rows(served_on, decision)
        for key in (e.PROCESS, "penalty-remedy", "document-service", "publication-correction"):
            self.deploy(key)

    def _rows(self, served_on: str, decision: Mapping[str, Any]) -> None:
        now = self.engine.clock()
        with self.engine.database.write() as session:
            session.add(Department(district_id=self.district, code="SCJG", name="市场监督管理局"))
            session.add(Department(district_id=self.district, code="WJJ", name="卫生健康局"))
            for login, (name, role) in PEOPLE.items():
                home = "WJJ" if login == "other" else "SCJG"
                user = User(
                    district_id=self.district, login=login, name=name, department=home, password_hash="-",
                    created_at=now,
                )  # fmt: skip
                session.add(user)
                session.flush()
                session.add(UserRole(district_id=self.district, user_id=user.id, department=home, role=role))
            facts = {
                "decision": {
                    "decision": "处罚", "document_number": "济天市监罚〔2026〕8号", "decided_on": "2026-03-02",
                    "kinds": ["罚款"], "amount": 10000, "facts": "当事人未按规定贮存食品，有检查笔录为证。",
                    "basis": "食品安全法第一百二十六条", **decision,
                },
                "service": {"served_on": served_on, "method": "直接送达"},
            }  # fmt: skip
            subject = {"name": "济南示例餐饮有限公司（虚构）", "uscc": "91370105MA3C0000XX", "address": "示例路1号"}
            session.add(
                FollowUp(
                    id=new_id(), district_id=self.district, number=PENALTY, kind="administrative-penalty",
                    origin=PENALTY.rpartition("/")[0], root=PENALTY.rpartition("/")[0],
                    root_kind="department-inspection", subject=subject, department="SCJG", uscc=subject["uscc"],
                    subject_name=subject["name"], state="已送达", facts=facts, opened_at=now,
                )
            )  # fmt: skip

    def deploy(self, key: str) -> None:
        bundle = read_bundle(self.engine.settings.process_dir / key, self.engine.settings.form_dir)
        self.engine.execute(Deploy(key, bundle), actor=Actor.system())

    # -- acting -----------------------------------------------------------------------

    def open(self, kind: str = e.PROCESS, origin: str = PENALTY, **variables: Any) -> str:
        number: str = self.engine.execute(_Open(kind, origin, variables), actor=Actor.system())
        return number

    def send(self, name: str, key: str, **payload: Any) -> None:
        self.engine.execute(_Send(name, key, payload), actor=Actor.system())

    def who(self, login: str) -> Actor:
        with self.engine.read() as session:
            user = session.scalars(sa.select(User).where(User.login == login)).one()
            posts = session.execute(sa.select(UserRole.department, UserRole.role).where(UserRole.user_id == user.id))
            return Actor(user.id, user.name, user.department, frozenset(f"{d}/{r}" for d, r in posts))

    def task(self, element: str) -> UserTask:
        with self.engine.read() as session:
            return session.scalars(
                sa.select(UserTask).where(UserTask.state == "open", UserTask.element_id == element)
            ).one()

    def steps(self, number: str = ENFORCEMENT) -> set[str]:
        with self.engine.read() as session:
            return set(
                session.scalars(
                    sa.select(UserTask.element_id).where(UserTask.state == "open", UserTask.business_key == number)
                )
            )

    def context(self, element: str) -> Mapping[str, Any]:
        with self.engine.read() as session:
            task = session.get_one(UserTask, self.task(element).id)
            found: Mapping[str, Any] = self.engine.task_view(session, task).context
            return found

    def tasks(self, element: str) -> list[UserTask]:
        with self.engine.read() as session:
            found = sa.select(UserTask).where(UserTask.state == "open", UserTask.element_id == element)
            return list(session.scalars(found.order_by(UserTask.created_at, UserTask.id)))

    def do(self, element: str, login: str = "officer", **values: Any) -> None:
        self.submit(self.task(element), login, **values)

    def submit(self, task: UserTask, login: str = "officer", **values: Any) -> None:
        self.engine.execute(CompleteTask(task.id, task.version, values), actor=self.who(login))

    def pay(self, amount: float, on: str, receipt: str, purpose: str = "罚款") -> None:
        self.do(
            "collect", action="登记缴款", purpose=purpose, amount=amount, paid_on=on, receipt_number=receipt,
            way="代收银行", slips=[],
        )  # fmt: skip

    def travel(self, to: str) -> None:
        """Move the clock and do what the worker does by then."""
        self.clock.now = datetime.fromisoformat(f"{to}T09:00:00").replace(tzinfo=SHANGHAI)
        for _ in range(20):
            with self.engine.read() as session:
                due = set(session.scalars(sa.select(Timer.instance_id).where(Timer.due_at <= self.clock.now)))
            if not due:
                break
            for instance in sorted(due):
                self.engine.execute(FireTimers(instance), actor=Actor.system())
        with self.engine.read() as session:
            troubles = session.scalars(sa.select(Incident.message).where(Incident.state == "open")).all()
        assert not troubles, troubles

    # -- looking ----------------------------------------------------------------------

    def debt(self) -> PenaltyDebt:
        with self.engine.read() as session:
            return e.debt(session, self.district, ENFORCEMENT)

    def balance(self) -> e.Balance:
        with self.engine.read() as session:
            settings = self.engine.settings
            calendar = Calendar.load(session, self.district, settings.timezone)
            row = e.debt(session, self.district, ENFORCEMENT)
            return e.balance(session, settings, calendar, row, self.clock.now.date())

    def deadline(self, name: str, number: str = ENFORCEMENT) -> Deadline:
        with self.engine.read() as session:
            return session.scalars(
                sa.select(Deadline).where(Deadline.business_key == number, Deadline.name == name)
            ).one()

    def due(self, name: str, number: str = ENFORCEMENT) -> str:
        due = self.deadline(name, number).due_at
        return due.astimezone(SHANGHAI).date().isoformat() if due else ""

    def state(self, number: str = ENFORCEMENT) -> str:
        with self.engine.read() as session:
            return session.scalars(sa.select(FollowUp.state).where(FollowUp.number == number)).one()

    def ended(self, number: str = ENFORCEMENT) -> bool:
        with self.engine.read() as session:
            status = session.scalars(sa.select(ProcessInstance.status).where(ProcessInstance.business_key == number))
            return status.one() == "completed"

    def remedy(self) -> PenaltyRemedy:
        with self.engine.read() as session:
            return session.scalars(sa.select(PenaltyRemedy).order_by(PenaltyRemedy.number.desc())).first()  # type: ignore[return-value]

    def publish(self) -> str:
        """Let the penalty be public; returns the publication's id."""
        row = Publication(
            id=new_id(), district_id=self.district, kind="penalty", subject=PENALTY, title="示例餐饮处罚",
            department="SCJG", content={"处罚决定书文号": "济天市监罚〔2026〕8号"}, state="published",
            published_at=self.engine.clock(),
        )  # fmt: skip
        with self.engine.database.write() as session:
            session.add(row)
            return row.id
