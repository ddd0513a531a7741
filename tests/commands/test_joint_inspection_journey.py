"""One campaign from work plan to archive through the real engine, on both databases."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.calendar import DayOfNotice
from engine.commands.add_attachment import AddAttachment
from engine.commands.complete_task import CompleteTask, Paper
from engine.commands.correlate_message import CorrelateMessage
from engine.commands.fire_timers import FireTimers
from engine.commands.import_notice import ImportNotice
from engine.commands.task_access import may_enter_paper
from engine.db import new_id
from engine.errors import Forbidden, InvalidInput
from engine.history import export_root, verify
from engine.inspection.joint_models import CampaignSummary
from engine.inspection.models import (
    DepartmentInspection,
    Draw,
    Finding,
    FollowUp,
    Inspection,
    Inspector,
    Publication,
)
from engine.models import Deadline, HistoryEvent, Incident, ProcessInstance, TaskCandidate, Timer, User, UserTask
from engine.process_engine import ProcessEngine
from tests.conftest import Clock
from tests.support import penalty_case as penalties
from tests.support.journey import (
    APPROVALS,
    PNG,
    RESULTS,
    VISITS,
    Office,
    campaign,
    install,
    open_campaign,
    standard_answers,
    work_plan,
)


def test_a_campaign_goes_from_work_plan_to_archive(engine: ProcessEngine) -> None:
    install(engine)
    office = Office(engine)
    number = open_campaign(office)
    standard_answers(office, work_plan(engine, "SCJG", ["WJJ", "YJJ"]), problem_in="SCJG")
    office.do_all("draft_work_plan", *APPROVALS)
    office.do_all("gate_check")
    office.do_all("log_commitment")
    office.do_all("reveal")
    with engine.read() as session:
        draw = session.scalars(sa.select(Draw)).one()
        assert draw.state == "drawn" and draw.draw_id == "CN-370105-SCJG-2026-0001"
    assert office.do_all("organ_approval") == 3
    drawn = campaign(engine, number).total
    assert drawn >= 3
    assert office.do_all("sign_for_receipt") >= 3
    assert office.do_all(*VISITS) == drawn * 3 * len(VISITS)
    with engine.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Inspection)) == drawn
        clocks = session.scalars(sa.select(Deadline).where(Deadline.name == "publication")).all()
        assert len(clocks) == drawn * 4 and {c.rule for c in clocks} == {"20wd"}
    office.do_all(*RESULTS)
    finished = campaign(engine, number)
    assert finished.open_count == 0
    office.do_all("summary", "summary_approval")
    assert campaign(engine, number).state == "已归档"
    with engine.read() as session:
        table = session.scalars(sa.select(CampaignSummary)).one()
        assert (table.state, table.figures["totals"]["published"]) == ("已审批", drawn * 3)
        assert table.figures["totals"]["with_problem"] == drawn
        assert [d["name"] for d in table.figures["departments"]] == ["市场监督管理局", "卫生健康局", "应急管理局"]
        assert [d["problems"] for d in table.figures["departments"]] == [drawn, 0, 0]
        assert {c["name"]: c["counts"] for c in table.figures["handling"]} == {
            "违法处罚": [drawn, 0, 0], "无需处置": [0, drawn, drawn],
        }  # fmt: skip
        assert len(table.figures["objects"]) == drawn and len(table.figures["objects"][0]["results"]) == 3
    with engine.read() as session:
        states = set(session.scalars(sa.select(DepartmentInspection.state)))
        assert states == {"已公示"}
        assert session.scalar(sa.select(sa.func.count()).where(Publication.state == "published")) == drawn * 3
        assert session.scalar(sa.select(sa.func.count()).where(Finding.problem)) == drawn
        follow_ups = session.scalars(sa.select(FollowUp)).all()
        assert {(f.kind, f.state) for f in follow_ups} == {("administrative-penalty", "已启动")}
        running = session.execute(
            sa.select(ProcessInstance.process_key, sa.func.count())
            .where(ProcessInstance.status == "running")
            .group_by(ProcessInstance.process_key)
        ).all()
        assert [tuple(r) for r in running] == [("administrative-penalty", drawn)]
        assert session.scalar(sa.select(sa.func.count()).select_from(Incident)) == 0
    with engine.database.write() as session:
        root = export_root(session, "370105", engine.clock())
    with engine.read() as session:
        assert verify(session, "370105", root).problems == []
    assert len(office.signed_in) >= 12


def prepared(engine: ProcessEngine, **answers: object) -> tuple[Office, str]:
    """A campaign of three departments up to the open visits; ``answers`` replace steps' values."""
    install(engine)
    office = Office(engine)
    number = open_campaign(office)
    standard_answers(office, work_plan(engine, "SCJG", ["WJJ", "YJJ"]))
    office.answers |= answers  # type: ignore[arg-type]
    office.do_all("draft_work_plan", *APPROVALS, "gate_check", "log_commitment", "reveal", "organ_approval")
    office.do_all("sign_for_receipt")
    return office, number


