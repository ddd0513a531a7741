"""The limits of a penalty case: decision, review, the party's days, the amounts of the simplified procedure."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.extend_deadline import ExtendDeadline
from engine.commands.set_deadline import SetDeadline
from engine.db import new_id
from engine.errors import InvalidInput
from engine.inspection.lead_models import CaseLead
from engine.inspection.models import DepartmentInspection, FollowUp
from engine.inspection.service_models import ServiceRecord
from tests.support import penalty_case as case
from tests.support.limits import LEAD, OTHER, LimitDistrict


def opened(limits: LimitDistrict) -> tuple[str, list[str]]:
    """A case filed on the morning the district stands at; its number and handlers."""
    number = limits.open("administrative-penalty")
    handlers = case.officers(limits.engine, LEAD)
    limits.do(number, "file_case", case.filing(handlers))
    limits.do(number, "approve_filing", {"decision": "立案"})
    return number, handlers


def today(limits: LimitDistrict) -> str:
    return limits.clock.now.date().isoformat()


def service(limits: LimitDistrict, number: str, nth: int, handlers: list[str], day: str) -> None:
    """Hand the document over that the case's ``nth`` service is about."""
    key = f"{number}/service-{nth}"
    limits.do(key, "deliver", case.served(day, handlers, limits.file(key, "deliver", "receipt")))


def reviewed(limits: LimitDistrict, amount: int, **traits: Any) -> tuple[str, list[str]]:
    """A case whose report lies with the reviewer."""
    number, handlers = opened(limits)
    limits.do(number, "investigate", case.investigation(today(limits)))
    limits.do(number, "write_report", case.report(amount, **traits))
    return number, handlers


def told(limits: LimitDistrict, amount: int) -> tuple[str, list[str]]:
    """A case whose notice was handed over today."""
    number, handlers = reviewed(limits, amount)
    limits.do(number, "case_review", case.REVIEW)
    limits.do(number, "notice", case.notice(amount))
    service(limits, number, 1, handlers, today(limits))
    return number, handlers


def waive(limits: LimitDistrict, number: str) -> None:
    """The party gives up its days in writing."""
    said = case.statement(today(limits), "书面放弃", attachments=limits.file(number, "hear_statement", "attachments"))
    limits.do(number, "hear_statement", {key: value for key, value in said.items() if key != "content"})


def test_a_case_is_decided_within_ninety_days_extended_twice_and_not_counting_what_is_excluded(
    limits: LimitDistrict,
) -> None:
    number, _ = told(limits, 6000)
    waive(limits, number)

    def decide(district: LimitDistrict) -> None:
        district.do(number, "decide", case.decision(6000, today(district)))

    before, on, after = limits.around(number, "decision", then=decide)
    assert [side.at.date() for side in (before, on, after)] == [date(2026, 5, 31), date(2026, 6, 1), date(2026, 6, 2)]
    assert (before.on_time, on.on_time, after.on_time) == (True, True, False)
    assert (on.opened, after.opened) == (frozenset(), {"explain_overdue"})

    # twenty days at the laboratory do not count
    limits.clock.travel("2026-03-10T09:00")
    paused = limits.open("case-suspension", number)
    asked = {
        "ground": "testing",
        "reason": "送检样品三批。",
        "since": "2026-03-10",
        "expected": "收到报告",
        "expected_on": "2026-07-10",
    }
    with pytest.raises(InvalidInput, match="中止"):
        limits.do(paused, "apply", {**asked, "since": "2026-02-27"})
    with pytest.raises(InvalidInput, match="中止日期"):  # only the laboratory's days begin before the approval
        limits.do(paused, "apply", {**asked, "ground": "suspended-case", "since": "2026-03-09"})
    for day, allowed in (("2026-06-01", True), ("2026-06-02", False)):  # a limit missed is not erased
        side = limits.at(datetime.fromisoformat(f"{day}T09:00:00+08:00"))
        if allowed:
            side.do(paused, "apply", asked)
        else:
            with pytest.raises(InvalidInput, match="不能中止") as over:
                side.do(paused, "apply", asked)
            assert "已于 2026-06-01 届满" in over.value.fields["ground"][0]
    late = limits.at(limits.clock.now)
    late.do(paused, "apply", {**asked, "ground": "suspended-case"})
    late.clock.travel("2026-03-12T09:00")
    late.do(paused, "approve_suspension", case.AGREED)
    assert late.deadline(number, "decision").suspended_at.date() == date(2026, 3, 12)
    limits.do(paused, "apply", asked)
    limits.do(paused, "approve_suspension", case.AGREED)
    assert limits.deadline(number, "decision").due_at is None
    limits.clock.travel("2026-03-30T17:00")
    limits.do(paused, "resume", {"reason": "检验报告已收到。", "until": "2026-03-30"})
    limits.do(paused, "approve_resumption", case.AGREED)
    assert limits.deadline(number, "decision").due_at.date() == date(2026, 6, 22)  # 20 June is a Saturday

    # thirty days by the head, then what the heads together settle
    limits.engine.execute(ExtendDeadline(number, "decision", "案情复杂"), actor=Actor.system())
    assert limits.deadline(number, "decision").due_at.date() == date(2026, 7, 20)
    with pytest.raises(InvalidInput):
        limits.engine.execute(ExtendDeadline(number, "decision", "案情特别复杂"), actor=Actor.system())
    limits.engine.execute(ExtendDeadline(number, "decision", "案情特别复杂", rule="20d"), actor=Actor.system())
    before, on, after = limits.around(number, "decision", then=decide)
    assert on.at.date() == date(2026, 8, 10)
    assert (before.on_time, on.on_time, after.on_time) == (True, True, False)


