"""A department's result on its way to the public, without the visit before it: rows with protected data in all places.

The two diagrams are the shipped ones from the preview on; forms and services are the shipped ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.complete_task import CompleteTask
from engine.commands.deploy import Deploy
from engine.commands.start_process import StartProcess
from engine.db import new_id
from engine.inspection.models import (
    Campaign,
    DepartmentInspection,
    Finding,
    FollowUp,
    Inspection,
    Inspector,
    Item,
    Publication,
)
from engine.lint.bundle import read_bundle
from engine.models import Department, User, UserRole, UserTask
from engine.process_engine import ProcessEngine

SPIFF = "http://spiffworkflow.org/bpmn/schema/1.0/core"
OBJECT = "CN-370105-SCJG-2026-0001/0001"
PART = f"{OBJECT}/SCJG"
CASE = f"{PART}/penalty"
USCC = "92370105MA3CPLNT07"

#: What must never be read by anybody outside, planted wherever a record holds words.
PLANTED = {
    "identity": "370105198803072316", "identity wide": "３７０１０５１９８８０３０７２３１６", "mobile": "13805310001",
    "mobile apart": "138 0531 0002", "mobile wide": "１３８０５３１０００３", "bank": "6222 0212 3456 7890 123",
    "landline": "0531-85930001", "e-mail": "wang.planted@example.com", "home": "堤口路九十九号植入小区",
    "contact": "吴植入联系", "inspector": "郑植入检查", "present": "冯植入在场", "complainant": "投诉人陈植入",
    "grade": "D9", "minor": "小学生", "statement": "植入的当事人陈述", "note": "植入的现场情况",
    "wechat": "微信号planted_wx01",
}  # fmt: skip


def mini_diagram(key: str, service: str) -> str:
    """The shipped process from 公示预览 on."""
    name = key.replace("-", "_")
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:spiffworkflow="{SPIFF}"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" targetNamespace="urn:test">
<bpmn:process id="{name}" name="公示" isExecutable="true">
<bpmn:laneSet id="lanes">
<bpmn:lane id="l1" name="承办人"><bpmn:flowNodeRef>publication_preview</bpmn:flowNodeRef></bpmn:lane>
<bpmn:lane id="l2" name="科室负责人"><bpmn:flowNodeRef>second_signoff</bpmn:flowNodeRef></bpmn:lane>
</bpmn:laneSet>
<bpmn:startEvent id="begin" name="开始"/>
<bpmn:userTask id="publication_preview" name="公示预览"><bpmn:extensionElements><spiffworkflow:properties>
<spiffworkflow:property name="form" value="publication-preview"/>
<spiffworkflow:property name="on_submit" value="prepare-publication"/>
</spiffworkflow:properties></bpmn:extensionElements></bpmn:userTask>
<bpmn:userTask id="second_signoff" name="公示复核"><bpmn:extensionElements><spiffworkflow:properties>
<spiffworkflow:property name="form" value="second-signoff"/>
<spiffworkflow:property name="not_by" value="publication_preview"/>
</spiffworkflow:properties></bpmn:extensionElements></bpmn:userTask>
<bpmn:exclusiveGateway id="agreed" name="是否同意" default="back"/>
<bpmn:serviceTask id="release" name="公示"><bpmn:extensionElements><spiffworkflow:properties>
<spiffworkflow:property name="service" value="{service}"/>
</spiffworkflow:properties></bpmn:extensionElements></bpmn:serviceTask>
<bpmn:endEvent id="done" name="办结"/>
<bpmn:sequenceFlow id="f1" sourceRef="begin" targetRef="publication_preview"/>
<bpmn:sequenceFlow id="f2" sourceRef="publication_preview" targetRef="second_signoff"/>
<bpmn:sequenceFlow id="f3" sourceRef="second_signoff" targetRef="agreed"/>
<bpmn:sequenceFlow id="f4" name="同意" sourceRef="agreed" targetRef="release"><bpmn:conditionExpression
  xsi:type="bpmn:tFormalExpression">second_signoff.decision = "同意"</bpmn:conditionExpression></bpmn:sequenceFlow>
<bpmn:sequenceFlow id="back" name="退回" sourceRef="agreed" targetRef="publication_preview"/>
<bpmn:sequenceFlow id="f5" sourceRef="release" targetRef="done"/>
</bpmn:process></bpmn:definitions>"""


