"""From a served decision to its end: paid in time, late, in instalments, through the court, or not at all."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from engine.db import new_id
from engine.errors import Conflict, InvalidInput
from engine.inspection.enforcement_models import Payment, PaymentRequest, PenaltyDebt
from engine.inspection.open_follow_up import OpenFollowUp
from engine.models import HistoryEvent, ProcessInstance
from engine.process_engine import ProcessEngine
from tests.conftest import Clock
from tests.support.enforcement_desk import ENFORCEMENT, EnforcementDesk

#: What is counted alike on both databases is counted once.
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@ON_SQLITE
def test_paid_in_parts_and_in_time_it_is_closed_without_a_surcharge(engine: ProcessEngine, clock: Clock) -> None:
    desk = EnforcementDesk(engine, clock)
    desk.open()
    assert desk.steps() == {"collect"} and desk.due("payment") == "2026-03-17"
    desk.travel("2026-03-10")
    desk.pay(4000, "2026-03-09", "A1")
    for wrong, field in (
        ({"amount": 6000.01, "paid_on": "2026-03-10", "receipt_number": "A2"}, "amount"),
        ({"amount": 10, "paid_on": "2026-03-11", "receipt_number": "A2"}, "paid_on"),
        ({"amount": 10, "paid_on": "2026-03-10", "receipt_number": "A1"}, "receipt_number"),
    ):
        with pytest.raises(InvalidInput) as refused:
            desk.do("collect", action="登记缴款", purpose="罚款", way="代收银行", **wrong)
        assert field in refused.value.fields and refused.value.fields[field][0].endswith("。")
    desk.travel("2026-03-17")
    desk.pay(6000, "2026-03-17", "A2")
    assert desk.ended() and desk.state() == "缴清" and desk.debt().closed_at is not None
    assert desk.balance().surcharge == 0 and desk.deadline("payment").met_at is not None


def _other_case(desk: EnforcementDesk, receipt: str) -> str:
    """Another enforcement of the department in which the receipt was entered."""
    first = desk.debt()
    number = f"{first.number}/another"
    with desk.engine.database.write() as session:
        session.add(
            PenaltyDebt(
                id=new_id(),
                district_id=first.district_id,
                number=number,
                penalty=f"{first.penalty}/another",
                department=first.department,
                decided_on=first.decided_on,
                served_on=first.served_on,
                opened_at=first.opened_at,
            )
        )
        session.add(
            Payment(
                id=new_id(), district_id=first.district_id, debt=number, serial=1, purpose="罚款", amount=100,
                paid_on=first.decided_on, receipt_number=receipt, entered_at=first.opened_at,
            )
        )  # fmt: skip
    return number


@ON_SQLITE
def test_nothing_is_opened_by_hand_from_a_case_that_was_terminated(engine: ProcessEngine, clock: Clock) -> None:
    desk = EnforcementDesk(engine, clock)
    desk.open()
    with engine.database.write() as session:
        case = session.scalars(sa.select(ProcessInstance).where(ProcessInstance.business_key == ENFORCEMENT)).one()
        case.status = "terminated"
    with pytest.raises(Conflict, match="已经终止"):
        engine.execute(OpenFollowUp(case.id, "penalty-remedy"), actor=desk.who("officer"))


@ON_SQLITE
def test_a_wrong_entry_is_withdrawn_and_owed_again(engine: ProcessEngine, clock: Clock) -> None:
    desk = EnforcementDesk(engine, clock)
    desk.open()
    desk.pay(4000, "2026-03-02", "A1")
    assert desk.context("collect")["payment_entries"] == [
        {"value": "1", "label": "第 1 笔：2026-03-02 罚款 4,000.00 元"}
    ]
    desk.do("collect", action="撤销登记", entry="1", withdraw_reason="登记到了别的案件。")
    assert desk.balance().rest_sum == 1_000_000 and desk.context("collect")["payment_entries"] == []
    other = _other_case(desk, "A1")
    with pytest.raises(InvalidInput) as refused:
        desk.pay(10000, "2026-03-02", "A1")
    assert other in refused.value.fields["receipt_number"][0]
    desk.do(
        "collect", action="登记缴款", purpose="罚款", amount=10000, paid_on="2026-03-02", receipt_number="A1",
        way="代收银行", slips=[], remark="同一回单含两个案件的罚款。",
    )  # fmt: skip  # the receipt number is free again in this case
    assert desk.ended()


@ON_SQLITE
def test_paid_late_it_takes_the_surcharge_and_relief_is_the_heads_to_give(engine: ProcessEngine, clock: Clock) -> None:
    desk = EnforcementDesk(engine, clock)
    desk.open()
    desk.travel("2026-03-18")  # the day after the last day
    assert desk.steps() == {"collect", "draft_reminder"} and desk.state() == "逾期"
    assert desk.balance().surcharge == 300_00
    desk.travel("2026-03-22")
    desk.pay(10000, "2026-03-22", "B1")
    assert desk.balance().rest == {"罚款": 0, "没收违法所得": 0, "加处罚款": 1_500_00} and not desk.ended()
    shown = {block["title"]: block for block in desk.context("collect")["facts"]}
    assert ["2026-03-18", "2026-03-22", "5", "10,000.00", "1,500.00", "1,500.00", ""] in (
        shown["加处罚款（每日 3%，以罚款数额为限）"]["table"]["rows"]
    )
    asked = {"action": "登记当事人申请", "request_kind": "减免加处罚款", "requested_on": "2026-03-22"}
    with pytest.raises(InvalidInput):
        desk.do("collect", **asked, request_reason="经济困难，已经整改。", waived=1500.01)
    desk.do("collect", **asked, request_reason="经济困难，已经整改。", waived=500)
    assert "approve_request" in desk.steps()
    desk.pay(1200, "2026-03-22", "B1", purpose="加处罚款")  # one slip may be for several purposes
    with pytest.raises(InvalidInput) as refused:  # money came in since
        desk.do("approve_request", "head", decision="批准", opinion="同意减免。")
    assert "只有 300.00 元" in refused.value.fields["decision"][0]
    desk.do("collect", action="撤销登记", entry="2", withdraw_reason="实际为 1000 元。")
    desk.do("approve_request", "head", decision="批准", opinion="同意减免。")
    with pytest.raises(InvalidInput) as refused:
        desk.pay(500, "2026-03-22", "B1")
    assert "已登记为第 1 笔" in refused.value.fields["receipt_number"][0]
    desk.pay(1000, "2026-03-22", "B1", purpose="加处罚款")
    assert desk.ended() and desk.state() == "缴清"


@ON_SQLITE
def test_a_request_that_waits_while_the_sum_is_paid_is_answered_before_the_case_closes(
    engine: ProcessEngine, clock: Clock
) -> None:
    desk = EnforcementDesk(engine, clock)
    desk.open()
    desk.travel("2026-03-10")
    desk.do(
        "collect", action="登记当事人申请", request_kind="延期缴纳", requested_on="2026-03-10",
        request_reason="资金周转困难。", defer_until="2026-04-10",
    )  # fmt: skip
    desk.pay(10000, "2026-03-10", "R1")
    assert not desk.ended() and desk.steps() == {"answer_request"}
    with engine.read() as session:
        asked = session.scalars(sa.select(PaymentRequest)).one()
        assert (asked.decision, asked.note) == ("不再审批", "缴清，不再审批") and asked.decided_on is not None
        kinds = session.scalars(sa.select(HistoryEvent.kind).where(HistoryEvent.kind == "payment-request-dropped"))
        assert len(kinds.all()) == 1
    answer = {"receiver": "演示负责人", "told_on": "2026-03-10", "told_by": "电话"}
    with pytest.raises(InvalidInput):
        desk.do("answer_request", **{**answer, "told_on": "2026-03-11"})
    desk.do("answer_request", **answer)
    assert desk.ended() and desk.state() == "缴清"


def test_instalments_run_one_by_one_and_a_missed_one_is_chased_until_it_is_made_good(
    engine: ProcessEngine, clock: Clock
) -> None:
    desk = EnforcementDesk(engine, clock)
    desk.open()
    desk.travel("2026-03-10")
    asked = {
        "action": "登记当事人申请", "request_kind": "分期缴纳", "requested_on": "2026-03-10",
        "request_reason": "经营困难，附财务报表。",
    }  # fmt: skip
    terms = [{"due_on": "2026-04-10", "amount": 5000}, {"due_on": "2026-05-11", "amount": 4000}]
    with pytest.raises(InvalidInput) as refused:
        desk.do("collect", **asked, terms=terms)
    assert "9,000.00" in refused.value.fields["terms"][0]
    terms[1]["amount"] = 5000
    desk.do("collect", **asked, terms=terms)
    assert desk.due("payment") == "2026-03-17"  # until the head decides
    desk.do("approve_request", "head", decision="批准")
    assert desk.due("payment") == "2026-04-10" and desk.deadline("payment").label == "缴纳罚款（第 1 期）"
    desk.travel("2026-04-09")
    assert desk.balance().surcharge == 0
    desk.pay(5000, "2026-04-09", "C1")
    assert desk.due("payment") == "2026-05-11" and desk.deadline("payment").label == "缴纳罚款（第 2 期）"
    desk.travel("2026-05-12")
    assert desk.balance().surcharge == 150_00 and "draft_reminder" in desk.steps()
    desk.pay(5000, "2026-05-12", "C2")
    assert "draft_reminder" in desk.steps()  # the surcharge is still owed
    desk.pay(150, "2026-05-12", "C3", purpose="加处罚款")
    assert desk.ended()


@ON_SQLITE
def test_a_missed_instalment_made_good_waits_for_the_next(engine: ProcessEngine, clock: Clock) -> None:
    desk = EnforcementDesk(engine, clock)
    desk.open()
    terms = [{"due_on": "2026-04-10", "amount": 5000}, {"due_on": "2026-05-11", "amount": 5000}]
    desk.do(
        "collect", action="登记当事人申请", request_kind="分期缴纳", requested_on="2026-03-02",
        request_reason="经营困难，附财务报表。", terms=terms,
    )  # fmt: skip
    desk.do("approve_request", "head", decision="批准")
    desk.travel("2026-04-11")
    assert "draft_reminder" in desk.steps()
    desk.pay(5000, "2026-04-11", "D1")
    desk.pay(150, "2026-04-11", "D2", purpose="加处罚款")
    assert desk.steps() == {"collect"} and desk.state() == "待缴纳" and desk.due("payment") == "2026-05-11"
    with pytest.raises(InvalidInput) as refused:  # PL66: before the term is over
        desk.travel("2026-05-12")
        desk.do(
            "collect", action="登记当事人申请", request_kind="延期缴纳", requested_on="2026-05-12",
            request_reason="仍然困难。", defer_until="2026-06-30",
        )  # fmt: skip
    assert "2026-05-11" in refused.value.fields["requested_on"][0]
    assert desk.steps() == {"collect", "draft_reminder"}


@ON_SQLITE
def test_never_paid_the_reminder_is_served_and_the_court_asked_in_time(engine: ProcessEngine, clock: Clock) -> None:
    desk = EnforcementDesk(engine, clock)
    desk.open()
    to_the_court(desk)
    desk.do("file_application", court="济南市天桥区人民法院", filed_on="2026-12-02")
    assert desk.deadline("court-application").met_at is not None and desk.state() == "已申请法院执行"
    desk.do("court_ruling", result="不予受理", number="(2026)鲁0105行审1号", received_on="2026-12-02",
            reason="材料不全，不予受理。", next="申请复议")  # fmt: skip
    assert desk.due("court-reconsideration") == "2026-12-17"
    desk.do("court_ruling", result="准予执行", number="(2026)鲁01行审复1号", received_on="2026-12-02")
    desk.do("court_execution", progress="继续执行", on="2026-12-02", note="冻结账户，尚无可供执行的财产。")
    desk.do("court_execution", progress="终结本次执行程序", on="2026-12-02", note="没有可供执行的财产。")
    assert desk.steps() == {"collect", "propose_end"}
    ending = {"ground": "court-ended", "facts": "法院裁定终结本次执行程序。", "unpaid": "罚款 10,000.00 元"}
    desk.do("propose_end", action="提出终结执行", **ending)
    desk.do("approve_end", "head", decision="退回", return_reason="补充裁定书。")
    desk.do("propose_end", action="提出终结执行", **ending)
    desk.do("approve_end", "head", decision="同意")
    assert desk.ended() and desk.state() == "终结执行"


def to_the_court(desk: EnforcementDesk, until: str = "2026-12-02") -> None:
    """Overdue, reminded in March, nothing asked of the reviewing bodies: the application waits to be filed."""
    desk.travel("2026-03-18")
    desk.do("draft_reminder", obligation=desk.context("draft_reminder")["obligation"], way="代收银行",
            surcharge="按规定加处")  # fmt: skip
    desk.do("approve_reminder", "head", decision="同意")
    stale = {"number": f"{ENFORCEMENT}/service-0", "outcome": "已送达", "served_on": "2026-03-19"}
    desk.send("document-service-closed", ENFORCEMENT, **stale)  # what became of another document is no answer
    assert "hear_reminder" not in desk.steps() and desk.debt().reminded_on is None
    desk.send(
        "document-service-closed",
        ENFORCEMENT,
        number=f"{ENFORCEMENT}/service-1",
        outcome="已送达",
        served_on="2026-03-20",
    )
    assert "hear_reminder" in desk.steps()
    desk.travel("2026-04-03")
    assert "hear_reminder" in desk.steps()  # ten working days end on the third of April
    desk.travel("2026-04-07")
    assert desk.steps() == {"collect"}  # the party may still ask for review or bring suit
    desk.travel("2026-09-02")
    assert desk.steps() == {"collect"}
    desk.travel("2026-09-03")
    assert "draft_application" in desk.steps() and desk.due("court-application") == "2026-12-02"
    desk.travel(until)
    context = desk.context("draft_application")
    desk.do("draft_application", court="济南市天桥区人民法院", claims=context["claims"], reasons=context["reasons"])
    desk.do("approve_application", "head", decision="同意")


@ON_SQLITE
def test_a_missed_court_deadline_is_answered_for_by_the_head_and_a_late_application_names_its_reason(
    engine: ProcessEngine, clock: Clock
) -> None:
    desk = EnforcementDesk(engine, clock)
    desk.open()
    to_the_court(desk, until="2026-12-03")
    assert desk.debt().court_missed and "explain_missed" in desk.steps()
    desk.do(
        "explain_missed", "head", cause="承办人调离，没有交接。", responsibility="责成科室检查。", decision="仍然申请"
    )
    with pytest.raises(InvalidInput) as refused:
        desk.do("file_application", court="济南市天桥区人民法院", filed_on="2026-12-03")
    assert "2026-12-02" in refused.value.fields["late_reason"][0]
    desk.do(
        "file_application", court="济南市天桥区人民法院", filed_on="2026-12-03", late_reason="疫情期间法院暂停收件。"
    )
    assert desk.steps() == {"collect", "court_ruling"}


@ON_SQLITE
def test_goods_and_licences_are_carried_out_beside_the_money(engine: ProcessEngine, clock: Clock) -> None:
    desk = EnforcementDesk(
        engine, clock, kinds=["警告", "没收非法财物", "吊销许可证件"], amount=0, goods="冷冻食品 12 箱",
        duties=[{"kind": "吊销许可证件", "content": "食品经营许可证"}],
    )  # fmt: skip
    desk.open()
    results = [("已执行", "注销登记，许可证已收回。"), ("无法执行", "货物已经灭失，有现场照片。")]
    for result, how in results:
        task = desk.tasks("carry_out_duties")[0]
        desk.submit(task, result=result, performed_on="2026-03-02", how=how)
    assert [duty["content"] for duty in desk.debt().duties] == ["食品经营许可证", "冷冻食品 12 箱"]
    desk.do("confirm_unperformed", "section", decision="同意")
    assert desk.ended() and desk.state() == "终结执行"
    assert {d["kind"]: d["result"] for d in desk.debt().duties} == {
        "吊销许可证件": "已执行",
        "没收非法财物": "无法执行",
    }


@ON_SQLITE
def test_a_duty_the_party_refuses_is_reminded_of_and_taken_to_the_court_though_the_money_came_in_time(
    engine: ProcessEngine, clock: Clock
) -> None:
    duties = [
        {"kind": "吊销许可证件", "content": "食品经营许可证"}, {"kind": "责令停产停业", "content": "停业三个月"},
    ]  # fmt: skip
    desk = EnforcementDesk(engine, clock, kinds=["罚款"], duties=duties)
    desk.open()
    licence = next(task for task in desk.tasks("carry_out_duties") if task.context["item"] == duties[0])
    desk.submit(licence, result="已执行", performed_on="2026-03-02", how="注销登记，许可证已收回。")
    desk.pay(10000, "2026-03-02", "E1")
    assert desk.steps() == {"carry_out_duties"}  # only what is undone
    desk.travel("2026-03-18")  # the last day of payment passed; it was paid
    assert desk.steps() == {"carry_out_duties"} and desk.debt().overdue_since is None
    desk.do("carry_out_duties", result="拒不履行", performed_on="2026-03-18", how="现场检查仍在营业。")
    assert desk.steps() == {"carry_out_duties", "draft_reminder"} and desk.state() == "逾期"
    context = desk.context("draft_reminder")
    assert context["obligation"] == "履行：责令停产停业（停业三个月）。"
    desk.do("carry_out_duties", result="无法执行", performed_on="2026-03-18", how="场所已经转让他人。")
    desk.do("confirm_unperformed", "section", decision="退回", return_reason="转让没有生效。")
    assert "draft_reminder" not in desk.steps()  # nothing is refused any more
    desk.do("carry_out_duties", result="拒不履行", performed_on="2026-03-18", how="仍在营业，拒绝停业。")
    desk.do("draft_reminder", obligation=context["obligation"], way="自行停止营业", surcharge="没有未缴的罚款")
    desk.do("approve_reminder", "head", decision="同意")
    desk.send(
        "document-service-closed",
        ENFORCEMENT,
        number=f"{ENFORCEMENT}/service-1",
        outcome="已送达",
        served_on="2026-03-20",
    )
    desk.travel("2026-09-02")
    assert desk.steps() == {"carry_out_duties"}  # the party may still bring suit
    desk.travel("2026-09-03")
    context = desk.context("draft_application")
    assert "其他处罚内容：责令停产停业（停业三个月）" in context["claims"] and "罚款" not in context["claims"]
    assert desk.due("court-application") == "2026-12-02"
    desk.do("draft_application", court="天桥区人民法院", claims=context["claims"], reasons=context["reasons"])
    desk.do("approve_application", "head", decision="同意")
    desk.do("file_application", court="天桥区人民法院", filed_on="2026-09-03")
    desk.do("court_ruling", result="准予执行", number="(2026)鲁0105行审2号", received_on="2026-09-03")
    desk.do("carry_out_duties", result="已执行", performed_on="2026-09-03", how="人民法院强制停业。")
    assert desk.ended() and desk.state() == "缴清"


@ON_SQLITE
def test_a_duty_alone_is_taken_up_when_refused_and_left_when_performed(engine: ProcessEngine, clock: Clock) -> None:
    desk = EnforcementDesk(
        engine, clock, kinds=["责令停产停业"], amount=0, duties=[{"kind": "责令停产停业", "content": "停业三个月"}]
    )
    desk.open()
    assert desk.steps() == {"carry_out_duties"}
    desk.do("carry_out_duties", result="拒不履行", performed_on="2026-03-02", how="送达后仍在营业。")
    assert desk.steps() == {"carry_out_duties", "draft_reminder"}
    desk.do("carry_out_duties", result="已执行", performed_on="2026-03-02", how="已经停止营业。")
    assert desk.ended() and desk.state() == "已履行"


@ON_SQLITE
def test_a_mere_warning_leaves_nothing_to_enforce(engine: ProcessEngine, clock: Clock) -> None:
    desk = EnforcementDesk(engine, clock, kinds=["警告"], amount=0)
    desk.open()
    assert desk.ended() and desk.state() == "无需执行"