def test_a_case_is_filed_within_fifteen_working_days_of_the_facts_and_a_return_begins_nothing_anew(
    limits: LimitDistrict,
) -> None:
    with limits.engine.database.write() as session:
        part = session.scalars(sa.select(DepartmentInspection).where(DepartmentInspection.number == limits.part)).one()
        part.conclusion = {**part.conclusion, "concluded_on": "2026-02-26"}
    number = limits.open("administrative-penalty")
    asked = case.filing(case.officers(limits.engine, LEAD))
    limits.do(number, "file_case", asked)
    limits.do(number, "approve_filing", {"decision": "退回补充", "return_reason": "请补充进货票据。"})
    limits.do(number, "file_case", asked)
    (task,) = limits.office.open_tasks("approve_filing", business_key=number)
    assert task.due_at == limits.deadline(number, "case-filing").due_at
    refused = {"decision": "不予立案", "no_filing_ground": "minor", "reason": "情节轻微，已经改正。"}
    for decided in ({"decision": "立案"}, refused):
        sides = limits.around(number, "case-filing", then=lambda d, v=decided: d.do(number, "approve_filing", v))
        assert [side.at.date() for side in sides] == [date(2026, 3, 17), date(2026, 3, 18), date(2026, 3, 19)]
        assert [side.on_time for side in sides] == [True, True, False]
        assert sides[2].overdue and sides[2].told == {"*/监管督查", f"{LEAD}/科室负责人"}
    limits.engine.execute(ExtendDeadline(number, "case-filing", "案情复杂"), actor=Actor.system())
    (task,) = limits.office.open_tasks("approve_filing", business_key=number)
    assert task.due_at is not None and task.due_at.date() == date(2026, 4, 9)
    # what an order or a guidance brought to light counts from the day it was looked at again
    for kind, facts in (
        ("rectification", {"reinspection": {"inspected_at": "2026-02-27T10:00:00+08:00"}}),
        ("unlicensed-business", {"recheck": {"checked_on": "2026-02-27"}}),
    ):
        before = limits.open(kind)
        with limits.engine.database.write() as session:
            session.scalars(sa.select(FollowUp).where(FollowUp.number == before)).one().facts = facts
        began = limits.deadline(limits.open("administrative-penalty", before), "case-filing").started_at
        assert began.astimezone(limits.clock.now.tzinfo).date() == date(2026, 2, 27)