def test_a_firm_removed_by_one_organ_is_replaced_by_the_next_ticket(engine: ProcessEngine) -> None:
    removed: list[str] = []

    def approve(task: UserTask) -> dict[str, object]:
        with engine.read() as session:
            view = engine.task_view(session, session.get_one(UserTask, task.id))
        if not removed:
            removed.append(view.context["drawn_objects"][0]["value"])
            removals = [{"uscc": removed[0], "reason": "已被其他机关立案调查", "evidence": "市监立〔2026〕3号"}]
            return {"decision": "同意", "removals": removals}
        return {"decision": "同意", "removals": []}

    prepared(engine, organ_approval=approve)
    with engine.read() as session:
        draw = session.scalars(sa.select(Draw)).one()
        visited = set(session.scalars(sa.select(Inspection.uscc)))
        before = json.loads(draw.files["result.json"])["drawn"]
        assert removed[0] not in visited
        assert len(visited) == sum(map(len, before.values()))


def test_a_recused_inspector_is_replaced_and_the_open_visit_goes_to_the_successor(engine: ProcessEngine) -> None:
    office, _ = prepared(engine)
    with engine.database.write() as session:  # every inspector has an account in this district
        for inspector in session.scalars(sa.select(Inspector).where(Inspector.user_id.is_(None))):
            user = User(
                id=new_id(),
                district_id="370105",
                login=inspector.code.lower(),
                name=inspector.name,
                department=inspector.department,
                password_hash="-",
                created_at=engine.clock(),
            )
            session.add(user)
            inspector.user_id = user.id
    office.do_all("prepare_visit", "arrive")
    task = office.open_tasks("site_check")[0]
    with engine.read() as session:
        part = session.scalars(
            sa.select(DepartmentInspection).where(DepartmentInspection.number == task.business_key)
        ).one()
    engine.execute(
        CorrelateMessage(
            "recusal-requested", part.number, {"applicant": "演示负责人", "reason": "检查人员与我有亲属关系"}
        ),
        actor=office.who(task),
    )
    decide = office.open_tasks("decide_recusal")[0]
    told_on = engine.clock().date().isoformat()
    office.do(
        decide,
        {
            "decision": "决定回避",
            "inspector": part.inspectors[1],
            "reason": "经核实系近亲属。",
            "prior_work": "有效",
            "told_on": told_on,
        },
    )
    with engine.read() as session:
        after = session.scalars(sa.select(DepartmentInspection).where(DepartmentInspection.number == part.number)).one()
        assert after.inspectors[0] == part.inspectors[0] and after.inspectors[1] != part.inspectors[1]
        open_task = session.get_one(UserTask, task.id)
        assert open_task.state == "open"
        gone = session.scalar(sa.select(Inspector.user_id).where(Inspector.code == part.inspectors[1]))
        candidates = session.scalars(sa.select(TaskCandidate.user_id).where(TaskCandidate.task_id == task.id)).all()
        assert len(candidates) == 2 and gone not in candidates
    office.do_all("site_check")


