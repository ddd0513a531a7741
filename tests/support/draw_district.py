"""A small district on a real database in which a draw can be carried through by its own people."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.commands.complete_task import CompleteTask
from engine.commands.deploy import Deploy
from engine.db import new_id
from engine.inspection import draw
from engine.inspection.models import InspectedObject, Inspector, Item
from engine.inspection.opening import OpenCampaign
from engine.lint.bundle import read_bundle
from engine.models import Department, User, UserTask
from engine.process_engine import ProcessEngine

DISTRICT = "370105"
DEPARTMENTS = {"SCJG": "市场监督管理局", "YJJ": "应急管理局", "WJJ": "卫生健康局"}
REGIONS = ("370105001", "370105003")
INDUSTRIES = ("H6210", "F5212", "C1310", "H6110")
GRADES = ("A", "B", "C", "D", "")
ITEMS = {"SC001": ("SCJG", []), "YJ001": ("YJJ", ["H", "C"]), "WJ001": ("WJJ", ["H"])}

PROCESSES = ("joint-inspection", "inspection", "department-inspection", "rectification", "administrative-penalty")
REVIEWS = ("section_review", "deputy_review", "head_approval")

PLAN: dict[str, Any] = {
    "name": "2026年度餐饮住宿部门联合抽查",
    "form": "综合联查",
    "methods": ["实地核查"],
    "start_date": "2026-03-16",
    "end_date": "2026-04-30",
    "items": list(ITEMS),
    "participants": ["YJJ", "WJJ"],
    "regions": [],
    "kinds": [],
    "industries": [],
    "quota": "统一比例",
    "ratio": 5,
    "draw_source": "本系统",
    "disclosure": "protected",
    "reveal_limit": "PT4H",
    "cap_per_inspector": 20,
    "notice_mode": "进门告知",
}


def uscc(number: int) -> str:
    return f"91370105MA{number:08d}"


def fill(session: Session, now: Any, objects: int = 400) -> None:
    """Departments, items, inspectors and objects; everything follows from the arguments."""
    session.add_all(
        Department(id=new_id(), district_id=DISTRICT, code=code, name=name, position=n)
        for n, (code, name) in enumerate(DEPARTMENTS.items())
    )
    session.add_all(
        Item(
            id=new_id(), district_id=DISTRICT, code=code, department=department, category="综合", name=f"{code} 检查",
            legal_basis="法律", industries=industries, row_digest="-", created_at=now, updated_at=now,
        )
        for code, (department, industries) in ITEMS.items()
    )  # fmt: skip
    session.add_all(
        Inspector(
            id=new_id(), district_id=DISTRICT, code=f"{department}-{n:03d}", name=f"演示·{department}{n}",
            department=department, regions=[] if n < 6 else [REGIONS[n % 2]], certificate_number=f"证{n}",
            certificate_until=date(2031, 6, 30), items=[i for i, (d, _) in ITEMS.items() if d == department and n < 6],
            row_digest="-", created_at=now, updated_at=now,
        )
        for department in DEPARTMENTS
        for n in range(10)
    )  # fmt: skip
    session.execute(
        sa.insert(InspectedObject),
        [
            {
                "id": new_id(), "district_id": DISTRICT, "uscc": uscc(n), "name": f"济南演示{n}号有限公司",
                "kind": "企业", "status": "注销" if n % 50 == 49 else "存续", "industry": INDUSTRIES[n % 4],
                "region": REGIONS[n % 3 % 2], "risk_grade": GRADES[n % 5], "row_digest": "-", "created_at": now,
                "updated_at": now,
            }
            for n in range(objects)
        ],
    )  # fmt: skip


@dataclass
class District:
    """The people of the district and what they do; tasks are done through the real engine."""

    engine: ProcessEngine
    people: dict[str, Actor] = field(default_factory=dict)
    campaign: str = ""

    @classmethod
    def make(cls, engine: ProcessEngine, objects: int = 400) -> District:
        district = cls(engine)
        with engine.database.write() as session:
            fill(session, engine.clock(), objects)
        for department in DEPARTMENTS:
            district.person(f"officer-{department}", department, "承办人")
            district.person(f"head-{department}", department, "机关负责人")
        district.person("section", "SCJG", "科室负责人")
        district.person("deputy", "SCJG", "分管负责人")
        district.person("witness-1", "SCJG", "抽取监督人")
        district.person("witness-2", "YJJ", "抽取监督人")
        for key in (
            "joint-inspection",
            "inspection",
            "department-inspection",
            "rectification",
            "administrative-penalty",
        ):
            folder = engine.settings.process_dir / key
            engine.execute(Deploy(key, read_bundle(folder, engine.settings.form_dir)), actor=Actor.system())
        return district

    def person(self, login: str, department: str, role: str) -> Actor:
        user_id = new_id()
        with self.engine.database.write() as session:
            session.add(
                User(
                    id=user_id, district_id=DISTRICT, login=login, name=f"演示·{login}", department=department,
                    password_hash="-", created_at=self.engine.clock(),
                )
            )  # fmt: skip
        self.people[login] = Actor(user_id, f"演示·{login}", department, frozenset({f"{department}/{role}"}))
        return self.people[login]

    @property
    def witnesses(self) -> list[str]:
        return [str(self.people[f"witness-{n}"].user_id) for n in (1, 2)]

    def task(self, element: str, item: str | None = None) -> UserTask:
        with self.engine.read() as session:
            rows = session.scalars(
                sa.select(UserTask).where(UserTask.element_id == element, UserTask.state == "open")
            ).all()
        found = [row for row in rows if item is None or row.context.get("item") == item or row.assignee_id == item]
        assert len(found) == 1, f"{element}: {len(found)} open tasks"
        return found[0]

    def do(self, element: str, who: str, values: dict[str, Any], item: str | None = None) -> None:
        task = self.task(element, item)
        self.engine.execute(CompleteTask(task.id, task.version, values), actor=self.people[who])

    def open_campaign(self) -> str:
        self.campaign = self.engine.execute(OpenCampaign("SCJG"), actor=self.people["officer-SCJG"])
        return self.campaign

    def approve_plan(self, **changes: Any) -> None:
        """From the draft to the gate check."""
        plan = {**PLAN, "witnesses": self.witnesses, **changes}
        self.do("draft_work_plan", "officer-SCJG", plan)
        for element, who in (
            ("section_review", "section"),
            ("deputy_review", "deputy"),
            ("head_approval", "head-SCJG"),
        ):
            self.do(element, who, {"decision": "同意", "opinion": "同意。"})
        for participant in plan["participants"]:
            self.do("countersign", f"head-{participant}", {"decision": "同意", "inspectors": 10}, participant)

    def freeze(self, **changes: Any) -> None:
        """Up to the committed lists."""
        self.open_campaign()
        self.approve_plan(**changes)
        self.do("gate_check", "officer-SCJG", {"confirmed": True})

    def secret(self, number: int) -> tuple[str, str]:
        """A witness's nonce and part, the same on every machine."""
        return tuple(hashlib.sha256(f"{w} {number}".encode()).hexdigest()[:32] for w in ("nonce", "part"))  # type: ignore[return-value]

    def log(self, number: int) -> None:
        values = {"logged_sha256": draw.witness_commitment(*self.secret(number)), "confirmed": True}
        self.do("log_commitment", f"witness-{number}", values, self.witnesses[number - 1])

    def reveal(self, number: int) -> None:
        nonce, part = self.secret(number)
        self.do("reveal", f"witness-{number}", {"nonce": nonce, "part": part}, self.witnesses[number - 1])

    def draw(self) -> None:
        """From the committed lists to the drawn ones."""
        for number in (1, 2):
            self.log(number)
        for number in (1, 2):
            self.reveal(number)
