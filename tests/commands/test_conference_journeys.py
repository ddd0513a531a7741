"""Special inspections, the joint conference and duty reviews on both databases, the way officials carry them out."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.deploy import Deploy
from engine.commands.fire_timers import FireTimers
from engine.errors import Forbidden, InvalidInput, NotFound
from engine.inspection import conference, conference_posts, duty_record, special_inspections
from engine.inspection.archive_models import CaseFile
from engine.inspection.archives.commands import ArchiveCase
from engine.inspection.archives.listing import Wanted, archived, waiting
from engine.inspection.archives.registers import listings
from engine.inspection.archives.rules import rules
from engine.inspection.conference import OpenConferenceMatter
from engine.inspection.conference_models import ConferenceMatter
from engine.inspection.conference_posts import AnnounceSuccession
from engine.inspection.demo.loader import load_demo
from engine.inspection.duty_reviews import OpenDutyReview
from engine.inspection.gate_visits import _ordered
from engine.inspection.models import Campaign, Publication
from engine.inspection.opening import OpenCampaign
from engine.inspection.oversight_models import DutyReview, SpecialInspection
from engine.inspection.publicity import AddPublicityFile, RecordPublicity, WithdrawPublicity, yearly
from engine.inspection.special_inspections import OpenSpecialInspection
from engine.lint.bundle import read_bundle
from engine.models import Deadline, ProcessInstance
from engine.process_engine import ProcessEngine
from engine.scope import scope
from tests.support.journey import Office, work_plan

DISTRICT = "370105"
OK = {"decision": "同意"}


@pytest.fixture
def office(engine: ProcessEngine) -> Office:
    load_demo(engine.database, engine.settings, engine.clock(), objects=40, inspectors=60, items=30)
    for key in ("special-inspection", "conference-matter", "duty-review", "joint-inspection"):
        bundle = read_bundle(engine.settings.process_dir / key, engine.settings.form_dir)
        engine.execute(Deploy(key, bundle), actor=Actor.system())
    return Office(engine)


def step(office: Office, element: str, values: dict[str, Any], position: int = 0) -> None:
    office.do(office.open_tasks(element)[position], values)


def kept(office: Office, model: Any, number: str) -> Any:
    with office.engine.read() as session:
        return session.scalars(sa.select(model).where(model.number == number)).one()


def fire_timers(engine: ProcessEngine) -> None:
    with engine.read() as session:
        running = list(session.scalars(sa.select(ProcessInstance.id).where(ProcessInstance.status == "running")))
    for instance in running:
        engine.execute(FireTimers(instance), actor=Actor.system())


def special_values(office: Office, **changes: Any) -> dict[str, Any]:
    plan = work_plan(office.engine, "SCJG", ["WJJ"])
    return {
        "action": "报批", "name": "2026年校外托管场所食品安全专项检查", "reason_kind": "上级部署",
        "superior_document": "关于开展专项检查的通知（示例）", "problem": "投诉举报显示无证供餐问题集中。",
        "items": plan["items"], "participants": ["WJJ"], "industries": ["H"], "ratio": 30, "methods": ["实地核查"],
        "start_date": "2026-03-16", "end_date": "2026-04-30", "publish": "公布", **changes,
    }  # fmt: skip


def approved_special(office: Office) -> str:
    number = office.engine.execute(OpenSpecialInspection("SCJG"), actor=office.login("scjg-officer"))
    step(office, "draft_special", special_values(office))
    step(office, "section_review", OK)
    step(office, "head_approval", OK)
    step(
        office, "district_approval",
        {"decision": "批准", "approver": "区政府分管负责人", "approval_number": "天政字〔2026〕8号",
         "approved_on": office.engine.clock().date().isoformat()},
    )  # fmt: skip
    step(office, "receive_filing", {"decision": "予以备案"})
    return number


def test_a_special_inspection_is_approved_filed_published_and_only_then_drawn_within_its_scope(office: Office) -> None:
    engine = office.engine
    with pytest.raises(Forbidden):
        engine.execute(OpenSpecialInspection("WJJ"), actor=office.login("scjg-officer"))
    number = engine.execute(OpenSpecialInspection("SCJG"), actor=office.login("scjg-officer"))
    with pytest.raises(InvalidInput) as refused:
        step(office, "draft_special", special_values(office, participants=[], end_date="2026-03-01"))
    assert set(refused.value.fields) == {"items", "end_date"}
    step(office, "draft_special", {"action": "撤回"})
    assert kept(office, SpecialInspection, number).state == special_inspections.WITHDRAWN

    number = approved_special(office)
    row = kept(office, SpecialInspection, number)
    assert (row.counts_in_cap, row.filing_number, row.state) == (False, "专项备〔2026〕1号", "已转随机抽取")
    with engine.read() as session:
        deadline = session.scalars(sa.select(Deadline).where(Deadline.business_key == number)).one()
        assert (deadline.name, deadline.rule, deadline.met_at is not None) == ("special-filing", "5wd", True)
        public = session.scalars(sa.select(Publication).where(Publication.kind == "special")).one()
        assert public.state == "published" and public.content["检查对象的确定"] == "全部通过双随机抽取确定"
        campaign = session.scalars(sa.select(Campaign).where(Campaign.number == row.campaign)).one()
        given = special_inspections.prefilled(session, campaign, engine.clock().date())
    assert given["ordered"] and given["superior_document"] and given["industries"] == ["H"]

    # The campaign draws within what was approved: it may narrow the scope and never widen it.
    plan = work_plan(engine, "SCJG", ["WJJ"])
    with pytest.raises(InvalidInput) as refused:
        step(office, "draft_work_plan", plan | {"industries": [], "end_date": "2026-06-30"})
    assert set(refused.value.fields) == {"industries", "end_date"}
    step(office, "draft_work_plan", plan)  # says nothing of an order from above: the approval does
    with engine.read() as session:
        stored = session.scalars(sa.select(Campaign).where(Campaign.number == row.campaign)).one()
        assert stored.plan["ordered"] is True
    engine.execute(OpenCampaign("SCJG"), actor=office.login("scjg-officer"))
    with pytest.raises(InvalidInput) as refused:  # nobody takes the exception without an approval
        step(office, "draft_work_plan", plan | {"ordered": True, "superior_document": "某通知（示例）"})
    assert set(refused.value.fields) == {"ordered"}
    with engine.database.write() as session:  # as if it had drawn: its visits do not count in the yearly cap
        session.execute(sa.update(Campaign).where(Campaign.number == row.campaign).values(draw_id="d"))
    with engine.read() as session:
        assert _ordered(session, DISTRICT) == {row.campaign}


def test_the_conference_asks_every_unit_advises_and_follows_up_by_unit(office: Office) -> None:
    engine, clock = office.engine, office.engine.clock
    secretary = office.login("office")
    with pytest.raises(Forbidden):
        engine.execute(
            AnnounceSuccession("ZHR", "演示·甲（虚构）", "2026-01-01", "办〔2026〕1号", "2026-01-05"),
            actor=office.login("scjg-officer"),
        )
    first = clock().date().isoformat()
    for holder, day in (("演示·甲（虚构）", "2025-01-02"), ("演示·乙（虚构）", first)):
        engine.execute(AnnounceSuccession("ZHR", holder, day, "办〔2026〕1号", day), actor=secretary)
    with pytest.raises(InvalidInput) as refused:
        engine.execute(AnnounceSuccession("nobody", "", "x", "", first), actor=secretary)
    assert set(refused.value.fields) == {"post", "first_day", "notice_number", "holder"}
    with engine.read() as session:
        before = clock().date().replace(year=2025)
        assert conference_posts.holders(session, DISTRICT, before)["ZHR"] == "演示·甲（虚构）"
        assert conference_posts.holders(session, DISTRICT, clock().date())["ZHR"] == "演示·乙（虚构）"

    number = engine.execute(OpenConferenceMatter("SCJG"), actor=secretary)
    (task,) = office.open_tasks("propose")
    assert task.assignee_id == secretary.user_id  # the office fills in what it proposes itself
    office.do(
        task,
        {
            "action": "提交办公室",
            "kind": "职责协调",
            "title": "托管机构监管分工",
            "question": "由哪个部门牵头，意见不一致。",
        },
    )
    step(
        office, "prepare",
        {"decision": "列入议题", "units": ["WJJ", "JTJ"], "summary": "涉及三个部门。", "focus": "牵头部门怎样定。"},
    )  # fmt: skip
    opinions = office.open_tasks("give_opinion")
    assert {(t.department, t.due_at is not None) for t in opinions} == {("WJJ", True), ("JTJ", True)}
    office.do(
        next(t for t in opinions if t.department == "WJJ"), {"position": "同意", "signed_by": "卫生健康局分管负责人"}
    )
    clock.advance(days=10)  # the other unit's time is over
    fire_timers(engine)
    (meeting,) = office.open_tasks("hold_meeting")
    with engine.read() as session:
        context = engine.task_view(session, meeting).context
    assert "没有反馈" in str(context["facts"]) and "演示·乙（虚构）" in str(context["posts"])
    held = clock().date().isoformat()
    minutes = {
        "way": "会议研究", "held_on": held, "chair": "ZHR", "attendance": [{"post": "ZHR", "presence": "出席"}],
        "minutes": "与会单位逐一发表意见。", "result": "形成决议", "advice": "由卫生健康局牵头。",
        "assignments": [
            {"unit": "WJJ", "task": "修订检查指引", "due_on": "2026-12-31"},
            {"unit": "JTJ", "task": "提供机构名单", "due_on": "2026-12-31"},
        ],
    }  # fmt: skip
    with pytest.raises(InvalidInput) as refused:
        office.do(meeting, minutes | {"attendance": [{"post": "ZHR", "presence": "出席"}] * 2})
    assert set(refused.value.fields) == {"attendance[1].post"}
    office.do(meeting, minutes)
    step(office, "sign_resolution", OK)
    row = kept(office, ConferenceMatter, number)
    assert row.resolution_number == "双随机联席决〔2026〕1号" and row.state == conference.FOLLOWED
    assert row.meeting["attendance"][0]["holder"] == "演示·乙（虚构）"
    reports = office.open_tasks("report_follow_through")
    assert {t.department for t in reports} == {"WJJ", "JTJ"} and all(t.due_at for t in reports)
    office.do(reports[0], {"report": "已经办理。", "signed_by": "分管负责人"})
    step(office, "check_follow_through", {"decision": "退回", "return_reason": "没有附件。"})
    for _ in range(2):
        step(office, "report_follow_through", {"report": "已经办理，附件在后。", "signed_by": "分管负责人"})
        step(office, "check_follow_through", OK)
    row = kept(office, ConferenceMatter, number)
    with engine.read() as session:
        done = conference.assignments_of(session, DISTRICT, number)
    assert row.state == conference.CLOSED
    assert [a.state for a in done] == ["已落实"] * 2 and sum(a.returned for a in done) == 1


def test_a_duty_review_holds_the_generated_record_against_the_list_and_is_known_to_few(office: Office) -> None:
    engine = office.engine
    case = kept(office, SpecialInspection, approved_special(office)).campaign
    step(office, "draft_work_plan", work_plan(engine, "SCJG", ["WJJ"]))
    officer, head = office.login("scjg-officer"), office.login("scjg-head")
    asked = OpenDutyReview(case, "scjg-officer", "本人申请", "请认定起草方案的履职情况。")
    with pytest.raises(InvalidInput):
        engine.execute(asked, actor=head)  # one's own can only be asked for by oneself
    with pytest.raises(Forbidden):
        engine.execute(
            OpenDutyReview(case, "scjg-officer", "监督发现", "认定履职情况。"), actor=office.login("wjj-head")
        )
    with pytest.raises(InvalidInput) as refused:
        engine.execute(
            OpenDutyReview(case, "wjj-legal", "监督发现", "认定履职情况。"), actor=office.login("supervisor")
        )
    assert set(refused.value.fields) == {"person"}  # took no part
    number = engine.execute(asked, actor=officer)
    row = kept(office, DutyReview, number)
    (duty,) = row.record["duties"]
    assert (duty["code"], duty["state"]) == ("work-plan", duty_record.KEPT) and duty["done"]
    own = [line for line in row.record["lines"] if line["own"]]
    assert [line["step"] for line in own] == ["起草抽查工作方案"] and len(own[0]["hash"]) == 64
    assert row.record["heads"][0]["case"] == case

    members = {login: office.login(login).user_id for login in ("scjg-section", "wjj-legal", "yjj-legal", "zjj-legal")}
    group = [members[login] for login in ("wjj-legal", "yjj-legal", "zjj-legal")]
    step(office, "accept", {"decision": "受理", "members": group, "leader": group[0]})
    visible = sa.select(sa.func.count()).select_from(ProcessInstance).where(ProcessInstance.business_key == number)
    seen = {}
    with engine.read() as session:
        for login in ("supervisor", "office", "admin", "auditor", "scjg-head", "scjg-deputy", "scjg-officer"):
            seen[login] = session.scalar(scope(visible, office.login(login)))
    assert seen == {
        "supervisor": 1, "office": 0, "admin": 0, "auditor": 0, "scjg-head": 0, "scjg-deputy": 0, "scjg-officer": 1
    }  # fmt: skip
    step(office, "give_statement", {"statement": "方案按时起草，参与部门已会签。"})
    for _ in group:
        step(office, "give_opinion", {"position": "免责", "reason": "办理记录显示按期履行。"})
    found = {"duties": [{"duty": "1", "result": "未履行"}], "outcome": "建议追责", "grounds": "逐项核对办理记录得出。"}
    with pytest.raises(InvalidInput) as refused:
        step(office, "make_finding", found)
    assert set(refused.value.fields) == {"duties[0].reason"}  # the record shows it as kept
    found = {"duties": [{"duty": "1", "result": "已履行"}], "outcome": "免责", "grounds": "逐项核对办理记录得出。"}
    step(office, "make_finding", found)
    step(office, "approve_finding", OK)
    step(office, "objection", {"decision": "有异议", "objection": "应当给予表扬。"})
    step(office, "make_finding", found | {"outcome": "表扬", "commendation": "及时发现隐患。"})
    step(office, "approve_finding", OK)
    row = kept(office, DutyReview, number)
    assert (row.outcome, row.state, row.document_number) == ("表扬", "已认定", "尽职认定〔2026〕1号")
    with engine.read() as session:
        names = set(session.scalars(sa.select(Deadline.name).where(Deadline.business_key == number)))
    assert names == {"duty-statement", "duty-finding", "duty-objection"}

    # Archived by supervision, in a file of its own that is as restricted as the review.
    known = rules(engine.settings, engine.clock().date())
    with engine.read() as session:
        case_id = session.scalars(sa.select(ProcessInstance.id).where(ProcessInstance.business_key == number)).one()
        for login, count in (("supervisor", 1), ("office", 0), ("scjg-officer", 0)):
            keys = [i.business_key for i in waiting(session, DISTRICT, office.login(login), known)]
            assert keys.count(number) == count
    with pytest.raises(NotFound):
        engine.execute(ArchiveCase(case_id), actor=office.login("auditor"))
    with pytest.raises(Forbidden, match="由监管督查归档"):
        engine.execute(ArchiveCase(case_id), actor=officer)
    file = engine.execute(ArchiveCase(case_id), actor=office.login("supervisor"))
    with engine.read() as session:
        assert session.get_one(CaseFile, file).archive_number == "JZ·2026-D30-0001"
        assert [row.id for row in archived(session, DISTRICT, office.login("supervisor"), Wanted())] == [file]
        assert archived(session, DISTRICT, office.login("office"), Wanted()) == []
        (register,) = listings(session, DISTRICT, [number])
        assert register.title == "尽职免责认定" and "表扬" in str(register.rows)


def test_training_and_publicity_are_entered_counted_and_withdrawn_with_a_reason(office: Office) -> None:
    engine, officer = office.engine, office.login("scjg-officer")
    values = {
        "kind": "培训", "title": "双随机业务培训", "held_on": "2026-01-08", "department": "SCJG",
        "audience": "执法人员", "hours": "4", "participants": "60", "content": "抽查流程和系统操作。",
    }  # fmt: skip
    with pytest.raises(InvalidInput) as refused:
        engine.execute(RecordPublicity(values | {"held_on": "2027-01-08"}), actor=officer)
    assert set(refused.value.fields) == {"held_on"}
    with pytest.raises(Forbidden):
        engine.execute(RecordPublicity(values), actor=office.login("scjg-head"))
    first, second = (engine.execute(RecordPublicity(values), actor=officer) for _ in range(2))
    for _ in range(2):  # the same file twice is one file
        file = engine.execute(AddPublicityFile(first, "课件.pdf", "application/pdf", b"%PDF-"), actor=officer)
    assert file
    with pytest.raises(InvalidInput):
        engine.execute(WithdrawPublicity(second, ""), actor=officer)
    engine.execute(WithdrawPublicity(second, "重复登记"), actor=officer)
    with engine.read() as session:
        assert yearly(session, DISTRICT) == [(2026, "培训", 1, 60, 4.0)]