def test_a_case_for_another_organ_is_decided_once_that_organ_has_received_it(limits: LimitDistrict) -> None:
    number, _ = opened(limits)
    limits.do(number, "investigate", case.investigation(today(limits)))
    passed = {key: value for key, value in case.spared().items() if key != "no_penalty_ground"}
    limits.do(number, "write_report", {**passed, "proposal": "移送其他机关"})
    limits.do(number, "case_review", case.REVIEW)
    decided = {
        "decision": "移送其他机关", "transfer_to": "天桥区应急管理局", "transfer_reason": "不属于本机关管辖。",
        "facts": case.FACTS, "basis": case.BASIS, "decided_on": today(limits),
    }  # fmt: skip
    limits.do(number, "decide", decided)
    sent = {
        "receiver_kind": "其他机关", "organ": "天桥区应急管理局", "reason": "属于应急管理部门管辖。",
        "materials": "现场照片", "sent_on": today(limits),
    }  # fmt: skip
    with pytest.raises(InvalidInput, match="日期"):
        limits.do(number, "transfer", {**sent, "sent_on": "2026-02-27"})
    limits.do(number, "transfer", sent)
    sides = limits.around(number, step="transfer_receipt")
    assert [side.at.date() for side in sides] == [date(2026, 3, 8), date(2026, 3, 9), date(2026, 3, 10)]
    back = {"decision": "退回", "received_on": today(limits), "reason": "属于市级管辖。"}
    limits.do(number, "transfer_receipt", back)
    assert limits.steps(number) == {"decide"}  # the head decides anew, and the clock has run on
    assert limits.deadline(number, "decision").met_at is None
    limits.do(number, "decide", decided)
    with pytest.raises(InvalidInput, match="接收部门"):
        limits.do(number, "transfer", {**sent, "receiver_kind": "本系统的部门", "receiver": LEAD, "organ": None})
    limits.deploy("case-lead")
    limits.do(number, "transfer", {**sent, "receiver_kind": "本系统的部门", "receiver": OTHER, "organ": None})
    assert limits.steps(number) == frozenset()
    with limits.engine.read() as session:
        lead = session.scalars(sa.select(CaseLead).where(CaseLead.handed_from == number)).one()
    assert lead.department == OTHER and case.FACTS in lead.content
    limits.do(lead.number, "accept", {"decision": "受理"})
    assert limits.steps(number) == {"closing_report"}
    assert limits.deadline(number, "decision").met_at is not None


def test_a_penalty_is_prepared_for_the_public_beside_its_service_and_released_when_it_reached_the_party(
    limits: LimitDistrict,
) -> None:
    number, handlers = told(limits, 6000)
    waive(limits, number)
    limits.do(number, "decide", case.decision(6000, today(limits)))
    limits.do(number, "issue_decision", case.WRITTEN)
    assert limits.steps(number) == {"publication_preview", "deliver"}
    limits.do(number, "publication_preview", {"decision": "公示", "redact_name": "照常公示", "checked": True})
    with pytest.raises(InvalidInput, match="现在还不能公示") as early:
        limits.do(number, "second_signoff", {"decision": "同意"})
    assert "没有公告送达" in early.value.fields["decision"][0]
    announced = limits.at(limits.clock.now)
    with announced.engine.database.write() as session:
        template = announced.follow_up(number).facts["decision"]["template"]
        session.add(
            ServiceRecord(
                id=new_id(), district_id=session.scalars(sa.select(FollowUp.district_id)).first(),
                number=f"{number}/service-2", position=1, origin=number, root=limits.part, department=LEAD,
                document="行政处罚决定书", template=template, recipient="演示", mode="announcement",
                mode_name="公告送达", attempted_on=limits.clock.now.date(), state="公告中",
                recorded_at=limits.clock.now,
            )
        )  # fmt: skip
    sign = {"decision": "同意", "opinion": "同意公示。"}
    announced.do(number, "second_signoff", sign)
    assert announced.deadline(number, "penalty-publication").met_at is not None
    service(limits, number, 2, handlers, today(limits))
    limits.do(number, "second_signoff", sign)
    assert limits.steps(number) == {"collect"}  # the enforcement goes on


def test_who_handled_a_case_does_not_approve_that_its_investigation_ends(limits: LimitDistrict) -> None:
    number, handlers = opened(limits)
    ended = {
        "outcome": "终止调查",
        "termination_ground": "death",
        "termination_reason": "当事人已经注销，没有权利义务承受人。",
    }
    limits.do(number, "investigate", case.investigation(today(limits), **ended))
    task = limits.office.open_tasks("approve_termination", business_key=number)[0]
    both = limits.at(limits.clock.now)  # the head handled the case as well
    with both.engine.database.write() as session:
        row = session.scalars(sa.select(FollowUp).where(FollowUp.number == number)).one()
        row.facts = {**row.facts, "handlers": [*handlers, limits.office.who(task).user_id]}
    with pytest.raises(InvalidInput, match="办案人员不能审批"):
        both.do(number, "approve_termination", case.AGREED)
    limits.do(number, "approve_termination", case.AGREED)
    assert limits.follow_up(number).closed_at is not None


