"""Case leads and unlicensed business on both databases, the way officials carry them out."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.fire_timers import FireTimers
from engine.db import new_id
from engine.errors import Conflict, Forbidden, InvalidInput
from engine.inspection.item_models import OutsideVisit, StagedFile
from engine.inspection.lead_entry import RegisterLead
from engine.inspection.lead_import import ImportLeads, StageLeads
from engine.inspection.lead_models import CaseLead, LeadFile, LeadReporter
from engine.inspection.lead_reporters import AddLeadFile, ShowReporter
from engine.inspection.models import FollowUp, InspectedObject, Inspector, Item, Recusal
from engine.inspection.outside_visits import count_towards_cap
from engine.inspection.tables import rows
from engine.models import Deadline, HistoryEvent, ProcessInstance, UserTask
from engine.process_engine import ProcessEngine
from tests.support.journey import Office, install

DISTRICT = "370105"
NAME, CONTACT = "举报人甲（虚构）", "0531-00000000 示例邮箱"
OK, BACK = {"decision": "同意"}, {"decision": "退回", "return_reason": "请补充。"}
NOTICE = {
    "department": "SCJG", "source": "投诉举报", "real_name": "实名", "reporter_name": NAME, "reporter_contact": CONTACT,
    "title": "销售过期食品", "content": "三月一日在店内购得过期牛奶两盒，货架上还有。",
}  # fmt: skip
PROCESSES = ("case-lead", "unlicensed-business", "rectification")

#: What no database sees differently is tested on one.
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def office(engine: ProcessEngine) -> Office:
    install(engine, objects=40, inspectors=60, items=30, processes=PROCESSES)
    return Office(engine)


def firm(office: Office) -> InspectedObject:
    with office.engine.read() as session:
        return session.scalars(sa.select(InspectedObject).order_by(InspectedObject.uscc)).first()  # type: ignore[return-value]


def today(office: Office) -> date:
    return office.engine.clock().date()


def register(office: Office, login: str = "scjg-officer", **changes: Any) -> str:
    values = {**NOTICE, "received_on": today(office).isoformat(), "uscc": firm(office).uscc, **changes}
    number: str = office.engine.execute(RegisterLead(values), actor=office.login(login))
    return number


def step(office: Office, number: str, element: str, values: dict[str, Any]) -> None:
    (task,) = office.open_tasks(element, business_key=number)
    office.do(task, values)


def faults(office: Office, number: str, element: str, values: dict[str, Any]) -> set[str]:
    with pytest.raises(InvalidInput) as refused:
        step(office, number, element, values)
    return set(refused.value.fields)


def steps(office: Office, number: str) -> set[str]:
    return {task.element_id for task in office.open_tasks(business_key=number)}


def lead(office: Office, number: str) -> CaseLead:
    with office.engine.read() as session:
        return session.scalars(sa.select(CaseLead).where(CaseLead.number == number)).one()


def limits(office: Office, number: str) -> dict[str, Deadline]:
    with office.engine.read() as session:
        return {d.name: d for d in session.scalars(sa.select(Deadline).where(Deadline.business_key == number))}


def accepted(office: Office, number: str) -> None:
    told = {"told_on": today(office).isoformat(), "told_how": "电话"} if lead(office, number).real_name else {}
    step(office, number, "accept", {"decision": "受理", **told})


def site_plan(office: Office, **changes: Any) -> dict[str, Any]:
    with office.engine.read() as session:
        item = session.scalars(sa.select(Item.code).where(Item.department == "SCJG").order_by(Item.code)).first()
        people = session.scalars(
            sa.select(Inspector.code)
            .where(Inspector.department == "SCJG", Inspector.drawable)
            .order_by(Inspector.code)
            .limit(2)
        ).all()
    return {
        "way": "现场检查", "reason": "须到现场核实。", "items": [item], "inspectors": list(people),
        "planned_on": today(office).isoformat(), "urgent": "否", **changes,
    }  # fmt: skip


def found(office: Office, verdict: str, **changes: Any) -> dict[str, Any]:
    values = {
        "uscc": firm(office).uscc, "subject_name": firm(office).name, "verdict": verdict,
        "facts": "现场查明货架上有过期牛奶十二盒。", **changes,
    }  # fmt: skip
    if verdict in ("penalty", "rectification", "unlicensed", "crime"):
        values["clause"] = "《中华人民共和国食品安全法》第三十四条"
    return values


DESK = {"way": "书面和网络核查", "reason": "凭登记资料可以核实。"}


def test_a_real_name_report_is_accepted_visited_decided_and_answered(office: Office) -> None:
    engine, number = office.engine, register(office)
    assert number == "SCJG-线索-2026-0001"
    due = limits(office, number)
    assert {name: row.rule for name, row in due.items()} == {"lead-acceptance": "7wd", "case-filing": "15wd"}

    # Who reported it is known to those who handle it alone, and every look is on record.
    assert engine.execute(ShowReporter(number), actor=office.login("scjg-officer")).name == NAME
    for login in ("wjj-officer", "supervisor", "admin"):
        with pytest.raises(Forbidden):
            engine.execute(ShowReporter(number), actor=office.login(login))
    with engine.read() as session:
        texts = [*session.scalars(sa.select(HistoryEvent.body)), *session.scalars(sa.select(ProcessInstance.title))]
        assert not [text for text in texts if NAME in text or CONTACT in text]
        looks = session.scalars(sa.select(HistoryEvent.kind).where(HistoryEvent.kind == "lead-reporter-shown")).all()
    assert len(looks) == 1

    assert faults(office, number, "accept", {"decision": "受理"}) == {"told_on"}
    tomorrow = (today(office) + timedelta(days=1)).isoformat()
    assert faults(office, number, "accept", {"decision": "受理", "told_on": tomorrow, "told_how": "电话"}) == {
        "told_on"
    }
    accepted(office, number)
    assert limits(office, number)["lead-acceptance"].met_at is not None

    # On site outside the draw: the head approves first, and the visit counts in the yearly cap.
    assert faults(office, number, "plan_check", site_plan(office, planned_on="2026-01-05")) == {"planned_on"}
    step(office, number, "plan_check", site_plan(office))
    step(office, number, "approve_visit", {"decision": "不同意", "reason": "先核对进货单据。"})
    assert lead(office, number).state == "待安排核查"
    step(office, number, "plan_check", site_plan(office))
    step(office, number, "approve_visit", {"decision": "同意"})
    missing = {"visited_at", "inspectors", "certificates_shown"}
    assert faults(office, number, "verify", found(office, "rectification")) == missing
    plan = site_plan(office)
    visit = {
        "visited_at": engine.clock().isoformat(), "inspectors": plan["inspectors"], "met": "店长",
        "certificates_shown": True,
    }  # fmt: skip
    # Only who has a valid certificate that day, and nobody who must stand back, makes the visit.
    lapsed, declared = plan["inspectors"]
    with engine.database.write() as session:
        first = session.scalars(sa.select(Inspector).where(Inspector.code == lapsed)).one()
        until, first.certificate_until = first.certificate_until, today(office) - timedelta(days=1)
        session.add(
            Recusal(
                id=new_id(), district_id=DISTRICT, inspector_code=declared, uscc=firm(office).uscc, reason="近亲属",
                at=engine.clock(),
            )
        )  # fmt: skip
    with pytest.raises(InvalidInput) as refused:
        step(office, number, "verify", found(office, "rectification", **visit))
    assert [("到期" in why, "近亲属" in why) for why in refused.value.fields["inspectors"]] == [
        (True, False), (False, True),
    ]  # fmt: skip
    with engine.database.write() as session:
        session.scalars(sa.select(Inspector).where(Inspector.code == lapsed)).one().certificate_until = until
        session.execute(sa.delete(Recusal))
    with engine.read() as session:
        counted = count_towards_cap(session, DISTRICT, 2026)[firm(office).uscc]
    step(office, number, "verify", found(office, "rectification", **visit))
    with engine.read() as session:
        entered = session.scalars(sa.select(OutsideVisit).where(OutsideVisit.source == "lead")).one()
        assert (entered.kind, entered.source, bool(entered.approved_by)) == ("投诉举报核查", "lead", True)
        assert entered.approved_on == today(office) and entered.items == plan["items"]
        assert count_towards_cap(session, DISTRICT, 2026)[firm(office).uscc] == counted + 1

    named = {**BACK, "return_reason": f"请再找{NAME}核实一次。"}  # whoever verifies next may not know it
    assert faults(office, number, "section_review", named) == {"return_reason"}
    step(office, number, "section_review", BACK)
    step(office, number, "verify", found(office, "rectification", **visit))
    step(office, number, "section_review", OK)
    assert faults(office, number, "head_decide", named) == {"return_reason"}
    step(office, number, "head_decide", OK)
    with engine.read() as session:
        followed = session.scalars(sa.select(FollowUp)).one()
    assert (followed.kind, followed.number) == ("rectification", f"{number}/rectification")
    assert (followed.root, followed.root_kind, followed.subject["name"]) == (number, "case-lead", firm(office).name)
    due = limits(office, number)
    assert due["case-filing"].met_at is not None and due["reporter-notice"].rule == "5wd"
    told = {"told_how": "信函", "said": "已责令改正。"}
    early = (today(office) - timedelta(days=1)).isoformat()
    assert faults(office, number, "tell_reporter", {**told, "told_on": early}) == {"told_on"}
    step(office, number, "tell_reporter", {**told, "told_on": today(office).isoformat()})
    row = lead(office, number)
    assert (row.state, row.verdict, row.closed_at is not None) == ("已办结", "rectification", True)
    assert all(limit.met_at is not None for limit in limits(office, number).values())
    with pytest.raises(Conflict):
        engine.execute(AddLeadFile(number, "a.txt", "text/plain", b"x"), actor=office.login("scjg-officer"))


def test_what_belongs_to_another_department_becomes_its_lead_and_its_acceptance_is_the_receipt(office: Office) -> None:
    engine, number = office.engine, register(office)
    step(office, number, "accept", {"decision": "移送有权机关", "reason": "由卫生健康部门管辖。"})
    step(office, number, "section_check", OK)
    sent = {
        "receiver_kind": "本系统的部门", "receiver": "SCJG", "reason": "涉及医疗机构。",
        "sent_on": today(office).isoformat(), "told_on": today(office).isoformat(), "told_how": "电话",
    }  # fmt: skip
    assert faults(office, number, "transfer", sent) == {"receiver"}
    step(office, number, "transfer", {**sent, "receiver": "WJJ"})
    other = "WJJ-线索-2026-0001"
    row = lead(office, other)
    assert (row.handed_from, row.source, row.real_name, row.uscc) == (number, "移送转办", True, firm(office).uscc)
    assert steps(office, number) == set() and lead(office, number).state == "移送中"
    # The organ that decides now may tell the reporter; it is offered to its officers.
    assert engine.execute(ShowReporter(other), actor=office.login("wjj-officer")).contact == CONTACT
    accepted(office, other)
    assert lead(office, number).state == "已移送" and lead(office, number).closed_at is not None

    # Sent on again, it comes back to who sent it.
    third = register(office, content="另一件医疗机构的问题，请依法核实处理。")
    step(office, third, "accept", {"decision": "移送有权机关", "reason": "由卫生健康部门管辖。"})
    named = {**BACK, "return_reason": f"{NAME}要求本局办理。"}
    assert faults(office, third, "section_check", named) == {"return_reason"}
    step(office, third, "section_check", OK)
    step(office, third, "transfer", {**sent, "receiver": "WJJ"})
    back = "WJJ-线索-2026-0002"
    onward = {"decision": "移送有权机关", "reason": "属于市级管辖。"}
    step(office, back, "accept", onward)
    step(office, back, "section_check", BACK)
    step(office, back, "accept", onward)
    assert steps(office, third) == set()  # nothing is said before a second person agreed, and then it is said once
    step(office, back, "section_check", OK)
    assert steps(office, third) == {"transfer"}

    # A refusal is no receipt either, and no earlier answer closes the next transfer.
    step(office, third, "transfer", {**sent, "receiver": "WJJ"})
    assert steps(office, third) == set()
    last = "WJJ-线索-2026-0003"
    ground = rows(engine.settings, "lead-refusal-ground", today(office))[0]["code"]
    step(office, last, "accept", {"decision": "不予受理", "refusal_ground": ground, "reason": "没有具体的线索。"})
    assert steps(office, third) == set()
    step(office, last, "section_check", OK)
    assert steps(office, third) == {"transfer"}


@ON_SQLITE
def test_leads_about_one_firm_are_checked_once_and_the_limit_is_no_longer_for_it(office: Office) -> None:
    engine, first = office.engine, register(office)
    second = register(office, real_name="匿名", reporter_name="", reporter_contact="")
    for number in (first, second):
        accepted(office, number)
    step(office, first, "plan_check", DESK)
    with pytest.raises(InvalidInput):
        step(
            office,
            second,
            "plan_check",
            {"way": "并入正在办理的线索", "lead": "SCJG-线索-2026-0009", "reason": "同一事项。"},
        )
    step(office, second, "plan_check", {"way": "并入正在办理的线索", "lead": first, "reason": "同一事项。"})
    assert lead(office, second).merged_into == first and steps(office, second) == set()
    step(office, first, "verify", found(office, "no-violation"))
    step(office, first, "section_review", OK)
    step(office, first, "head_decide", OK)
    step(
        office,
        first,
        "tell_reporter",
        {"told_on": today(office).isoformat(), "told_how": "电话", "said": "没有发现违法。"},
    )
    joined = lead(office, second)
    assert (joined.state, joined.verdict) == ("已办结", "no-violation")

    # A lead that waits too long goes back to its officer, and is not joined again.
    third, fourth = register(office), register(office)
    for number in (third, fourth):
        accepted(office, number)
    step(office, fourth, "plan_check", {"way": "并入正在办理的线索", "lead": third, "reason": "同一事项。"})
    due = limits(office, fourth)["case-filing"].due_at
    assert due is not None

    def at(moment: datetime) -> set[str]:
        engine.clock.now = moment  # type: ignore[attr-defined]
        with engine.read() as session:
            instance = session.scalars(
                sa.select(ProcessInstance.id).where(ProcessInstance.business_key == fourth)
            ).one()
        engine.execute(FireTimers(instance), actor=Actor.system())
        return steps(office, fourth)

    assert at(due - timedelta(days=1)) == at(due - timedelta(seconds=1)) == set()
    assert at(due + timedelta(days=1)) == {"plan_check"}
    row = lead(office, fourth)
    assert (row.merged_into, row.state) == ("", "待安排核查")
    again = {"way": "并入正在办理的线索", "lead": third, "reason": "同一事项。"}
    assert faults(office, fourth, "plan_check", again) == {"way"}


@ON_SQLITE
def test_an_urgent_visit_is_approved_afterwards_within_its_hours(office: Office) -> None:
    engine = office.engine
    unknown = {"uscc": "", "subject_name": "无名摊点（虚构）", "subject_address": "示例路1号", "subject_kind": "个人"}
    number = register(office, source="数据监测", **unknown)
    assert set(limits(office, number)) == {"case-filing"}
    accepted(office, number)
    step(office, number, "plan_check", site_plan(office, urgent="是", urgent_reason="正在销售有毒食品。"))
    visit = {
        "visited_at": engine.clock().isoformat(), "inspectors": site_plan(office)["inspectors"],
        "certificates_shown": True,
    }  # fmt: skip
    step(office, number, "verify", found(office, "no-violation", **visit))  # the check found out whose it is
    assert lead(office, number).uscc == firm(office).uscc
    due = limits(office, number)["urgent-visit-approval"]
    assert due.rule == "24h" and due.due_at == engine.clock() + timedelta(hours=24)
    with engine.read() as session:
        assert session.scalars(sa.select(OutsideVisit).where(OutsideVisit.source == "lead")).one().approved_by == ""
    # Refused, what was found leads nowhere; the visit stays registered as one nobody approved.
    step(office, number, "approve_afterwards", {"decision": "不同意", "reason": "没有紧急情形。"})
    assert steps(office, number) == {"plan_check"} and lead(office, number).state == "待安排核查"
    first_day = today(office)
    engine.clock.advance(days=1)  # type: ignore[attr-defined]
    step(office, number, "plan_check", site_plan(office, urgent="是", urgent_reason="正在销售有毒食品。"))
    step(office, number, "verify", found(office, "no-violation", **{**visit, "visited_at": engine.clock().isoformat()}))
    step(office, number, "approve_afterwards", {"decision": "同意"})
    with engine.read() as session:
        visits = session.scalars(sa.select(OutsideVisit).where(OutsideVisit.source == "lead")).all()
        refused = next(one for one in visits if one.visited_on == first_day)
        (entered,) = (one for one in visits if one is not refused)
        assert refused.approved_by == ""
        assert (bool(entered.approved_by), entered.kind, entered.urgent_reason) == (
            True,
            "个案检查",
            "正在销售有毒食品。",
        )
    step(office, number, "section_review", OK)
    step(office, number, "head_decide", OK)
    assert lead(office, number).state == "已办结"  # nobody to be told
    assert "reporter-notice" not in limits(office, number)


@ON_SQLITE
def test_unlicensed_business_is_guided_first_and_punished_only_after_the_term(office: Office) -> None:
    engine = office.engine
    unknown = {"uscc": "", "subject_name": "示例摊点（虚构）", "subject_address": "示例路1号", "subject_kind": "个人"}
    number = register(office, **unknown)
    accepted(office, number)
    step(office, number, "plan_check", DESK)
    step(office, number, "verify", {**found(office, "unlicensed"), "uscc": "", "subject_name": "示例摊点（虚构）"})
    step(office, number, "section_review", OK)
    step(office, number, "head_decide", OK)
    case = f"{number}/unlicensed"
    seen = {
        "facts": "在示例路1号摆摊经营熟食，当日有顾客。", "permit": "应当取得而未取得", "permit_name": "食品经营许可",
        "licence": "未取得", "guidable": "是",
    }  # fmt: skip
    assert faults(office, case, "identify", seen) == {"permit_department"}
    step(office, case, "identify", {**seen, "permit_department": "SCJG"})
    day = today(office).isoformat()
    step(office, case, "guide", {"content": "到政务大厅申请食品经营许可。", "served_on": day, "recipient": "示例人"})
    due = limits(office, case)["licence-guidance"].due_at
    assert due is not None
    two = {
        "way": "实地复查", "inspectors": site_plan(office)["inspectors"], "certificates_shown": True, "met": "示例人",
    }  # fmt: skip
    still = {**two, "result": "仍在无证无照经营", "facts": "仍在经营。"}
    engine.clock.now = due  # type: ignore[attr-defined]
    assert faults(office, case, "recheck", {**still, "checked_on": today(office).isoformat()}) == {"result"}
    engine.clock.now = due + timedelta(days=1)  # type: ignore[attr-defined]
    desk = {**still, "way": "书面核对", "checked_on": today(office).isoformat()}
    assert faults(office, case, "recheck", desk) == {"way"}  # whether somebody still trades is seen on the spot
    alone = {**still, "inspectors": two["inspectors"][:1] * 2, "checked_on": today(office).isoformat()}
    assert faults(office, case, "recheck", alone) == {"inspectors"}
    licensed = {**two, "result": "已取得证照", "licence_number": "示例许可号", "facts": "已取得许可。"}
    step(office, case, "recheck", {**licensed, "checked_on": today(office).isoformat()})
    with engine.read() as session:
        row = session.scalars(sa.select(FollowUp).where(FollowUp.number == case)).one()
    assert (row.state, row.closed_at is not None) == ("已取得证照", True)


@ON_SQLITE
def test_who_lacks_only_the_licence_of_another_organ_is_passed_on_to_it(office: Office) -> None:
    number = register(office)
    accepted(office, number)
    step(office, number, "plan_check", DESK)
    step(office, number, "verify", found(office, "unlicensed"))
    step(office, number, "section_review", OK)
    step(office, number, "head_decide", OK)
    case = f"{number}/unlicensed"
    step(
        office, case, "identify",
        {"facts": "没有医疗机构执业许可而开展诊疗。", "permit": "应当取得而未取得", "permit_name": "医疗机构执业许可",
         "permit_department": "WJJ", "licence": "已取得", "guidable": "否", "guidable_reason": "须由许可部门判断。"},
    )  # fmt: skip
    sent = {
        "receiver_kind": "本系统的部门",
        "receiver": "WJJ",
        "reason": "缺少许可。",
        "sent_on": today(office).isoformat(),
    }
    step(office, case, "notify_organ", sent)
    other = lead(office, "WJJ-线索-2026-0001")
    assert (other.handed_from, other.real_name) == (case, False)  # who reported the lead is not passed on with it
    accepted(office, other.number)
    with office.engine.read() as session:
        row = session.scalars(sa.select(FollowUp).where(FollowUp.number == case)).one()
    assert row.state == "已通报查处部门"


@ON_SQLITE
def test_an_entry_says_everything_that_is_wrong_and_keeps_the_reporter_out_of_its_texts(office: Office) -> None:
    tomorrow = (today(office) + timedelta(days=1)).isoformat()
    with pytest.raises(InvalidInput) as refused:
        register(office, received_on=tomorrow, uscc="", content=f"{NAME}购买了过期食品，要求处理。")
    assert set(refused.value.fields) == {"received_on", "subject_name", "subject_address", "subject_kind", "content"}
    with pytest.raises(InvalidInput) as refused:
        register(office, department="WJJ")
    assert set(refused.value.fields) == {"department"}
    number = register(office, platform_number="12315-1")
    with pytest.raises(Conflict, match=number):
        register(office, platform_number="12315-1")
    officer = office.login("scjg-officer")
    for _ in range(2):
        office.engine.execute(AddLeadFile(number, "来信.txt", "text/plain", b"letter"), actor=officer)
    with pytest.raises(InvalidInput):
        office.engine.execute(AddLeadFile(number, "a.exe", "application/x-dosexec", b"x"), actor=officer)
    with pytest.raises(Forbidden):
        office.engine.execute(AddLeadFile(number, "a.txt", "text/plain", b"x"), actor=office.login("wjj-officer"))
    with office.engine.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(LeadFile)) == 1
        assert session.scalar(sa.select(sa.func.count()).select_from(LeadReporter)) == 1


@ON_SQLITE
def test_a_file_of_the_platform_is_taken_in_line_by_line_and_twice_is_once(office: Office) -> None:
    head = "登记编号,收到日期,事由,举报内容,被举报主体,社会信用代码,地址,举报人,联系电话,处理单位\n"
    good = (
        f"P1,2026-03-02,销售过期食品,购得过期牛奶两盒要求处理,,{firm(office).uscc},,{NAME},{CONTACT},市场监督管理局\n"
    )
    rows = (
        good,
        "P2,2026-03-02,无照经营,在路边摆摊销售熟食没有执照,示例摊点（虚构）,,示例路1号,,,SCJG\n",
        "P3,2027-01-01,晚于今天,内容内容内容内容内容内容,示例店（虚构）,,示例路2号,,,SCJG\n",
        "P4,2026-03-02,没有对象,内容内容内容内容内容内容,,,,,,SCJG\n",
        "P5,2026-03-02,别的部门,内容内容内容内容内容内容,示例店（虚构）,,示例路2号,,,WJJ\n",
        good,
    )
    officer = office.login("scjg-officer")
    for expected in ((2, 0, 4), (0, 2, 4)):
        staged = office.engine.execute(StageLeads("a.csv", (head + "".join(rows)).encode()), actor=officer)
        reading = office.engine.execute(ImportLeads(staged), actor=officer)
        assert (reading.count("新增"), reading.count("已登记"), reading.count("拒绝")) == expected
    said = {(problem.line, problem.field) for problem in reading.problems}
    assert said >= {(4, "收到日期"), (5, "被反映的主体"), (6, "承办部门"), (7, "登记编号")}
    assert NAME not in str(reading.problems) and CONTACT not in str(reading.problems)
    with office.engine.read() as session:
        kept = list(session.scalars(sa.select(CaseLead).order_by(CaseLead.number)))
        assert [(row.platform_number, row.real_name) for row in kept] == [("P1", True), ("P2", False)]
        assert session.scalar(sa.select(LeadReporter.name)) == NAME
        assert session.scalars(sa.select(StagedFile)).all() == []
        assert len(session.scalars(sa.select(UserTask).where(UserTask.element_id == "accept")).all()) == 2
