"""Carry a joint inspection through the engine the way officials do, without a browser."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.commands.complete_task import CompleteTask
from engine.commands.deploy import Deploy
from engine.inspection.demo.loader import load_demo
from engine.inspection.models import Campaign, Item
from engine.inspection.opening import OpenCampaign
from engine.lint.bundle import process_folders, read_bundle
from engine.models import TaskCandidate, User, UserRole, UserTask
from engine.process_engine import ProcessEngine
from tests.support.templates import filled

#: One white pixel, as a signature pad would send it.
PNG = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDw"
    "ADhgGAWjR9awAAAABJRU5ErkJggg=="
)


#: What a campaign up to its results consists of, for tests that need no other process.
CAMPAIGN = frozenset({"joint-inspection", "inspection", "department-inspection"})


def install(
    engine: ProcessEngine, *, objects: int = 600, inspectors: int = 150, items: int = 60,
    processes: Collection[str] = (),
) -> None:  # fmt: skip
    """The demo district, smaller, and the shipped processes, or those named."""

    def fill() -> None:
        load_demo(
            engine.database, engine.settings, engine.clock(), objects=objects, inspectors=inspectors, items=items
        )  # fmt: skip
        for folder in process_folders(engine.settings.process_dir):
            if not processes or folder.name in processes:
                bundle = read_bundle(folder, engine.settings.form_dir)
                engine.execute(Deploy(folder.name, bundle), actor=Actor.system())

    asked = (objects, inspectors, items, sorted(processes), engine.clock(), engine.settings.process_dir)
    filled(engine.database, repr(asked), fill)


def actor_of(session: Session, user: User) -> Actor:
    """The user as somebody signed in."""
    posts = session.execute(sa.select(UserRole.department, UserRole.role).where(UserRole.user_id == user.id))
    groups = frozenset(f"{department}/{role}" for department, role in posts)
    return Actor(user.id, user.name, user.department, groups)


class Office:
    """Signs in whoever a task waits for and submits it."""

    def __init__(self, engine: ProcessEngine) -> None:
        self.engine = engine
        self.signed_in: set[str] = set()
        #: element id → values, or a function of the open task giving them
        self.answers: dict[str, dict[str, Any] | Callable[[UserTask], dict[str, Any]]] = {}
        self.nonces: dict[str, tuple[str, str]] = {}

    def login(self, login: str) -> Actor:
        with self.engine.read() as session:
            user = session.scalars(sa.select(User).where(User.login == login)).one()
            return actor_of(session, user)

    def open_tasks(self, *elements: str, business_key: str = "") -> list[UserTask]:
        statement = sa.select(UserTask).where(UserTask.state == "open")
        if elements:
            statement = statement.where(UserTask.element_id.in_(elements))
        if business_key:
            statement = statement.where(UserTask.business_key == business_key)
        with self.engine.read() as session:
            return list(session.scalars(statement.order_by(UserTask.created_at, UserTask.id)))

    def who(self, task: UserTask) -> Actor:
        """Somebody who may act on the task."""
        with self.engine.read() as session:
            if task.assignee_id:
                user = session.get_one(User, task.assignee_id)
            elif task.group:
                statement = (
                    sa.select(User)
                    .join(UserRole, UserRole.user_id == User.id)
                    .where(UserRole.department == task.department, UserRole.role == task.role)
                    .order_by(User.login)
                )
                user = session.scalars(statement).first()  # type: ignore[assignment]
            else:
                candidate = session.scalars(
                    sa.select(TaskCandidate.user_id).where(TaskCandidate.task_id == task.id)
                ).first()
                user = session.get_one(User, candidate)
            assert user is not None, f"nobody can act on {task.name} ({task.group})"
            self.signed_in.add(user.login)
            return actor_of(session, user)

    def do(self, task: UserTask, values: dict[str, Any] | None = None) -> None:
        if values is None:
            answer = self.answers[task.element_id]
            values = answer(task) if callable(answer) else answer
        self.engine.execute(CompleteTask(task.id, task.version, values), actor=self.who(task))

    def do_all(self, *elements: str, limit: int = 10_000) -> int:
        """Complete open tasks of these elements until none is left; returns how many."""
        done = 0
        while done < limit:
            tasks = self.open_tasks(*elements)
            if not tasks:
                return done
            for task in tasks:
                self.do(task)
                done += 1
        raise AssertionError("tasks keep coming")


def work_plan(engine: ProcessEngine, lead: str, participants: list[str], **changes: Any) -> dict[str, Any]:
    """Values of a work plan with two items a department and two witnesses of different departments."""
    with engine.read() as session:
        items = [
            code
            for department in [lead, *participants]
            for code in session.scalars(
                sa.select(Item.code).where(Item.department == department).order_by(Item.code).limit(2)
            )
        ]
        witnesses = list(
            session.scalars(sa.select(User.id).where(User.login.in_(["witness1", "witness2"])).order_by(User.login))
        )
    plan = {
        "name": "2026年餐饮单位部门联合抽查（演示）", "form": "综合联查", "methods": ["实地核查"],
        "start_date": "2026-03-16", "end_date": "2026-04-30", "items": items, "participants": participants,
        "regions": [], "kinds": [], "industries": ["H"], "quota": "统一比例", "ratio": 5, "draw_source": "本系统",
        "disclosure": "protected", "witnesses": witnesses, "reveal_limit": "PT4H", "cap_per_inspector": 20,
        "notice_mode": "进门告知", "organisation": "各部门派出检查组，集中两周完成。",
    }  # fmt: skip
    return {**plan, **changes}


AGREE = {"decision": "同意", "opinion": "同意。"}


def standard_answers(office: Office, plan: dict[str, Any], *, problem_in: str = "") -> None:
    """Answers for every step; the department ``problem_in`` finds one problem at every object and orders a penalty."""

    def log(task: UserTask) -> dict[str, Any]:
        nonce, part = hashlib.sha256(task.id.encode()).hexdigest()[:32], "骰子" + task.id[:8]
        office.nonces[task.instance_id + str(task.context["item"])] = (nonce, part)
        return {"logged_sha256": hashlib.sha256(f"{nonce}|{part}".encode()).hexdigest(), "confirmed": True}

    def reveal(task: UserTask) -> dict[str, Any]:
        nonce, part = office.nonces[task.instance_id + str(task.context["item"])]
        return {"nonce": nonce, "part": part}

    def site_check(task: UserTask) -> dict[str, Any]:
        with office.engine.read() as session:
            view = office.engine.task_view(session, session.get_one(UserTask, task.id))
        findings = [dict(f) for f in view.context["findings"]]
        if task.department == problem_in:
            findings[0] |= {
                "problem": "是", "category": "9", "clause": "食品安全法第三十四条", "handling": "违法处罚",
                "note": "发现超过保质期的食品三袋。",
            }  # fmt: skip
        return {
            "left_at": office.engine.clock().isoformat(), "findings": findings, "statement": "无", "signed": "签名",
            "signature": PNG, "inspector_signature": PNG, "second_inspector_signature": PNG, "copy_left": True,
        }  # fmt: skip

    def arrive(task: UserTask) -> dict[str, Any]:
        with office.engine.read() as session:
            team = office.engine.task_view(session, session.get_one(UserTask, task.id)).context["certified_codes"]
        return {
            "arrived_at": office.engine.clock().isoformat(), "address": "天桥区堤口路 1 号", "inspectors": team,
            "outcome": "可以检查", "present_person": "演示负责人", "certificates_shown": True, "notice_served": True,
            "entry_code": "未扫码", "no_code_reason": "现场没有网络", "rights_told": True,
            "acknowledgement": "签名确认", "acknowledgement_signature": PNG, "recusal_asked": "不申请",
        }  # fmt: skip

    moment, zone = office.engine.clock, office.engine.settings.timezone
    office.answers |= {
        "draft_work_plan": plan,
        "section_review": AGREE, "deputy_review": AGREE, "head_approval": AGREE,
        "countersign": {**AGREE, "inspectors": 8},
        "gate_check": {"exclusions": [], "absences": [], "confirmed": True},
        "log_commitment": log, "reveal": reveal,
        "organ_approval": {"decision": "同意", "document_number": "市监检审〔2026〕1号", "removals": []},
        "sign_for_receipt": {"decision": "签收"},
        "prepare_visit": lambda task: {
            "method": "实地核查", "notice_mode": "进门告知", "unannounced_reason": "事先通知可能影响检查效果",
            "planned_at": moment().isoformat(), "no_conflict": True,
        },
        "arrive": arrive,
        "site_check": site_check,
        "conclude": {
            "facts": "现场发现超过保质期的食品三袋，当事人未能提供进货记录。", "basis": "食品安全法第三十四条",
            "category": "9", "handling": "违法处罚", "minor": "否", "disagreement": "否",
        },
        "review": AGREE,
        "result_notice": lambda task: {
            "told_on": moment().astimezone(zone).date().isoformat(), "method": "当面告知",
            "recipient": "演示负责人", "received": "是",
        },
        "publication_preview": {"decision": "公示", "redact_name": "照常公示", "checked": True},
        "second_signoff": AGREE,
        "object_summary": {"overview": "各部门检查完毕，市监发现一项问题。", "disagreement": "否"},
        "summary": {"overview": "本次联合抽查按方案组织实施。", "problems": "见统计表。", "follow_up": "已立案。"},
        "summary_approval": AGREE,
    }  # fmt: skip


APPROVALS = ("section_review", "deputy_review", "head_approval", "countersign")
VISITS = ("prepare_visit", "arrive", "site_check")
RESULTS = ("conclude", "review", "result_notice", "publication_preview", "second_signoff", "object_summary")


def open_campaign(office: Office, lead: str = "SCJG") -> str:
    """A campaign opened by the lead's officer; returns its number."""
    number: str = office.engine.execute(OpenCampaign(lead), actor=office.login(f"{lead.lower()}-officer"))
    return number


def campaign(engine: ProcessEngine, number: str) -> Campaign:
    with engine.read() as session:
        return session.scalars(sa.select(Campaign).where(Campaign.number == number)).one()