def test_a_case_that_stands_still_longer_than_expected_is_urged(limits: LimitDistrict) -> None:
    number, _ = opened(limits)
    paused = limits.open("case-suspension", number)
    asked = {"ground": "testing", "reason": "送检样品三批。", "since": today(limits), "expected": "收到报告"}
    with pytest.raises(InvalidInput, match="日期有误"):
        limits.do(paused, "apply", {**asked, "expected_on": today(limits)})
    limits.do(paused, "apply", {**asked, "expected_on": "2026-03-20"})
    limits.do(paused, "approve_suspension", case.AGREED)

    def resume(district: LimitDistrict) -> None:
        district.do(paused, "resume", {"reason": "检验报告已收到。", "until": today(district)})
        district.do(paused, "approve_resumption", case.AGREED)

    sides = limits.around(paused, "case-resumption", then=resume)
    assert [side.at.date() for side in sides] == [date(2026, 3, 19), date(2026, 3, 20), date(2026, 3, 21)]
    assert [side.on_time for side in sides] == [True, True, False]
    assert [side.opened for side in sides] == [frozenset(), frozenset(), {"urge_resumption"}]
    late = limits.at(datetime.fromisoformat("2026-03-21T09:00:00+08:00"))
    resume(late)
    assert "urge_resumption" not in late.steps(number)  # nobody is urged to do what is done


def test_nobody_is_punished_without_having_been_told(limits: LimitDistrict) -> None:
    number, handlers = opened(limits)
    limits.do(number, "investigate", case.investigation(today(limits)))
    limits.do(number, "write_report", case.spared())
    limits.do(number, "case_review", case.REVIEW)
    with pytest.raises(InvalidInput, match="不能作出处罚决定") as refused:
        limits.do(number, "decide", case.decision(6000, today(limits)))
    assert "退回补充调查" in refused.value.fields["decision"][0]
    limits.do(number, "decide", {"decision": "退回补充调查", "return_reason": "应当给予处罚，重新提出建议。"})
    assert limits.steps(number) == {"investigate"}
    assert limits.deadline(number, "decision").met_at is None
    limits.do(number, "investigate", case.investigation(today(limits)))
    limits.do(number, "write_report", case.report(6000))
    limits.do(number, "case_review", case.REVIEW)
    limits.do(number, "notice", case.notice(6000))
    service(limits, number, 1, handlers, today(limits))
    waive(limits, number)
    limits.engine.execute(SetDeadline(limits.part, "remake"), actor=Actor.system())  # as a remedy it came from has it
    limits.do(number, "decide", case.decision(6000, today(limits)))
    assert limits.follow_up(number).facts["decision"]["amount"] == 6000
    assert limits.deadline(limits.part, "remake").met_at is not None  # by the decision, not by the closing of the case


def test_what_the_heads_agree_to_together_is_what_is_decided(limits: LimitDistrict) -> None:
    number, handlers = reviewed(limits, 9000, grave="是")
    team = limits.follow_up(number).facts["handlers"]
    limits.do(number, "case_review", case.REVIEW)
    held = f"{today(limits)}T09:00:00+08:00"
    limits.do(number, "collective_discussion", case.discussion(held, 6000, decision="变更处理意见"))
    assert limits.steps(number) == {"write_report"}
    limits.do(number, "write_report", case.report(6000, grave="是"))
    limits.do(number, "case_review", case.REVIEW)
    limits.do(number, "collective_discussion", case.discussion(held, 6000))
    limits.do(number, "notice", case.notice(6000))
    service(limits, number, 1, handlers, today(limits))
    waive(limits, number)
    with pytest.raises(InvalidInput, match="与集体讨论的决定不一致"):
        limits.do(number, "decide", case.decision(5000, today(limits)))
    task = limits.office.open_tasks("decide", business_key=number)[0]
    both = limits.at(limits.clock.now)  # the head handled the case as well
    with both.engine.database.write() as session:
        row = session.scalars(sa.select(FollowUp).where(FollowUp.number == number)).one()
        row.facts = {**row.facts, "handlers": [*team, limits.office.who(task).user_id]}
    with pytest.raises(InvalidInput, match="办案人员不能作出处理决定"):
        both.do(number, "decide", case.decision(6000, today(both)))
    limits.do(number, "decide", case.decision(6000, today(limits)))
    assert limits.follow_up(number).facts["decision"]["amount"] == 6000