def test_a_missing_reveal_is_a_visible_aborted_draw_and_the_next_has_a_new_number(
    engine: ProcessEngine, clock: Clock
) -> None:
    install(engine)
    office = Office(engine)
    open_campaign(office)
    standard_answers(office, work_plan(engine, "SCJG", ["WJJ", "YJJ"]))
    office.do_all("draft_work_plan", *APPROVALS, "gate_check")
    office.do(office.open_tasks("log_commitment")[0])
    clock.advance(hours=5)
    with engine.read() as session:
        instance = session.scalars(
            sa.select(ProcessInstance.id).where(ProcessInstance.process_key == "joint-inspection")
        ).one()
    engine.execute(FireTimers(instance), actor=Actor.system())
    office.answers["explain_abort"] = {
        "cause": "监督人未在时限内登记", "explanation": "监督人甲临时参加会议，没有按时登记。",
        "replacement_witnesses": [],
    }  # fmt: skip
    office.answers["approve_redraw"] = {"decision": "同意"}
    office.do_all("explain_abort", "approve_redraw", "log_commitment", "reveal")
    with engine.read() as session:
        draws = session.execute(sa.select(Draw.draw_id, Draw.state).order_by(Draw.draw_id)).all()
    assert [tuple(d) for d in draws] == [
        ("CN-370105-SCJG-2026-0001", "aborted"), ("CN-370105-SCJG-2026-0002", "drawn"),
    ]  # fmt: skip


def test_a_finding_goes_through_a_penalty_to_its_publication(engine: ProcessEngine, clock: Clock) -> None:
    install(engine)
    office = Office(engine)
    open_campaign(office)
    standard_answers(office, work_plan(engine, "SCJG", ["WJJ", "YJJ"]), problem_in="SCJG")
    office.do_all("draft_work_plan", *APPROVALS, "gate_check", "log_commitment", "reveal", "organ_approval")
    office.do_all(*VISITS)
    task = office.open_tasks("conclude")[0]
    office.do(task)
    office.do(office.open_tasks("review", business_key=task.business_key)[0])
    case = office.open_tasks("file_case")[0]
    assert case.business_key == f"{task.business_key}/penalty"
    penalty, handlers = case.business_key, penalties.officers(engine, "SCJG")

    def step(element: str, values: dict[str, Any], under: str = "") -> None:
        office.do(office.open_tasks(element, business_key=f"{penalty}{under}")[0], values)

    def deliver(nth: int) -> None:
        served = penalties.served(clock.now.date().isoformat(), handlers, [])
        del served["receipt"]
        step("deliver", {**served, "signed": "屏幕签名", "signature": PNG}, f"/service-{nth}")

    with pytest.raises(InvalidInput, match="立案条件"):
        step("file_case", {**penalties.filing(handlers), "criteria": ["evidence"]})
    step("file_case", penalties.filing(handlers))
    step("approve_filing", {"decision": "立案"})
    step("investigate", penalties.investigation(clock.now.date().isoformat()))
    with pytest.raises(InvalidInput):
        step("write_report", penalties.report(5000, discretion="DEMO-3", discretion_reason=""))
    step("write_report", penalties.report(5000))
    step("case_review", penalties.REVIEW)
    with pytest.raises(InvalidInput, match="与审核的处理建议不符"):
        step("notice", penalties.notice(5001))
    step("notice", penalties.notice(5000))
    deliver(1)
    clock.advance(days=10)
    engine.execute(FireTimers(office.open_tasks("hear_statement")[0].instance_id), actor=Actor.system())
    step("check_lapse", {"outcome": "期满未提出"})
    day = clock.now.date().isoformat()
    decision = penalties.decision(5000, day, facts="查明超过保质期的食品三袋，联系电话 13800000000。")
    with pytest.raises(InvalidInput, match="与告知的内容不符"):
        step("decide", {**decision, "kinds": ["罚款", "吊销许可证件"], "terms": "吊销食品经营许可证。"})
    step("decide", decision)
    step("issue_decision", penalties.WRITTEN)
    deliver(2)
    office.do(office.open_tasks("publication_preview", business_key=penalty)[0])
    office.do(office.open_tasks("second_signoff", business_key=penalty)[0])
    with engine.read() as session:
        row = session.scalars(sa.select(FollowUp).where(FollowUp.number == penalty)).one()
        assert row.state == "已送达" and row.facts["decision"]["amount"] == 5000
        public = session.scalars(sa.select(Publication).where(Publication.kind == "penalty")).one()
        assert public.content["罚款数额（元）"] == 5000
        assert "13800000000" not in json.dumps(public.content, ensure_ascii=False)


