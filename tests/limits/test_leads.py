"""The limits of a case lead and of the guidance to an unlicensed business, from their three sides (domain §3)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.correlate_message import CorrelateMessage
from engine.commands.extend_deadline import ExtendDeadline
from engine.errors import InvalidInput
from engine.inspection.deadline_extensions import ApplyForExtension
from engine.inspection.facts.desk import Desk
from engine.inspection.facts.joined_leads import merged_leads
from engine.inspection.lead_entry import RegisterLead
from engine.inspection.lead_models import CaseLead
from engine.inspection.models import DepartmentInspection, Inspection, Inspector, Item
from engine.models import Deadline
from tests.conftest import SHANGHAI
from tests.support import penalty_case as case
from tests.support.limits import LEAD, LimitDistrict, Seen

IN_TIME = (True, True, False)
OVER = {"*/监管督查", f"{LEAD}/科室负责人"}


def today(district: LimitDistrict) -> str:
    return district.clock.now.date().isoformat()


def register(limits: LimitDistrict, **changes: Any) -> str:
    with limits.engine.read() as session:
        uscc = session.scalar(
            sa.select(Inspection.uscc)
            .join(DepartmentInspection, DepartmentInspection.inspection == Inspection.number)
            .where(DepartmentInspection.number == limits.part)
        )
    values = {
        "department": LEAD, "source": "投诉举报", "received_on": today(limits), "real_name": "实名",
        "reporter_name": "举报人甲（虚构）", "reporter_contact": "示例联系方式", "uscc": uscc, "title": "销售过期食品",
        "content": "三月一日在店内购得过期牛奶两盒，货架上还有。", **changes,
    }  # fmt: skip
    number: str = limits.engine.execute(RegisterLead(values), actor=limits.office.login("scjg-officer"))
    return number


def accept(district: LimitDistrict, number: str) -> None:
    district.do(number, "accept", {"decision": "受理", "told_on": today(district), "told_how": "电话"})


def lead(limits: LimitDistrict, number: str) -> CaseLead:
    with limits.engine.read() as session:
        return session.scalars(sa.select(CaseLead).where(CaseLead.number == number)).one()


def decide(district: LimitDistrict, number: str, verdict: str = "no-violation") -> None:
    row = lead(district, number)
    found: dict[str, Any] = {
        "uscc": row.uscc, "subject_name": row.subject_name, "facts": "核对进货和销售记录，没有发现过期食品。",
        "verdict": verdict,
    }  # fmt: skip
    if verdict == "unlicensed":
        found["clause"] = "《无证无照经营查处办法》第五条"
    district.do(number, "verify", found)
    for step in ("section_review", "head_decide"):
        district.do(number, step, {"decision": "同意"})


def on_time(sides: tuple[Seen, Seen, Seen]) -> tuple[bool | None, ...]:
    before, on, after = sides
    assert (before.overdue, on.overdue, after.overdue) == (False, False, True)
    assert after.colour == "red" and after.told >= OVER
    return before.on_time, on.on_time, after.on_time


def test_a_lead_is_accepted_in_7_verified_in_15_and_answered_in_5_working_days(limits: LimitDistrict) -> None:
    limits.deploy("case-lead")
    number = register(limits)
    assert on_time(limits.around(number, "lead-acceptance", then=lambda d: accept(d, number))) == IN_TIME
    accept(limits, number)
    limits.do(number, "plan_check", {"way": "书面和网络核查", "reason": "凭进货和销售记录核实。"})
    assert on_time(limits.around(number, "case-filing", then=lambda d: decide(d, number))) == IN_TIME
    # Fifteen more, once, counted from receipt like the first; more is for nobody to give.
    more = ExtendDeadline(number, "case-filing", "案情复杂", approved_by="机关负责人")
    limits.engine.execute(more, actor=Actor.system())
    extended = limits.deadline(number, "case-filing").due_at
    assert extended is not None and extended.astimezone(SHANGHAI).date().isoformat() == "2026-04-14"
    assert on_time(limits.around(number, "case-filing", then=lambda d: decide(d, number))) == IN_TIME
    with pytest.raises(InvalidInput):
        limits.engine.execute(more, actor=Actor.system())
    decide(limits, number)

    def tell(district: LimitDistrict) -> None:
        district.do(number, "tell_reporter", {"told_on": today(district), "told_how": "电话", "said": "没有发现违法。"})

    assert on_time(limits.around(number, "reporter-notice", then=tell)) == IN_TIME


def test_a_case_is_filed_within_the_limit_of_the_lead_and_the_reporter_told_of_it(limits: LimitDistrict) -> None:
    limits.deploy("case-lead", "administrative-penalty", "deadline-extension")
    number = register(limits)
    accept(limits, number)
    limits.do(number, "plan_check", {"way": "书面和网络核查", "reason": "凭进货和销售记录核实。"})
    row = lead(limits, number)
    limits.do(
        number, "verify",
        {"uscc": row.uscc, "subject_name": row.subject_name, "facts": "查明销售过期食品三袋。", "verdict": "penalty",
         "clause": "《中华人民共和国食品安全法》第三十四条"},
    )  # fmt: skip
    # More time is asked for while the clock is the lead's; it is granted once the case has taken the clock over.
    asked = ApplyForExtension(limits.deadline(number, "case-filing").id)
    limits.engine.execute(asked, actor=limits.office.login("scjg-officer"))
    application = f"{number}/case-filing/延期/1"
    limits.do(application, "apply", {"reason": "案情复杂，需要外省协查。", "rule": "15wd"})
    limits.do(number, "section_review", {"decision": "同意"})
    penalty = f"{number}/penalty"
    # The lead hands its clock on: one clock, with the days it began and ends on.
    with limits.engine.read() as session:
        clocks = session.scalars(sa.select(Deadline).where(Deadline.name == "case-filing")).all()
    assert [clock.business_key for clock in clocks] == [penalty]
    assert limits.office.open_tasks("file_case")[0].due_at == clocks[0].due_at
    for step in sorted(limits.steps(application)):
        limits.do(application, step, {"decision": "批准", "opinion": "情况属实，同意延期。"})
    granted = limits.deadline(penalty, "case-filing")
    assert [one["rule"] for one in granted.extensions] == ["15wd"] and granted.due_at > clocks[0].due_at

    def file(district: LimitDistrict) -> None:
        district.do(penalty, "file_case", case.filing(case.officers(district.engine, LEAD)))
        district.do(penalty, "approve_filing", {"decision": "立案"})

    assert on_time(limits.around(penalty, "case-filing", then=file)) == IN_TIME
    file(limits)
    assert lead(limits, number).verdict_words == "经核查，本机关决定立案。"
    assert "tell_reporter" in limits.steps(number) and limits.deadline(number, "reporter-notice").rule == "5wd"


def test_a_lead_goes_on_when_its_case_is_transferred_before_the_filing_is_decided(limits: LimitDistrict) -> None:
    limits.deploy("case-lead", "administrative-penalty")
    number = register(limits)
    accept(limits, number)
    limits.do(number, "plan_check", {"way": "书面和网络核查", "reason": "凭进货和销售记录核实。"})
    row = lead(limits, number)
    limits.do(
        number, "verify",
        {"uscc": row.uscc, "subject_name": row.subject_name, "facts": "查明销售过期食品三袋。", "verdict": "penalty",
         "clause": "《中华人民共和国食品安全法》第三十四条"},
    )  # fmt: skip
    limits.do(number, "section_review", {"decision": "同意"})
    assert "tell_reporter" not in limits.steps(number)
    ends = CorrelateMessage("crime-transfer-closed", f"{number}/penalty", {"penalty": "终止", "outcome": "立案"})
    limits.engine.execute(ends, actor=Actor.system())
    # The reporter is told of it, and reads of no crime.
    assert lead(limits, number).verdict_words == "经核查，本机关决定依法移送有权机关处理。"
    assert "tell_reporter" in limits.steps(number)
    assert limits.deadline(f"{number}/penalty", "case-filing").met_at


def test_an_urgent_visit_is_approved_within_24_hours(limits: LimitDistrict) -> None:
    limits.deploy("case-lead")
    number = register(limits)
    accept(limits, number)
    with limits.engine.read() as session:
        item = session.scalars(sa.select(Item.code).where(Item.department == LEAD).order_by(Item.code)).first()
        people = session.scalars(
            sa.select(Inspector.code).where(Inspector.department == LEAD, Inspector.drawable).limit(2)
        ).all()
    limits.do(
        number, "plan_check",
        {"way": "现场检查", "reason": "须立即到场。", "items": [item], "inspectors": list(people), "urgent": "是",
         "planned_on": today(limits), "urgent_reason": "可能危害人身健康。"},
    )  # fmt: skip
    row = lead(limits, number)
    limits.do(
        number, "verify",
        {"visited_at": limits.clock.now.isoformat(), "inspectors": list(people), "met": "店长", "uscc": row.uscc,
         "certificates_shown": True, "subject_name": row.subject_name, "facts": "现场没有发现有毒食品。",
         "verdict": "no-violation"},
    )  # fmt: skip
    sides = limits.around(
        number, "urgent-visit-approval", then=lambda d: d.do(number, "approve_afterwards", {"decision": "同意"})
    )  # fmt: skip
    assert on_time(sides) == IN_TIME


def test_a_lead_joined_to_an_inspection_closes_with_it_or_leaves_it_when_the_limit_is_over(
    limits: LimitDistrict,
) -> None:
    limits.deploy("case-lead", "rectification", "administrative-penalty")
    number = register(limits, real_name="匿名", reporter_name="", reporter_contact="")
    accept_anonymous = {"decision": "受理"}
    limits.do(number, "accept", accept_anonymous)
    limits.do(number, "plan_check", {"way": "并入正在办理的检查", "inspection": limits.part, "reason": "同一对象。"})
    assert limits.steps(number) == set()
    before, on, after = limits.around(number, "case-filing")
    assert (before.opened, on.opened, after.opened) == (frozenset(), frozenset(), frozenset({"plan_check"}))

    (conclude,) = limits.office.open_tasks("conclude", business_key=limits.part)
    with limits.engine.read() as session:  # the inspectors read it beside their form
        (block,) = merged_leads(Desk(session, limits.engine.settings, conclude, {}, limits.clock.now))
    assert block["title"] == f"并入的线索 {number}" and ["事由", "销售过期食品"] in block["rows"]
    limits.office.do(conclude)
    limits.do(limits.part, "review", {"decision": "同意"})
    row = lead(limits, number)
    assert (row.state, row.merged_into) == ("已办结", limits.part)
    assert (
        row.verdict_words.startswith(f"已随检查 {limits.part} 一并核查")
        and limits.deadline(number, "case-filing").met_at
    )


def test_the_term_of_the_guidance_is_the_traders_to_its_last_day(limits: LimitDistrict) -> None:
    limits.deploy("case-lead", "unlicensed-business", "administrative-penalty")
    stall = limits.open("unlicensed-business")  # by hand from an inspection; what the law exempts is nobody's to punish
    limits.do(
        stall, "identify",
        {"facts": "在指定的早市销售自产蔬菜。", "permit": "无须许可", "licence": "未取得", "guidable": "是",
         "exemption": "designated", "exemption_reason": "在区政府指定的早市和时间。"},
    )  # fmt: skip
    limits.do(stall, "confirm_exemption", {"decision": "同意"})
    assert limits.follow_up(stall).state == "不属于无证无照经营" and not limits.steps(stall)
    number = register(limits)
    accept(limits, number)
    limits.do(number, "plan_check", {"way": "书面和网络核查", "reason": "凭登记资料核实。"})
    decide(limits, number, "unlicensed")
    trader = f"{number}/unlicensed"
    limits.do(
        trader, "identify",
        {"facts": "没有食品经营许可而销售食品。", "permit": "应当取得而未取得", "permit_name": "食品经营许可",
         "permit_department": LEAD, "licence": "已取得", "guidable": "是"},
    )  # fmt: skip
    limits.do(trader, "guide", {"content": "申请食品经营许可。", "served_on": today(limits), "recipient": "店长"})

    with limits.engine.read() as session:
        people = session.scalars(
            sa.select(Inspector.code).where(Inspector.department == LEAD, Inspector.drawable).limit(2)
        ).all()
    two = {"way": "实地复查", "inspectors": list(people), "certificates_shown": True, "met": "店长"}

    def recheck(district: LimitDistrict, result: str = "已取得证照") -> None:
        number = {"licence_number": "示例许可号"} if result == "已取得证照" else {}
        district.do(
            trader,
            "recheck",
            {**two, "result": result, "checked_on": today(district), "facts": "现场查看。", **number},
        )

    assert on_time(limits.around(trader, "licence-guidance", then=recheck)) == IN_TIME
    due = limits.deadline(trader, "licence-guidance").due_at
    assert due is not None
    with pytest.raises(InvalidInput, match="期限未到"):
        recheck(limits.at(due), "仍在无证无照经营")
    late = limits.at(due + timedelta(days=1))
    recheck(late, "仍在无证无照经营")
    assert late.follow_up(trader).state == "转行政处罚" and "file_case" in late.steps(f"{trader}/penalty")