def test_a_case_that_public_security_has_is_not_punished_and_may_be_transferred_again(limits: LimitDistrict) -> None:
    number, _ = told(limits, 6000)
    waive(limits, number)
    crime = {
        "decision": "移送司法机关", "transfer_reason": "涉嫌生产、销售伪劣产品罪。", "facts": case.FACTS,
        "basis": case.BASIS, "decided_on": today(limits),
    }  # fmt: skip
    limits.do(number, "decide", crime)
    for again in (crime, case.decision(6000, today(limits))):
        with pytest.raises(InvalidInput, match="案件正在移送") as refused:
            limits.do(number, "decide", again)
        assert f"{number}/transfer-1" in refused.value.fields["decision"][0]
    with limits.engine.database.write() as session:
        first = session.scalars(sa.select(FollowUp).where(FollowUp.number == f"{number}/transfer-1")).one()
        first.facts = {"materials": {"handling": "先行处罚"}}
    copy = limits.at(limits.clock.now)
    copy.do(number, "decide", case.decision(6000, today(copy)))
    with limits.engine.database.write() as session:
        session.merge(first).closed_at = limits.clock.now
    limits.do(number, "decide", crime)
    assert limits.follow_up(f"{number}/transfer-2").closed_at is None


def test_the_party_has_five_working_days_and_what_comes_later_is_kept(limits: LimitDistrict) -> None:
    number, _ = told(limits, 6000)
    limits.do(number, "hear_statement", case.statement(today(limits)))
    assert limits.steps(number) == {"hear_statement"}  # the rest of the days is the party's still
    assert limits.deadline(number, "statement").met_at is None
    before, on, after = limits.around(number, "statement", then=lambda d: d.do(number, *answer(d, number)))
    assert [side.at.date() for side in (before, on, after)] == [date(2026, 3, 8), date(2026, 3, 9), date(2026, 3, 10)]
    assert (before.on_time, on.on_time, after.on_time) == (True, True, False)
    assert (before.opened, on.opened, after.opened) == (frozenset(), frozenset(), {"check_lapse"})
    late = limits.at(datetime.fromisoformat("2026-03-12T09:00:00+08:00"))
    posted = {
        "outcome": "逾期提出", "request": "提出陈述申辩", "way": "邮寄", "made_on": "2026-03-10",
        "received_on": "2026-03-12", "made_by": "演示负责人", "content": "请求从轻处罚。", "admitted": "不予准许",
        "admission_reason": "没有正当理由。",
    }  # fmt: skip
    with pytest.raises(InvalidInput, match="期满核对"):
        late.do(number, "check_lapse", {**posted, "made_on": "2026-03-09"})
    late.do(number, "check_lapse", posted)
    assert late.follow_up(number).facts["statements"][-1]["content"] == "请求从轻处罚。"
    assert late.steps(number) == {"review_statement"}  # what was said in time


def answer(district: LimitDistrict, number: str) -> tuple[str, dict[str, Any]]:
    """The party's words: in time at the step that waits for them, later at the check of the lapse."""
    day = today(district)
    if "hear_statement" in district.steps(number):
        said = case.statement(day, "书面放弃", attachments=district.file(number, "hear_statement", "attachments"))
        return "hear_statement", {key: value for key, value in said.items() if key != "content"}
    return "check_lapse", {
        "outcome": "逾期提出", "request": "提出陈述申辩", "way": "书面", "made_on": day, "received_on": day,
        "made_by": "演示负责人", "content": "请求从轻处罚。", "admitted": "准许", "admission_reason": "因住院耽误。",
    }  # fmt: skip


def test_the_legal_review_takes_ten_working_days(limits: LimitDistrict) -> None:
    number, _ = reviewed(limits, 6000, complex="是")
    sides = limits.around(number, "legal-review", then=lambda d: d.do(number, "legal_review", case.REVIEW))
    assert [side.at.date() for side in sides] == [date(2026, 3, 15), date(2026, 3, 16), date(2026, 3, 17)]
    assert [side.on_time for side in sides] == [True, True, False]
    assert [side.overdue for side in sides] == [False, False, True]