def test_the_person_who_prepared_a_publication_cannot_sign_it_off(engine: ProcessEngine) -> None:
    office, _ = prepared(engine)
    office.do_all(*VISITS)
    first = office.open_tasks("review")[0]
    office.do(first)
    office.do(office.open_tasks("result_notice", business_key=first.business_key)[0])
    preview = office.open_tasks("publication_preview", business_key=first.business_key)[0]
    preparer = office.who(preview)
    office.do(preview)
    signoff = office.open_tasks("second_signoff", business_key=first.business_key)[0]
    both = Actor(preparer.user_id, preparer.name, preparer.department, preparer.groups | {signoff.group})
    with pytest.raises(Forbidden, match="另一人复核"):
        engine.execute(CompleteTask(signoff.id, signoff.version, {"decision": "同意"}), actor=both)


def test_a_department_without_log_ins_is_entered_for_with_its_signed_scan(engine: ProcessEngine) -> None:
    office, _ = prepared(engine)
    office.do_all("prepare_visit", "arrive")
    task = next(t for t in office.open_tasks("site_check") if t.department == "WJJ")
    answer = office.answers["site_check"]
    assert callable(answer)
    clerk = office.login("scjg-officer")
    with pytest.raises(Forbidden):
        engine.execute(CompleteTask(task.id, task.version, answer(task)), actor=clerk)
    scan = engine.execute(
        AddAttachment(task.id, "paper_attachment_id", "笔录.pdf", "application/pdf", b"%PDF-1.4 signed"), actor=clerk
    )
    paper = Paper("卫检〔2026〕7号", "2026-03-02", "演示·检查员(卫健)", scan)
    engine.execute(CompleteTask(task.id, task.version, answer(task), paper), actor=clerk)
    with engine.read() as session:
        part = session.scalars(
            sa.select(DepartmentInspection).where(DepartmentInspection.number == task.business_key)
        ).one()
        assert part.entered_on_behalf_by == clerk.user_id
        done = session.get_one(UserTask, task.id)
        assert done.closed_by == clerk.user_id and done.paper == {
            "document_number": "卫检〔2026〕7号", "signed_on": "2026-03-02", "signed_by": "演示·检查员(卫健)",
            "attachment_id": scan, "sha256": hashlib.sha256(b"%PDF-1.4 signed").hexdigest(), "on_behalf_of": "WJJ",
        }  # fmt: skip
        told = sa.select(HistoryEvent).where(
            HistoryEvent.stream == str(done.instance_id), HistoryEvent.kind == "task-completed"
        )
        said = session.scalars(told.order_by(HistoryEvent.seq)).all()[-1]
        assert said.actor_name == clerk.name and json.loads(said.body)["paper"]["on_behalf_of"] == "WJJ"
        # The lead alone is named by the diagram; a participant enters nothing for the lead or another participant.
        others = {
            (row.department, login): may_enter_paper(session, office.login(f"{login}-officer"), row)
            for row in office.open_tasks("site_check")
            for login in ("scjg", "wjj", "yjj", "jtj")
        }
        assert {pair for pair, may in others.items() if may} == {
            *((code, code.lower()) for code in ("SCJG", "WJJ", "YJJ")), ("WJJ", "scjg"), ("YJJ", "scjg"),
        }  # fmt: skip


def test_a_new_holiday_notice_moves_the_deadline_its_tasks_and_its_timer(engine: ProcessEngine, clock: Clock) -> None:
    clock.travel("2027-03-01T09:00")  # no notice for 2027 yet: provisional
    office, _ = prepared(engine)
    office.do_all(*VISITS)
    with engine.read() as session:
        before = session.scalars(sa.select(Deadline).where(Deadline.name == "publication")).all()
        assert all(d.provisional for d in before)
        old = before[0].due_at
        timers = session.scalars(sa.select(Timer.due_at).where(Timer.element_id == "publication_overdue")).all()
        assert set(timers) == {old}
    days = [DayOfNotice(date(2027, 3, 8), False, "试放假")]
    engine.execute(ImportNotice(2027, "国务院办公厅关于2027年部分节假日安排的通知（演示）", days), actor=Actor.system())
    with engine.read() as session:
        after = set(session.scalars(sa.select(Deadline.due_at).where(Deadline.name == "publication")))
        assert len(after) == 1 and min(after) > old
        timers = session.scalars(sa.select(Timer.due_at).where(Timer.element_id == "publication_overdue")).all()
        assert set(timers) == after
        shown = session.scalars(
            sa.select(UserTask.due_at).where(UserTask.deadline_name == "publication", UserTask.state == "open")
        ).all()
        assert set(shown) == after
