"""Lists for each unit with receipt and return, help from outside, and inspectors who cannot go."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.deploy import Deploy
from engine.commands.fire_timers import FireTimers
from engine.errors import Conflict, Forbidden, InvalidInput
from engine.inspection import checklists, commissions, dispatch_lists, preparation, records
from engine.inspection.commissions import EndCommission, RecordCommission
from engine.inspection.demo.loader import load_demo
from engine.inspection.joint_models import DispatchList, Substitution, Supply, Unit
from engine.inspection.models import DepartmentInspection, Draw, Recusal
from engine.inspection.substitutions import RequestSubstitution
from engine.inspection.units import SaveUnit
from engine.lint.bundle import read_bundle
from engine.models import User, UserTask
from engine.process_engine import ProcessEngine
from tests.conftest import Clock
from tests.support.journey import APPROVALS, Office, campaign, open_campaign, standard_answers, work_plan


def test_units_sign_return_and_are_sent_elsewhere_and_inspectors_are_replaced(
    engine: ProcessEngine, clock: Clock
) -> None:
    load_demo(engine.database, engine.settings, clock.now, objects=150, inspectors=60, items=40)
    for key in ("joint-inspection", "inspection", "department-inspection", "inspector-substitution"):
        bundle = read_bundle(engine.settings.process_dir / key, engine.settings.form_dir)
        engine.execute(Deploy(key, bundle), actor=Actor.system())
    office = Office(engine)
    number = open_campaign(office)
    standard_answers(office, work_plan(engine, "SCJG", ["WJJ"], ratio=20))
    equipment = [{"name": "执法记录仪", "quantity": 4}]
    office.answers["countersign"] = {"decision": "同意", "inspectors": 8, "equipment": equipment}
    wjj, inspector = office.login("wjj-officer"), office.login("wjj-inspector1")
    _wjj_has_a_brigade(engine, wjj, inspector.user_id)
    office.do_all("draft_work_plan", *APPROVALS, "gate_check", "log_commitment", "reveal", "organ_approval")

    # one list for each unit, offered to its receivers
    lists = _lists(engine, number)
    assert {row.department for row in lists} == {"SCJG", "WJJ"} and all(row.state == "待签收" for row in lists)
    assert sum(len(r.inspections) for r in lists if r.department == "SCJG") == campaign(engine, number).total
    brigade = next(row for row in lists if row.unit == "WJJ-DD")
    task = _task(office, brigade)
    assert task.assignee_id == inspector.user_id

    # nobody signs for a day: a reminder on the task; then the brigade is not competent
    clock.advance(days=1, minutes=1)
    engine.execute(FireTimers(task.instance_id), actor=Actor.system())
    assert all(row.reminders == 1 for row in _lists(engine, number))
    office.do(_task(office, brigade), {"decision": "退回", "return_reason": "不属于大队职责，应由科室承办。"})
    again = office.open_tasks("redispatch")[0]
    assert again.department == "SCJG"
    with pytest.raises(InvalidInput):
        office.do(again, {"unit": "SCJG-S01", "instruction": "派给其他部门的单位。"})
    office.do(again, {"unit": dispatch_lists.OFFICE, "instruction": "由局本级安排。"})
    moved = next(row for row in _lists(engine, number) if row.number == brigade.number)
    assert (moved.unit, moved.state) == ("", "待签收")
    assert moved.returns[0]["reason"].startswith("不属于") and moved.returns[0]["instruction"] == "由局本级安排。"
    assert _task(office, brigade).group == "WJJ/承办人"
    office.do_all("sign_for_receipt")
    assert all(row.state == "已签收" and row.received_by_name for row in _lists(engine, number))

    # what each department brings, and its own part of the joint checklist
    with engine.read() as session:
        row = session.scalars(sa.select(Supply).where(Supply.department == "WJJ")).one()
        assert row.inspectors == 8 and preparation.equipment_words(row) == ["执法记录仪 4"]
        part = session.scalars(
            sa.select(DepartmentInspection).where(DepartmentInspection.department == "WJJ")
        ).first()  # fmt: skip
        assert part is not None
        lines = checklists.part_lines(session, part)
        assert {line.item for line in lines} == set(part.items) and {line.method for line in lines} == {"实地核查"}
        options = preparation.departure_options(session, engine.settings, part, clock.now.date())
        assert {"certificates", "equipment-1"} <= {o["value"] for o in options}
        assert "materials" not in {o["value"] for o in options}
        firm = records.inspection(session, "370105", part.inspection).uscc

    _help_from_outside(engine, number, wjj, part, firm)
    _a_leave_and_a_refusal(office, part, wjj)


def _wjj_has_a_brigade(engine: ProcessEngine, officer: Actor, receiver: str | None) -> None:
    with engine.read() as session:
        regions = [code for row in session.scalars(sa.select(Unit)) for code in row.regions]
    unit = SaveUnit("WJJ-DD", "WJJ", "卫生监督执法大队", "执法大队", regions, [str(receiver)], new=True)
    with pytest.raises(Forbidden):
        engine.execute(SaveUnit("SCJG-X", "SCJG", "科室", "科室", new=True), actor=officer)
    with pytest.raises(InvalidInput) as refused:
        engine.execute(SaveUnit("不对", "WJJ", "", "", ["99"], ["x" * 36], new=True), actor=officer)
    assert set(refused.value.fields) == {"code", "name", "kind", "regions", "receivers"}
    assert engine.execute(unit, actor=officer) == "WJJ-DD"


def _lists(engine: ProcessEngine, number: str) -> list[DispatchList]:
    with engine.read() as session:
        return dispatch_lists.of_campaign(session, records.campaign(session, "370105", number))


def _task(office: Office, row: DispatchList) -> UserTask:
    return next(t for t in office.open_tasks("sign_for_receipt") if t.context["item"]["number"] == row.number)


def _help_from_outside(
    engine: ProcessEngine, number: str, officer: Actor, part: DepartmentInspection, firm: str
) -> None:
    given = {
        "department": "WJJ", "kind": "检验检测机构", "name": "演示检测中心", "members": "",
        "document_number": "委〔2026〕1号", "mandate": "公共用品用具抽样检测", "declaration": "已声明没有利害关系",
    }  # fmt: skip
    with pytest.raises(InvalidInput) as refused:
        engine.execute(RecordCommission(number, **{**given, "name": " "}, conflicts="999"), actor=officer)
    assert set(refused.value.fields) == {"name", "conflicts"}
    with pytest.raises(Forbidden):
        engine.execute(RecordCommission(number, **{**given, "department": "SCJG"}), actor=officer)
    free = engine.execute(RecordCommission(number, **given), actor=officer)
    engine.execute(RecordCommission(number, **{**given, "name": "关联事务所"}, conflicts=firm), actor=officer)
    with engine.read() as session:
        assert [row.name for row in commissions.assisting(session, part)] == ["演示检测中心"]
    engine.execute(EndCommission(number, free, "检测已完成"), actor=officer)
    with engine.read() as session:
        assert commissions.assisting(session, part) == []


def _a_leave_and_a_refusal(office: Office, part: DepartmentInspection, officer: Actor) -> None:
    engine, away = office.engine, part.inspectors[1]
    with pytest.raises(InvalidInput) as refused:
        engine.execute(RequestSubstitution(part.number, "SCJG-001", "nap", "累"), actor=officer)
    assert set(refused.value.fields) == {"inspector", "cause", "reason"}
    with pytest.raises(Forbidden):
        engine.execute(
            RequestSubstitution(part.number, away, "leave", "休年假五天"), actor=office.login("scjg-officer")
        )
    first = engine.execute(RequestSubstitution(part.number, away, "leave", "休年假五天，可以改期"), actor=officer)
    with pytest.raises(Conflict):
        engine.execute(RequestSubstitution(part.number, away, "illness", "住院手术治疗"), actor=officer)
    decide = office.open_tasks("decide_substitution")[0]
    assert decide.due_at is not None and decide.due_at > engine.clock() - timedelta(days=1)
    office.do(decide, {"decision": "不同意", "return_reason": "可以改期。"})
    second = engine.execute(
        RequestSubstitution(part.number, away, "illness", "住院手术，病假条第 3 号", whole_campaign=True), actor=officer
    )
    office.do(office.open_tasks("decide_substitution")[0], {"decision": "同意"})
    with engine.read() as session:
        rows = {r.number: r for r in session.scalars(sa.select(Substitution))}
        assert rows[first].state == "不予更换" and rows[second].state == "已更换"
        after = session.scalars(sa.select(DepartmentInspection).where(DepartmentInspection.number == part.number)).one()
        assert away not in after.inspectors and after.inspectors[0] == part.inspectors[0]
        assert rows[second].successors[0]["successor"] in after.inspectors
        others = session.scalars(
            sa.select(DepartmentInspection).where(
                DepartmentInspection.campaign == part.campaign, DepartmentInspection.department == "WJJ"
            )
        )
        assert all(away not in other.inspectors for other in others)
        # illness keeps nobody away from the firm for good; the draw's record has the change and its reason
        assert session.scalar(sa.select(sa.func.count()).select_from(Recusal)) == 0
        draw = session.scalars(sa.select(Draw).where(Draw.state == "drawn")).one()
        change = json.loads(draw.files["change-0001.json"])
        assert change["inspector"] == away and change["reason"].startswith("因病不能参加：住院手术")
        assert session.scalar(sa.select(User.name).where(User.id == officer.user_id)) == rows[second].requested_by_name