def spot(limits: LimitDistrict, number: str, party: str, amount: float, **changes: Any) -> dict[str, Any]:
    return {
        "way": "当场处罚", "cause": "未明码标价", "subject_kind": party, "facts": "检查时货架商品没有明码标价。",
        "basis": "《中华人民共和国价格法》第四十二条", "kinds": ["罚款"],
        "handlers": case.officers(limits.engine, LEAD),
        "amount": amount, "certificates_shown": True, "statement": "没有陈述申辩",
        "decided_at": limits.clock.now.isoformat(), "place": "经营场所", "document_number": "济天市监当罚〔2026〕1号",
        "receiver": "演示负责人", "signed": "拒绝签收", "refusal": "拒绝签收，已经录像。",
        "payment": "到指定银行或者电子支付", **changes,
    }  # fmt: skip


def test_a_fine_on_the_spot_keeps_to_the_limit_of_the_party_and_is_filed_in_time(limits: LimitDistrict) -> None:
    number = limits.open("simplified-penalty")
    for party, limit in (("个人", 200), ("企业", 3000), ("个体工商户", 3000)):
        with pytest.raises(InvalidInput, match="超过当场处罚的限额") as refused:
            limits.do(number, "on_the_spot", spot(limits, number, party, limit + 1))
        assert "转普通程序" in refused.value.fields["amount"][0]
        for amount in (limit - 1, limit):
            copy = limits.at(limits.clock.now)
            copy.do(number, "on_the_spot", spot(copy, number, party, amount))
            assert copy.follow_up(number).facts["decision"]["amount"] == amount
    collected = {"payment": "当场收缴", "payment_ground": "small", "receipt_number": "鲁财 0001"}
    with pytest.raises(InvalidInput, match="不能当场收缴"):
        limits.do(number, "on_the_spot", spot(limits, number, "企业", 101, **collected))
    limits.do(number, "on_the_spot", spot(limits, number, "企业", 100, **collected))
    filed = {"decision": "备案", "opinion": "已备案。"}
    sides = limits.around(number, "simplified-filing", then=lambda d: d.do(number, "report_filing", filed))
    assert [side.at.date() for side in sides] == [date(2026, 3, 3), date(2026, 3, 4), date(2026, 3, 5)]
    assert [side.on_time for side in sides] == [True, True, False]

    def hand_over(d: LimitDistrict) -> None:
        day = today(d)
        d.do(
            number, "hand_over_fine",
            {"handed_on": day, "received_by": "财务室", "banked_on": day, "voucher": "20260303-1"},
        )  # fmt: skip

    sides = limits.around(number, "collected-fine", then=hand_over)
    assert [side.on_time for side in sides] == [True, True, False]
    # Annulled, what was collected is handed over all the same, and then given back within its days.
    limits.do(number, "report_filing", {"decision": "决定不当", "reason": "当事人不是经营者本人。"})
    limits.do(number, "correct", {"decision": "撤销", "reason": "处罚对象错误。", "handling": "退还罚款。"})
    limits.do(number, "issue_annulment", {"document_number": "济天市监罚纠〔2026〕1号"})
    assert limits.steps(number) == {"hand_over_fine", "deliver"}
    assert limits.deadline(number, "collected-fine").met_at is None
    hand_over(limits)
    back = {"amount": 100, "payee": "演示负责人", "way": "国库退付", "receipt_number": "T1"}
    with pytest.raises(InvalidInput, match="退还登记有误"):
        limits.do(number, "refund_fine", {**back, "amount": 99, "refunded_on": today(limits)})
    sides = limits.around(
        number, "refund", then=lambda d: d.do(number, "refund_fine", {**back, "refunded_on": today(d)})
    )
    assert [side.at.date() for side in sides] == [date(2026, 3, 22), date(2026, 3, 23), date(2026, 3, 24)]
    assert [side.on_time for side in sides] == [True, True, False]
    limits.do(number, "refund_fine", {**back, "refunded_on": today(limits)})
    assert limits.follow_up(number).closed_at is None  # the party has not got the decision yet
    service(limits, number, 1, case.officers(limits.engine, LEAD), today(limits))
    closed = limits.follow_up(number)
    assert closed.closed_at is not None and closed.facts["fine_refund"]["amount"] == 100


