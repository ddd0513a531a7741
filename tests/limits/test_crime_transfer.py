"""Limits of a crime transfer (transfer rules 2020): 3 days, 24 hours, 3 days, review 3 days, procuratorate 3 days."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.set_deadline import SetDeadline
from engine.db import new_id
from engine.errors import Forbidden, InvalidInput
from engine.inspection.deadline_extensions import ApplyForExtension
from engine.inspection.models import Inspector, Recusal
from engine.models import DeadlineChange, InstanceDepartment, ProcessInstance, User, UserRole
from engine.scope import instance_in_scope
from tests.limits.test_measures import apply, serve, things
from tests.support.limits import LEAD, LimitDistrict
from tests.web.test_held_items import signed_in

ALARMED = {"*/监管督查", f"{LEAD}/机关负责人"}
REPORT = {
    "threshold": "fake-goods", "crime": "生产、销售伪劣产品罪", "facts": "查明销售不合格食用油，销售金额六万二千元。",
    "evidence": "销售台账、检验报告。", "amount": 62000, "comparison": "销售金额五万元以上。", "prior_penalty": "没有",
    "proposal": "移送", "reason": "达到立案追诉标准。",
}  # fmt: skip
MATERIALS = [
    {"code": "letter", "name": "移送书", "given": "已附", "number": "案移〔2026〕1号"},
    {"code": "report", "name": "调查报告", "given": "已附", "number": "1 份"},
    {"code": "items", "name": "物品清单", "given": "不适用", "reason": "没有涉案物品"},
    {"code": "tests", "name": "检验报告", "given": "已附", "number": "1 份"},
    {"code": "others", "name": "其他", "given": "不适用", "reason": "没有"},
]


def members(limits: LimitDistrict) -> list[str]:
    with limits.engine.read() as session:
        return list(
            session.scalars(
                sa.select(UserRole.user_id)
                .where(UserRole.department == LEAD, UserRole.role == "执法检查人员")
                .order_by(UserRole.user_id).limit(3)
            )
        )  # fmt: skip


def now(limits: LimitDistrict) -> str:
    return limits.clock.now.isoformat()


def hand_over(limits: LimitDistrict, number: str, materials: list[dict[str, Any]] | None = None) -> None:
    limits.do(number, "hand_over", {
        "organ": "天桥公安分局", "handed_over_at": now(limits), "materials": materials or MATERIALS,
        "copied_on": limits.clock.now.date().isoformat(), "procuratorate": "天桥区人民检察院",
    })  # fmt: skip


def receive(limits: LimitDistrict, number: str) -> None:
    limits.do(number, "receipt", {
        "received_at": now(limits), "signed_by": "演示民警", "organ": "天桥公安分局",
        "attachments": limits.file(number, "receipt", "attachments"),
    })  # fmt: skip


def police(limits: LimitDistrict, number: str, result: str, **more: Any) -> None:
    said = {"result": result, "received_at": now(limits), "document_number": "天公〔2026〕1号", "reason": "证据不足。"}
    kept = {k: v for k, v in said.items() if not (result == "立案" and k == "reason")}
    limits.do(number, "police_decision", {**kept, **more})


def transferred(limits: LimitDistrict, origin: str = "") -> str:
    """A transfer whose head has approved it."""
    number = limits.open("crime-transfer", origin)
    limits.deploy("administrative-penalty")
    limits.do(number, "designate", {"members": members(limits)[:2], "reason": "销售金额达到追诉标准。"})
    limits.do(number, "report", REPORT)
    limits.do(number, "chief_decision", {"decision": "批准移送", "reason": "同意移送。"})
    return number


def test_the_head_decides_in_three_days_and_within_the_hours_after_it_the_case_is_handed_over(
    limits: LimitDistrict,
) -> None:
    limits.clock.travel("2026-03-03T10:00")
    number = limits.open("crime-transfer")
    limits.deploy("administrative-penalty")
    group = members(limits)
    with limits.engine.database.write() as session:
        code = session.scalars(sa.select(Inspector.code).where(Inspector.user_id == group[2])).one()
        uscc = limits.follow_up(number).uscc
        session.add(
            Recusal(
                id=new_id(), district_id="370105", inspector_code=code, uscc=uscc, reason="亲属", at=limits.clock.now
            )
        )
    with pytest.raises(InvalidInput) as partial:
        limits.do(number, "designate", {"members": group[1:], "reason": "涉嫌犯罪"})
    assert set(partial.value.fields) == {"members"}  # who must keep away is not offered, and not accepted
    limits.do(number, "designate", {"members": group[:2], "reason": "涉嫌犯罪"})
    limits.do(number, "report", REPORT)
    agree = {"decision": "批准移送", "reason": "同意移送。"}
    before, on, after = limits.around(
        number, "transfer-decision", then=lambda d: d.do(number, "chief_decision", agree)
    )  # fmt: skip
    assert on.at.date().isoformat() == "2026-03-06"
    assert (before.on_time, on.on_time, after.on_time, after.told) == (True, True, False, ALARMED)
    late = limits.at(after.at)
    late.do(number, "chief_decision", {"decision": "不批准移送", "reason": "不构成犯罪，应当行政处罚。"})
    row = late.follow_up(number)
    assert [one["name"] for one in row.facts["missed"]] == ["transfer-decision"]
    assert late.steps(f"{limits.part}/penalty")  # what is no crime is still an offence
    assert (row.state, row.facts["approval"]["reason"]) == ("不予移送", "不构成犯罪，应当行政处罚。")

    limits.clock.travel("2026-03-06T17:00")  # a Friday afternoon: the hours run through the weekend
    limits.do(number, "chief_decision", agree)
    assert limits.deadline(number, "crime-transfer").due_at.isoformat() == "2026-03-07T09:00:00+00:00"
    before, on, after = limits.around(number, "crime-transfer", then=lambda d: hand_over(d, number))
    assert (before.on_time, on.on_time, after.on_time) == (True, True, False)
    assert (on.overdue, after.colour, after.told) == (False, "red", ALARMED)
    bare = [{**line, "given": "不适用", "reason": "没有"} for line in MATERIALS]
    with pytest.raises(InvalidInput, match="缺少：涉嫌犯罪案件移送书、涉嫌犯罪案件情况的调查报告"):
        hand_over(limits, number, bare)


def test_public_security_refuses_reviews_and_the_procuratorate_is_asked_each_within_three_days(
    limits: LimitDistrict,
) -> None:
    number = transferred(limits)
    hand_over(limits, number)
    receive(limits, number)
    assert limits.deadline(number, "police-decision").due_at.date().isoformat() == "2026-03-05"
    with pytest.raises(InvalidInput, match="还没有届满"):
        police(limits, number, "逾期未决定")
    before, on, after = limits.around(number, "police-decision", then=lambda d: police(d, number, "不予立案"))
    assert (before.on_time, on.on_time, after.on_time, after.told) == (True, True, False, ALARMED)
    asked = {"decision": "提请复议", "reason": "有新的证据。", "document_number": "提复〔2026〕1号"}

    limits.clock.travel("2026-03-04T09:00")
    police(limits, number, "延长审查")
    assert limits.deadline(number, "police-decision").due_at.date().isoformat() == "2026-03-12"
    police(limits, number, "退回补充材料")
    limits.do(number, "supplement", {"content": "补充销售台账原件。", "sent_at": now(limits)})
    receive(limits, number)
    police(limits, number, "转送", forwarded_to="历城公安分局", forwarded_at=now(limits))
    police(limits, number, "不予立案")
    before, on, after = limits.around(number, "review-request")
    assert (on.at.date().isoformat(), on.gone, after.gone) == ("2026-03-09", frozenset(), {"review_request"})
    assert limits.at(after.at).follow_up(number).state == "公安机关不予立案"  # not asked in time: no more to ask

    limits.do(number, "review_request", {**asked, "sent_at": now(limits)})
    upheld = {"result": "维持不予立案", "document_number": "复〔2026〕1号", "reason": "证据不足。"}
    before, on, after = limits.around(
        number, "police-review",
        then=lambda d: d.do(number, "review_result", {**upheld, "received_at": now(d)}),
    )  # fmt: skip
    assert (before.on_time, on.on_time, after.on_time, after.told) == (True, True, False, ALARMED)
    limits.clock.travel("2026-03-09T09:00")
    limits.do(number, "review_result", {**upheld, "received_at": now(limits)})
    before, on, after = limits.around(number, "supervision-request")
    assert (on.at.date().isoformat(), after.gone) == ("2026-03-12", {"supervision_request"})
    limits.do(number, "supervision_request", {
        "decision": "建议立案监督", "reason": "依法应当立案。", "document_number": "监建〔2026〕1号",
        "procuratorate": "天桥区人民检察院", "sent_at": now(limits),
    })  # fmt: skip
    limits.do(
        number,
        "supervision_result",
        {"result": "通知立案", "received_at": now(limits), "document_number": "检〔2026〕1号"},
    )
    files = {
        "handed_over_at": now(limits), "receiver": "演示民警", "things": [], "materials": "全部案卷。",
        "handling": "中止等待",
    }  # fmt: skip
    before, on, after = limits.around(
        number, "case-materials",
        then=lambda d: d.do(number, "hand_materials", {**files, "handed_over_at": now(d)}),
    )  # fmt: skip
    assert (before.on_time, on.on_time, after.on_time, after.told) == (True, True, False, ALARMED)

    limits.do(number, "hand_materials", files)
    limits.do(number, "criminal_outcome", {
        "outcome": "退回行政处理", "cause": "不起诉", "received_at": now(limits), "document_number": "不诉〔2026〕1号",
        "opinion_given": "有", "opinion": "应当给予行政处罚。",
    })  # fmt: skip
    assert limits.follow_up(f"{limits.part}/penalty").kind == "administrative-penalty"  # taken up again
    answer = {"content": "已立案处罚。", "document_number": "复〔2026〕2号", "replied_on": "2026-03-09"}
    before, on, after = limits.around(
        number, "prosecutor-opinion", then=lambda d: d.do(number, "reply_opinion", answer)
    )  # fmt: skip
    assert (before.on_time, on.on_time, after.on_time) == (True, True, False)
    limits.do(number, "reply_opinion", answer)
    assert limits.follow_up(number).state == "退回行政处理，已回复检察意见"


def test_a_transfer_is_known_to_those_who_work_on_it_and_to_supervision_alone(limits: LimitDistrict) -> None:
    number = transferred(limits)
    with limits.engine.read() as session:
        instance = session.scalars(sa.select(ProcessInstance).where(ProcessInstance.business_key == number)).one()
        shown = session.scalars(
            sa.select(InstanceDepartment.department).where(InstanceDepartment.instance_id == instance.id)
        ).all()
        logins = dict(session.execute(sa.select(User.id, User.login)).tuples().all())
    assert instance.restricted and shown == []

    def sees(login: str) -> bool:
        person = limits.office.login(login)
        with limits.engine.read() as session:
            found = sa.select(ProcessInstance.id).where(
                ProcessInstance.id == instance.id, instance_in_scope(person, ProcessInstance.id)
            )
            return session.scalar(found) is not None

    group = [logins[one] for one in members(limits)]
    assert [sees(login) for login in (*group[:2], f"{LEAD.lower()}-head")] == [True] * 3
    deadline = limits.deadline(number, "crime-transfer")
    with pytest.raises(Forbidden, match="限定知悉范围"):  # the application would be seen by the department
        limits.engine.execute(ApplyForExtension(deadline.id), actor=limits.office.login(f"{LEAD.lower()}-head"))
    assert [sees(login) for login in (f"{LEAD.lower()}-officer", group[2], "wjj-officer", "admin")] == [False] * 4


def test_the_days_for_a_penalty_stand_still_with_public_security_and_the_case_ends_with_the_transfer(
    limits: LimitDistrict,
) -> None:
    penalty = limits.open("administrative-penalty")
    limits.engine.execute(SetDeadline(penalty, "decision", department=LEAD), actor=Actor.system())
    number = transferred(limits, penalty)
    hand_over(limits, number)
    assert limits.deadline(penalty, "decision").suspended_at is None
    limits.clock.travel("2026-03-03T09:00")
    receive(limits, number)
    assert limits.deadline(penalty, "decision").suspensions[-1]["ground"] == "suspended-case"
    refused = limits.at(datetime.fromisoformat("2026-03-04T09:00:00+08:00"))
    police(refused, number, "不予立案")
    refused.do(number, "review_request", {"decision": "不再提请", "reason": "没有新的证据。"})
    row = refused.deadline(penalty, "decision")
    assert row.suspended_at is None and row.due_at.date().isoformat() == "2026-06-01"  # one day did not count
    assert refused.follow_up(penalty).closed_at is None and refused.follow_up(number).state == "公安机关不予立案"

    limits.clock.travel("2026-03-05T09:00")
    police(limits, number, "立案")
    files = {
        "handed_over_at": now(limits), "receiver": "演示民警", "things": [], "materials": "全部案卷。",
        "handling": "移送结案",
    }  # fmt: skip
    seized = apply(limits, "coercive-measure")
    limits.do(seized, "approve", {"decision": "批准", "opinion": "同意。"})
    serve(limits, seized)
    held = things(limits, seized)
    files["things"] = [{"item": one.number, "moved": "移交"} for one in held]
    # What makes no sense without the penalty ends with it, those concerned are told; what must be finished goes on.
    kinds = ("hearing", "handler-recusal", "questioning", "case-suspension", "evidence-preservation")
    hearing, recusal, question, suspension, preserved = (limits.open(kind, penalty) for kind in kinds)
    limits.do(number, "hand_materials", files)
    ended = limits.follow_up(penalty)
    assert ended.closed_at is not None and ended.state == "移送公安机关"
    # The whole department reads the register of things held: it does not tell who got them.
    page = signed_in(limits, "scjg-inspector1").get(f"/held-items/{held[0].id}").text
    assert "按规定移送，接收人另行登记" in page and "已移送" in page
    assert not [word for word in ("公安", "犯罪", "演示民警", "crime") if word in page]
    over = {recusal: "案件已办结，不再决定", question: "案件已办结，不再询问", suspension: "案件已办结"}
    assert {one: limits.follow_up(one).state for one in over} == over
    assert [limits.steps(one) for one in over] == [frozenset()] * 3
    assert limits.steps(hearing) == {"tell_participants"} and limits.follow_up(preserved).closed_at is None
    told = {"persons": "当事人王示例、听证主持人", "told_on": "2026-03-05", "told_by": "书面"}
    with pytest.raises(InvalidInput):
        limits.do(hearing, "tell_participants", {**told, "told_on": "2026-03-06"})
    limits.do(hearing, "tell_participants", told)
    assert limits.steps(hearing) == frozenset() and limits.follow_up(hearing).state == "听证终止"
    limits.do(number, "criminal_outcome", {
        "outcome": "退回行政处理", "cause": "撤销案件", "received_at": now(limits), "document_number": "撤〔2026〕1号",
        "opinion_given": "没有",
    })  # fmt: skip
    again = limits.follow_up(f"{penalty}/penalty")  # the case comes back and is taken up again
    assert again.closed_at is None
    with limits.engine.read() as session:  # nothing that its readers see tells of the transfer
        told = session.scalars(sa.select(DeadlineChange.reason).where(DeadlineChange.reason != "")).all()
    assert {"案件中止调查", "中止调查的原因消除"} <= set(told) and not [text for text in told if "公安" in text]


def test_a_clock_that_stands_already_goes_on_standing_for_the_transfer_when_the_other_ground_is_over(
    limits: LimitDistrict,
) -> None:
    penalty = limits.open("administrative-penalty")
    limits.engine.execute(SetDeadline(penalty, "decision", department=LEAD), actor=Actor.system())
    agreed = {"decision": "同意"}
    paused = limits.open("case-suspension", penalty)
    day = limits.clock.now.date().isoformat()
    limits.do(
        paused,
        "apply",
        {
            "ground": "testing",
            "reason": "送检样品三批。",
            "since": day,
            "expected": "收到报告",
            "expected_on": "2026-07-10",
        },
    )
    limits.do(paused, "approve_suspension", agreed)
    number = transferred(limits, penalty)
    hand_over(limits, number)
    receive(limits, number)
    assert limits.deadline(penalty, "decision").suspensions[-1]["ground"] == "testing"
    limits.do(paused, "resume", {"reason": "检验报告已收到。", "until": day})
    limits.do(paused, "approve_resumption", agreed)
    stands = limits.deadline(penalty, "decision")
    assert stands.suspended_at is not None and stands.suspensions[-1]["ground"] == "suspended-case"
    police(limits, number, "不予立案")
    limits.do(number, "review_request", {"decision": "不再提请", "reason": "没有新的证据。"})
    assert limits.deadline(penalty, "decision").suspended_at is None
