"""Review, lawsuit and own correction: what becomes of the money, the enforcement and what is public."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from engine.db import new_id
from engine.errors import InvalidInput
from engine.inspection.credit_models import CreditListing
from engine.inspection.enforcement_models import Payment
from engine.inspection.models import FollowUp
from engine.inspection.publication_models import PublicationCorrection
from engine.models import Message
from engine.process_engine import ProcessEngine
from tests.conftest import Clock
from tests.support.enforcement_desk import ENFORCEMENT, PENALTY, EnforcementDesk

#: What is counted alike on both databases is counted once.
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

REMEDY = f"{PENALTY}/remedy-1"
REVIEW = {
    "kind": "行政复议", "body": "天桥区人民政府", "case_number": "济天政复〔2026〕3号", "applicant": "示例餐饮有限公司",
    "claims": "请求撤销处罚决定。", "stay": "不停止",
}  # fmt: skip
ANSWER = {
    "action": "答复", "facts": "当事人未按规定贮存食品，有笔录。", "basis": "食品安全法第一百二十六条",
    "answer": "处罚事实清楚、程序合法，请求维持。", "agents": "局长丙",
}  # fmt: skip
OUTCOME = {"action": "登记结果", "document_number": "济天政复决〔2026〕3号", "summary": "主要事实不清、证据不足。"}


def answered(desk: EnforcementDesk, on: str) -> None:
    desk.do("draft_answer", **ANSWER)
    desk.do("sign_answer", "head", decision="同意")
    desk.do("file_answer", answered_on=on)


def test_annulled_in_review_the_publication_goes_the_money_comes_back_and_the_case_is_made_anew(
    engine: ProcessEngine, clock: Clock
) -> None:
    desk = EnforcementDesk(engine, clock)
    desk.deploy("administrative-penalty")
    desk.open()
    published = desk.publish()
    desk.pay(4000, "2026-03-02", "A1")
    desk.open("penalty-remedy")
    desk.travel("2026-05-06")
    with pytest.raises(InvalidInput) as refused:
        desk.do("register", **REVIEW, applied_on="2026-03-01", received_on="2026-05-07")
    assert set(refused.value.fields) == {"applied_on", "received_on"}
    desk.do("register", **{**REVIEW, "stay": "停止执行", "stay_reason": "复议机关认为需要停止执行。"},
            applied_on="2026-04-30", received_on="2026-05-06")  # fmt: skip
    assert desk.remedy().in_time and str(desk.remedy().last_day) == "2026-05-06"  # 1 to 5 May are holidays
    assert desk.due("review-answer", REMEDY) == "2026-05-19" and desk.state(REMEDY) == "行政复议中"
    assert desk.state() == "停止执行" and desk.deadline("lawsuit").suspended_at is not None
    desk.travel("2026-05-20")
    desk.do("draft_answer", **ANSWER)
    desk.do("sign_answer", "head", decision="退回", return_reason="补充裁量依据。")
    desk.do("draft_answer", **ANSWER)
    desk.do("sign_answer", "head", decision="同意")
    with pytest.raises(InvalidInput) as refused:
        desk.do("file_answer", answered_on="2026-05-20")
    assert "2026-05-19" in refused.value.fields["late_reason"][0]
    desk.do("file_answer", answered_on="2026-05-20", late_reason="材料调取耗时。")
    desk.do("progress", action="登记进展", on="2026-05-20", note="复议机关听取意见。")
    desk.travel("2026-06-15")
    with pytest.raises(InvalidInput):  # a court's word
        desk.do("progress", **OUTCOME, outcome="驳回", outcome_on="2026-06-12", received_on="2026-06-15",
                effective_on="2026-06-15")  # fmt: skip
    desk.do("progress", **OUTCOME, outcome="撤销", outcome_on="2026-06-12", received_on="2026-06-15",
            effective_on="2026-06-15", remake="是")  # fmt: skip
    assert desk.ended() and desk.state() == "处罚决定已撤销" and desk.state(PENALTY) == "处罚决定已撤销"
    with engine.read() as session:
        opened = session.scalars(sa.select(PublicationCorrection)).one()
        assert (opened.publication_id, opened.kind) == (published, "撤回")
        assert session.scalars(sa.select(FollowUp.origin).where(FollowUp.number == f"{REMEDY}/penalty")).first() is None
    assert desk.due("publication-correction", opened.number) == "2026-06-18"  # three working days
    assert desk.due("refund", REMEDY) and desk.due("remake", REMEDY) == "2026-08-14"
    refund = {"payee": "示例餐饮有限公司", "basis": "复议决定撤销处罚。"}
    with pytest.raises(InvalidInput) as refused:
        desk.do("propose_refund", amount=3999, **refund)
    assert "4,000.00" in refused.value.fields["amount"][0]
    desk.do("propose_refund", amount=4000, **refund)
    desk.do("approve_refund", "head", decision="同意")
    with engine.database.write() as session:  # an entry is taken out of the account after the approval
        session.execute(sa.update(Payment).values(withdrawn_at=clock.now))
    with pytest.raises(InvalidInput) as refused:
        desk.do("pay_refund", refunded_on="2026-06-15", receipt_number="T1", way="国库退付")
    assert "批准退还 4,000.00 元" in refused.value.fields["refunded_on"][0]
    with engine.database.write() as session:
        session.execute(sa.update(Payment).values(withdrawn_at=None))
    desk.do("pay_refund", refunded_on="2026-06-15", receipt_number="T1", way="国库退付")
    assert desk.balance().paid_sum == 0 and desk.deadline("refund", REMEDY).met_at is not None
    with engine.read() as session:
        assert session.scalars(sa.select(FollowUp.origin).where(FollowUp.number == f"{REMEDY}/penalty")).one() == REMEDY
    desk.send("administrative-penalty-closed", REMEDY, number=f"{REMEDY}/penalty", outcome="不予处罚")
    desk.do("lesson", cause="证据没有固定。", improvement="现场检查全程记录。", duty_review="否")
    assert desk.ended(REMEDY) and desk.state(REMEDY) == "撤销" and "现场检查" in desk.remedy().lesson


@ON_SQLITE
def test_a_lawsuit_lost_by_the_party_stops_the_surcharge_meanwhile_and_opens_the_way_to_the_court(
    engine: ProcessEngine, clock: Clock
) -> None:
    desk = EnforcementDesk(engine, clock)
    desk.open()
    desk.travel("2026-03-19")
    assert desk.balance().surcharge == 600_00
    number = desk.open("penalty-remedy")
    suit = {**REVIEW, "kind": "行政诉讼", "body": "济南铁路运输法院", "case_number": "(2026)鲁7101行初1号"}
    desk.do("register", **suit, applied_on="2026-03-19", received_on="2026-03-19")
    assert desk.due("suit-answer", number) == "2026-04-03" and str(desk.remedy().last_day) == "2026-09-02"
    answered(desk, "2026-03-19")
    desk.travel("2026-06-01")
    assert desk.balance().surcharge == 300_00  # from the day the suit was brought on nothing is added
    with pytest.raises(InvalidInput) as refused:
        desk.do("progress", **OUTCOME, outcome="驳回", outcome_on="2026-05-29", received_on="2026-06-01",
                effective_on="2026-06-17")  # fmt: skip
    assert "生效后再登记" in refused.value.fields["effective_on"][0]
    desk.travel("2026-06-17")
    desk.do("progress", **OUTCOME, outcome="驳回", outcome_on="2026-05-29", received_on="2026-06-01",
            effective_on="2026-06-17")  # fmt: skip
    assert desk.ended(number) and desk.state(number) == "驳回"
    assert desk.balance().surcharge == 300_00
    desk.travel("2026-06-18")
    assert desk.balance().surcharge == 600_00
    assert desk.due("court-application") == "2028-06-19"  # two years from the judgment, the 17th is a Saturday


@ON_SQLITE
def test_upheld_in_review_the_party_has_fifteen_days_for_a_lawsuit_and_then_the_three_months_run(
    engine: ProcessEngine, clock: Clock
) -> None:
    desk = EnforcementDesk(engine, clock)
    desk.open()
    desk.travel("2026-03-18")
    number = desk.open("penalty-remedy", origin=ENFORCEMENT)
    desk.do("register", **REVIEW, applied_on="2026-03-18", received_on="2026-03-18")
    assert desk.remedy().penalty == PENALTY
    answered(desk, "2026-03-18")
    desk.travel("2026-05-11")
    desk.do("progress", **OUTCOME, outcome="维持", outcome_on="2026-05-08", received_on="2026-05-11",
            effective_on="2026-05-11")  # fmt: skip
    assert desk.ended(number) and desk.due("lawsuit") == "2026-05-26"
    desk.travel("2026-05-26")
    assert desk.deadline("lawsuit").met_at is None
    desk.travel("2026-05-27")
    assert desk.due("court-application") == "2026-08-26"


@ON_SQLITE
def test_reduced_in_review_what_was_paid_beyond_it_comes_back_and_the_enforcement_is_paid_up(
    engine: ProcessEngine, clock: Clock
) -> None:
    desk = EnforcementDesk(engine, clock)
    desk.open()
    desk.pay(8000, "2026-03-02", "A1")
    number = desk.open("penalty-remedy")
    desk.do("register", **REVIEW, applied_on="2026-03-02", received_on="2026-03-02")
    desk.do("draft_answer", action="不需要答复", reason="双方同意调解。")
    result = {"outcome": "变更", "outcome_on": "2026-03-02", "received_on": "2026-03-02", "effective_on": "2026-03-02"}
    with pytest.raises(InvalidInput) as refused:
        desk.do("progress", **OUTCOME, **result, fine=12000, confiscated=0)
    assert "不得加重" in refused.value.fields["fine"][0]
    desk.do("progress", **OUTCOME, **result, fine=5000, confiscated=0)
    assert desk.ended() and desk.state() == "缴清"
    assert desk.remedy().refund == 3000_00 and desk.steps(number) == {"propose_refund"}


@ON_SQLITE
def test_an_organ_corrects_itself_after_everything_was_paid_or_leaves_it_as_it_is(
    engine: ProcessEngine, clock: Clock
) -> None:
    desk = EnforcementDesk(engine, clock)
    desk.open()
    desk.pay(10000, "2026-03-02", "A1")
    assert desk.ended()
    first = desk.open("penalty-remedy")
    desk.do("register", kind="自行纠正", error="复查发现处罚对象错误，应当纠正。")
    desk.do("own_decision", "head", decision="不予纠正", collective="是", opinion="复核后认定无误。")
    assert desk.ended(first) and desk.state(first) == "不予纠正" and desk.remedy().refund == 0
    second = desk.open("penalty-remedy")
    desk.do("register", kind="自行纠正", error="新证据证明处罚对象错误。")
    with desk.engine.database.write() as session:  # the firm is on the list because of this penalty
        penalty = session.scalars(sa.select(FollowUp).where(FollowUp.number == PENALTY)).one()
        common = {
            "district_id": penalty.district_id, "number": f"{PENALTY}/credit", "department": penalty.department,
            "uscc": penalty.uscc, "subject_name": penalty.subject_name, "facts": {}, "state": "已列入",
        }  # fmt: skip
        session.add(
            FollowUp(
                **common, id=new_id(), kind="credit-measures", origin=PENALTY, root=penalty.root,
                root_kind=penalty.root_kind, subject=penalty.subject, opened_at=clock.now,
            )
        )  # fmt: skip
        session.add(
            CreditListing(
                **{**common, "facts": "受到较重处罚。"}, id=new_id(), list_code="serious", ground="penalty",
                ground_name="较重处罚", legal_basis="总局令第44号", subject_kind="企业", found_on=clock.now.date(),
                document_number="济天市监列严〔2026〕1号", listed_on=clock.now.date(), created_at=clock.now,
            )
        )  # fmt: skip
    desk.do("own_decision", "head", decision="撤销", decided_on="2026-03-02", collective="是", opinion="应当撤销。",
            remake="否")  # fmt: skip
    assert desk.steps(second) == {"issue_correction"}
    desk.do("issue_correction", document_number="济天市监罚纠〔2026〕1号")
    assert desk.remedy().outcome_document == "济天市监罚纠〔2026〕1号"
    # Withdrawal and refund do not wait for the service of the decision, the end of the case does.
    assert desk.remedy().refund == 10000_00 and desk.steps(second) == {"propose_refund"}
    assert desk.steps(f"{second}/service-1") == {"deliver"}
    with desk.engine.read() as session:
        asked = session.scalars(sa.select(Message).where(Message.business_key == f"{PENALTY}/credit")).one()
    assert (asked.name, asked.payload["cause"]) == ("credit-removal", "据以列入的决定被撤销")
    assert desk.context("propose_refund")["refund_amount"] == 10000


@ON_SQLITE
def test_the_end_of_one_remedy_neither_lifts_the_stay_of_another_nor_lets_the_time_run_that_it_stops(
    engine: ProcessEngine, clock: Clock
) -> None:
    desk = EnforcementDesk(engine, clock)
    desk.open()
    desk.travel("2026-03-19")
    review = desk.open("penalty-remedy")
    desk.do("register", **REVIEW, applied_on="2026-03-19", received_on="2026-03-19")
    answered(desk, "2026-03-19")
    suit = desk.open("penalty-remedy")
    desk.do("register", **{
        **REVIEW, "kind": "行政诉讼", "body": "济南铁路运输法院", "case_number": "(2026)鲁7101行初1号",
        "stay": "停止执行", "stay_reason": "法院裁定停止执行。",
    }, applied_on="2026-03-19", received_on="2026-03-19")  # fmt: skip
    with pytest.raises(InvalidInput) as refused:
        desk.do("progress", action="登记停止或者恢复执行", stay="恢复执行", stay_reason="审理需要。", on="2026-03-19")
    assert suit in refused.value.fields["stay"][0]
    desk.do("progress", **OUTCOME, outcome="维持", outcome_on="2026-03-19", received_on="2026-03-19",
            effective_on="2026-03-19")  # fmt: skip
    assert desk.ended(review) and desk.debt().stayed_since is not None and desk.state() == "停止执行"
    assert desk.deadline("lawsuit").suspended_at is not None
    answered(desk, "2026-03-19")
    desk.do("progress", action="登记停止或者恢复执行", stay="恢复执行", stay_reason="法院裁定恢复。", on="2026-03-19")
    assert desk.debt().stayed_since is None and desk.state() != "停止执行"
    desk.do("progress", **OUTCOME, outcome="驳回", outcome_on="2026-03-19", received_on="2026-03-19",
            effective_on="2026-03-19")  # fmt: skip
    assert desk.ended(suit) and desk.deadline("lawsuit").suspended_at is None