class Gate:
    """The district, its people and what they do; every step is a command of the real engine."""

    def __init__(self, engine: ProcessEngine) -> None:
        self.engine = engine
        self.district = engine.settings.district_id
        self._rows()
        services = {"department-inspection": "publish-result", "administrative-penalty": "publish-penalty"}
        for key, service in services.items():
            forms = {
                f"forms/{form}.json": (engine.settings.form_dir / f"{form}.json").read_text("utf-8")
                for form in ("publication-preview", "second-signoff")
            }
            files = {f"{key}.bpmn": mini_diagram(key, service), **forms}
            engine.execute(Deploy(key, files), actor=Actor.system())
        for key in ("publication-correction", "withholding-review", "finding-correction"):
            bundle = read_bundle(engine.settings.process_dir / key, engine.settings.form_dir)
            engine.execute(Deploy(key, bundle), actor=Actor.system())

    def _rows(self) -> None:
        now, p = self.engine.clock(), PLANTED
        snapshot = {
            "uscc": USCC, "name": "济南植入王氏小吃店", "kind": "个体工商户", "address": p["home"],
            "contact": p["contact"], "legal_representative": "王氏", "phone": p["mobile"],
            "risk_grade": p["grade"], "tags": [p["complainant"]],
        }  # fmt: skip
        with self.engine.database.write() as session:
            session.add(Department(district_id=self.district, code="SCJG", name="市场监督管理局"))
            session.add(Department(district_id=self.district, code="WJJ", name="卫生健康局"))
            for login, name, role, department in (
                ("officer", "承办甲", "承办人", "SCJG"), ("head", "科长乙", "科室负责人", "SCJG"),
                ("chief", "局长丙", "机关负责人", "SCJG"), ("both", "兼任丁", "承办人", "SCJG"),
                ("other", "卫健戊", "承办人", "WJJ"), ("watch", "督查己", "监管督查", "SCJG"),
                ("inspector", "检查庚", "执法检查人员", "SCJG"),
            ):  # fmt: skip
                user = User(district_id=self.district, login=login, name=name, department=department,
                            password_hash="-", created_at=now)  # fmt: skip
                session.add(user)
                session.flush()
                roles = [role, "科室负责人"] if login == "both" else [role]
                session.add_all(
                    UserRole(district_id=self.district, user_id=user.id, department=department, role=r) for r in roles
                )
            rows: list[Any] = [
                Campaign(id=new_id(), district_id=self.district, number="SCJG-抽查-2026-0001", name="餐饮抽查",
                         lead="SCJG", participants=[], state="检查中", total=1, open_count=1, created_at=now),
                Inspector(id=new_id(), district_id=self.district, code="R1", name=p["inspector"], department="SCJG",
                          row_digest="", created_at=now, updated_at=now),
                Item(id=new_id(), district_id=self.district, code="SCJG-001", name="食品安全检查", department="SCJG",
                     category="食品", legal_basis="《食品安全法》", row_digest="", created_at=now, updated_at=now),
                Inspection(id=new_id(), district_id=self.district, number=OBJECT, campaign="SCJG-抽查-2026-0001",
                           draw_id="", uscc=USCC, object=snapshot, departments=["SCJG"], visits_ended_at=now),
                DepartmentInspection(
                    id=new_id(), district_id=self.district, number=PART, inspection=OBJECT,
                    campaign="SCJG-抽查-2026-0001", department="SCJG", inspectors=["R1"], items=["SCJG-001"],
                    state="待公示", visit_ended_at=now, reviewed_at=now,
                    record={"present_person": p["present"], "statement": p["statement"]},
                    conclusion={
                        "category": "6", "facts": p["note"],
                        "handling": f"责令改正，店主身份证{p['identity']}、{p['identity wide']}，"
                        f"电话{p['mobile apart']}、"
                        f"{p['mobile wide']}，家住{p['home']}，座机{p['landline']}，邮箱{p['e-mail']}，"
                        f"{p['wechat']}，收款账号{p['bank']}。{p['complainant']}反映，当场有{p['minor']}，"
                        f"{p['present']}在场，风险等级D级。",
                    },
                ),
                Finding(id=new_id(), district_id=self.district, department_inspection=PART, department="SCJG",
                        item="SCJG-001", problem=True, category="6", note=p["note"], clause="植入条款", at=now),
                FollowUp(
                    id=new_id(), district_id=self.district, number=CASE, kind="administrative-penalty", origin=PART,
                    root=PART, root_kind="department-inspection",
                    department="SCJG", uscc=USCC, subject_name="济南植入王氏小吃店", state="已决定", opened_at=now,
                    facts={"decision": {
                        "document_number": "济天市监罚〔2026〕1号", "decided_on": "2026-03-02", "kinds": ["罚款"],
                        "amount": 500, "basis": "食品安全法第三十四条",
                        "facts": f"当事人王氏（身份证{p['identity']}，住址{p['home']}）销售过期食品，"
                        f"{p['complainant']}举报。",
                    }},
                ),
            ]  # fmt: skip
            session.add_all(rows)

    def who(self, login: str) -> Actor:
        """The person as somebody signed in."""
        with self.engine.read() as session:
            user = session.scalars(sa.select(User).where(User.login == login)).one()
            posts = session.execute(sa.select(UserRole.department, UserRole.role).where(UserRole.user_id == user.id))
            groups = frozenset(f"{department}/{role}" for department, role in posts)
            return Actor(user.id, user.name, user.department, groups)

    def start(self, key: str, business_key: str) -> None:
        variables = {} if business_key == PART else {"origin": PART}
        start = StartProcess(key, business_key, variables, title="公示", department="SCJG")
        self.engine.execute(start, actor=Actor.system())

    def task(self, element: str) -> UserTask:
        with self.engine.read() as session:
            return session.scalars(
                sa.select(UserTask).where(UserTask.state == "open", UserTask.element_id == element)
            ).one()

    def context(self, element: str) -> Mapping[str, Any]:
        """What the form of the open task is shown with."""
        with self.engine.read() as session:
            task = session.get_one(UserTask, self.task(element).id)
            context: Mapping[str, Any] = self.engine.task_view(session, task).context
            return context

    def do(self, element: str, login: str, **values: Any) -> None:
        task = self.task(element)
        self.engine.execute(CompleteTask(task.id, task.version, values), actor=self.who(login))

    def publication(self, kind: str = "result") -> Publication:
        with self.engine.read() as session:
            return session.scalars(sa.select(Publication).where(Publication.kind == kind)).one()

    def publish(self, key: str = "department-inspection", business_key: str = PART, **values: Any) -> None:
        """Preview with every find masked, and a second person's agreement."""
        self.start(key, business_key)
        self.do("publication_preview", "officer", **self.masked(**values))
        self.do("second_signoff", "head", decision="同意")

    def masked(self, **values: Any) -> dict[str, Any]:
        """The preview's answers as the page offers them: every find masked."""
        context = self.context("publication_preview")
        return {"decision": "公示", "redact_name": context["redact_name"] or "照常公示", "checked": True,
                "hits": context["hits"], **values}  # fmt: skip