def test_a_fine_collected_on_the_spot_comes_back_when_a_review_annuls_the_penalty(limits: LimitDistrict) -> None:
    penalty = limits.open("simplified-penalty")
    collected = {"payment": "当场收缴", "payment_ground": "small", "receipt_number": "鲁财 0001"}
    limits.do(penalty, "on_the_spot", spot(limits, penalty, "企业", 100, **collected))
    number, day = limits.open("penalty-remedy", penalty), today(limits)
    limits.do(number, "register", {
        "kind": "行政复议", "body": "天桥区人民政府", "case_number": "〔2026〕3号", "applicant": "演示负责人",
        "applied_on": day, "received_on": day, "claims": "请求撤销处罚决定。", "stay": "不停止",
    })  # fmt: skip
    limits.do(number, "draft_answer", {"action": "不需要答复", "reason": "复议机关已经决定。"})
    limits.do(number, "progress", {
        "action": "登记结果", "outcome": "撤销", "document_number": "济天政复决〔2026〕3号", "summary": "证据不足。",
        "outcome_on": day, "received_on": day, "effective_on": day, "remake": "否",
    })  # fmt: skip
    with pytest.raises(InvalidInput):  # all of it, and no more than was collected
        limits.do(number, "propose_refund", {"amount": 101, "payee": "演示负责人", "basis": "复议决定撤销处罚。"})
    limits.do(number, "propose_refund", {"amount": 100, "payee": "演示负责人", "basis": "复议决定撤销处罚。"})
    limits.do(number, "approve_refund", {"decision": "同意"})
    assert limits.steps(number) == {"pay_refund"} and limits.deadline(number, "refund").met_at is None
    limits.do(number, "pay_refund", {"refunded_on": day, "receipt_number": "T1", "way": "国库退付"})
    assert limits.deadline(number, "refund").met_at is not None


def test_what_is_above_the_limit_goes_to_the_ordinary_procedure_as_it_was_typed(limits: LimitDistrict) -> None:
    number = limits.open("simplified-penalty")
    typed = spot(limits, number, "企业", 3001)
    kept = {key: typed[key] for key in ("cause", "subject_kind", "facts", "basis", "handlers")}
    limits.deploy("administrative-penalty")
    limits.do(number, "on_the_spot", {**kept, "way": "转普通程序", "transfer_reason": "超过限额。"})
    ordinary = f"{limits.part}/penalty"
    task = limits.office.open_tasks("file_case", business_key=ordinary)[0]
    with limits.engine.read() as session:
        context = limits.engine.task_view(session, session.merge(task)).context
    assert (context["case_cause"], context["conclusion_text"], context["clauses"]) == (
        typed["cause"], typed["facts"], typed["basis"],
    )  # fmt: skip
    assert context["proposed_handlers"] == typed["handlers"]


def test_a_recusal_is_decided_in_three_working_days_while_the_work_goes_on(limits: LimitDistrict) -> None:
    number, handlers = opened(limits)
    recusal = limits.open("handler-recusal", number)
    successor = case.officers(limits.engine, LEAD, 3)[2]
    limits.do(
        recusal, "apply",
        {"side": "当事人", "applicant": "演示负责人", "handler": handlers[0], "reason": "与竞争对手有亲属关系。",
         "requested_on": today(limits)},
    )  # fmt: skip
    decided = {"decision": "决定回避", "reason": "情况属实。", "successor": successor, "prior_work": "有效"}
    sides = limits.around(recusal, step="decide_recusal", then=lambda d: d.do(recusal, "decide_recusal", decided))
    assert [side.at.date() for side in sides] == [date(2026, 3, 4), date(2026, 3, 5), date(2026, 3, 6)]
    assert "investigate" in limits.steps(number)
    with pytest.raises(InvalidInput, match="接替人员"):
        limits.do(recusal, "decide_recusal", {**decided, "successor": handlers[1]})
    limits.do(recusal, "decide_recusal", decided)
    assert limits.follow_up(number).facts["handlers"] == [successor, handlers[1]]
    assert limits.office.who(limits.office.open_tasks("investigate")[0]).user_id in (successor, handlers[1])
