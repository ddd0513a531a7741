"""Carrying out a penalty on its limits: payment, reminder, the court, answers to review and lawsuit, refunds."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from engine.actor import Actor
from engine.calendar import Calendar
from engine.commands.context import CommandContext
from engine.db import new_id
from engine.errors import InvalidInput
from engine.inspection import enforcement as e
from engine.inspection.enforcement_models import PenaltyRemedy
from engine.inspection.models import FollowUp
from tests.support.limits import LEAD, LimitDistrict

OUTCOME = {
    "action": "登记结果", "outcome": "撤销", "document_number": "济天政复决〔2026〕3号", "summary": "证据不足。",
}  # fmt: skip


@dataclass(frozen=True)
class ServedPenalty:
    """A fine of 10,000 yuan decided and served on 2 March 2026."""

    number: str

    def run(self, ctx: CommandContext) -> None:
        subject = {"name": "济南示例餐饮有限公司", "uscc": "91370105MA3C0000XX"}
        origin = self.number.rpartition("/")[0]
        facts = {
            "decision": {
                "document_number": "济天市监罚〔2026〕8号", "decided_on": "2026-03-02", "kinds": ["罚款"],
                "amount": 10000, "facts": "当事人未按规定贮存食品，有检查笔录为证。",
            },
            "service": {"served_on": "2026-03-02"},
        }  # fmt: skip
        ctx.session.add(
            FollowUp(
                id=new_id(), district_id=ctx.district_id, number=self.number, kind="administrative-penalty",
                origin=origin, root=origin, root_kind="department-inspection", subject=subject, department=LEAD,
                uscc=subject["uscc"], subject_name=subject["name"], state="已送达", opened_at=ctx.now, facts=facts,
            )
        )  # fmt: skip


def served(limits: LimitDistrict) -> tuple[str, str]:
    """The numbers of a served penalty and of its enforcement."""
    number = f"{limits.part}/penalty"
    limits.engine.execute(ServedPenalty(number), actor=Actor.system())
    return number, limits.open(e.PROCESS, number)


def pay(amount: float, receipt: str = "A1", on: str = "2026-03-02") -> dict[str, object]:
    return {"action": "登记缴款", "purpose": "罚款", "amount": amount, "paid_on": on, "receipt_number": receipt,
            "way": "代收银行"}  # fmt: skip


def surcharge(limits: LimitDistrict, number: str) -> int:
    with limits.engine.read() as session:
        settings = limits.engine.settings
        calendar = Calendar.load(session, settings.district_id, settings.timezone)
        row = e.debt(session, settings.district_id, number)
        return e.balance(session, settings, calendar, row, limits.clock.now.date()).surcharge


def test_a_fine_is_paid_within_fifteen_days_and_bears_three_percent_from_the_next_day_on(limits: LimitDistrict) -> None:
    _, case = served(limits)
    added: list[int] = []

    def paid(copy: LimitDistrict) -> None:
        added.append(surcharge(copy, case))
        copy.do(case, "collect", pay(10000, on=copy.clock.now.date().isoformat()))

    before, on, after = limits.around(case, "payment", then=paid)
    assert (before.on_time, on.on_time, after.on_time) == (True, True, False) and added == [0, 0, 300_00]
    assert (before.opened, on.opened, after.opened) == (frozenset(), frozenset(), frozenset({"draft_reminder"}))
    assert after.told == {"*/监管督查", f"{LEAD}/科室负责人"}


def test_the_court_is_asked_ten_working_days_after_the_reminder_and_within_three_months(limits: LimitDistrict) -> None:
    _, case = served(limits)
    limits.clock.travel("2026-03-20T09:00")
    limits.run_timers()
    limits.do(
        case, "draft_reminder", {"obligation": "缴纳罚款 10,000.00 元。", "way": "代收银行", "surcharge": "按规定加处"}
    )
    limits.do(case, "approve_reminder", {"decision": "同意"})
    served_on = {"number": f"{case}/service-1", "outcome": "已送达", "served_on": "2026-03-20"}
    limits.engine.execute(_Tell("document-service-closed", case, served_on), actor=Actor.system())
    before, on, after = limits.around(case, step="hear_reminder")  # 3 April
    assert (before.gone, on.gone, after.gone) == (frozenset(), frozenset(), frozenset({"hear_reminder"}))
    limits.clock.travel("2026-04-10T09:00")
    limits.run_timers()
    assert limits.deadline(case, "lawsuit").due_at is not None
    before, on, after = limits.around(case, "lawsuit")  # six months: 2 September
    assert (before.opened, on.opened, after.opened) == (frozenset(), frozenset(), frozenset({"draft_application"}))
    limits.clock.travel("2026-09-04T09:00")
    limits.run_timers()
    form = {
        "court": "天桥区人民法院",
        "claims": "强制执行罚款 10,000.00 元。",
        "reasons": "当事人未按规定贮存食品，有笔录为证。",
    }
    limits.do(case, "draft_application", form)
    limits.do(case, "approve_application", {"decision": "同意"})

    def filed(copy: LimitDistrict) -> None:
        if "explain_missed" in copy.steps(case):
            copy.do(
                case, "explain_missed", {"cause": "没有交接。", "responsibility": "责成整改。", "decision": "仍然申请"}
            )
        day = copy.clock.now.date().isoformat()
        copy.do(case, "file_application", {"court": "天桥区人民法院", "filed_on": day, "late_reason": "法院暂停收件。"})

    before, on, after = limits.around(case, "court-application", then=filed)
    assert (before.on_time, on.on_time, after.on_time) == (True, True, False)
    assert on.opened == frozenset() and after.opened == {"explain_missed"} and after.colour == "red"
    filed(limits)
    refused = {
        "result": "不予受理",
        "number": "(2026)行审1号",
        "received_on": "2026-09-04",
        "reason": "材料不全，不予受理。",
    }
    limits.do(case, "court_ruling", {**refused, "next": "申请复议"})
    granted = {"result": "准予执行", "number": "(2026)行审复1号", "received_on": "2026-09-04"}
    before, on, after = limits.around(
        case, "court-reconsideration", then=lambda copy: copy.do(case, "court_ruling", granted)
    )
    assert (before.on_time, on.on_time, after.on_time) == (True, True, False) and after.overdue


@dataclass(frozen=True)
class _Tell:
    name: str
    key: str
    payload: dict[str, str]

    def run(self, ctx: CommandContext) -> None:
        ctx.send_message(self.name, self.key, self.payload)


def notice(kind: str, applied_on: str) -> dict[str, str]:
    return {
        "kind": kind, "body": "天桥区人民政府", "case_number": "〔2026〕3号", "applicant": "示例餐饮有限公司",
        "applied_on": applied_on, "received_on": applied_on, "claims": "请求撤销处罚决定。", "stay": "不停止",
    }  # fmt: skip


def test_review_and_lawsuit_are_in_time_up_to_their_last_day(limits: LimitDistrict) -> None:
    penalty, _ = served(limits)
    limits.clock.travel("2026-12-01T09:00")
    told: dict[str, bool | None] = {}
    for kind, days in (
        ("行政复议", ("2026-05-05", "2026-05-06", "2026-05-07")),  # sixty days end on a holiday and roll
        ("行政诉讼", ("2026-09-01", "2026-09-02", "2026-09-03")),
    ):
        for day in days:
            number = limits.open("penalty-remedy", penalty)
            limits.do(number, "register", notice(kind, day))
            with limits.engine.read() as session:
                told[day] = session.scalar(sa.select(PenaltyRemedy.in_time).where(PenaltyRemedy.number == number))
    assert list(told.values()) == [True, True, False, True, True, False]


def test_an_answer_goes_to_the_reviewing_organ_in_ten_working_days_and_to_the_court_in_fifteen_days(
    limits: LimitDistrict,
) -> None:
    penalty, _ = served(limits)
    answer = {
        "action": "答复", "facts": "当事人未按规定贮存食品，有笔录。", "basis": "食品安全法第一百二十六条",
        "answer": "处罚事实清楚、程序合法，请求维持。", "agents": "负责人",
    }  # fmt: skip
    for kind, name in (("行政复议", "review-answer"), ("行政诉讼", "suit-answer")):
        number = limits.open("penalty-remedy", penalty)
        limits.do(number, "register", notice(kind, "2026-03-02"))
        limits.do(number, "draft_answer", answer)
        limits.do(number, "sign_answer", {"decision": "同意"})

        def filed(copy: LimitDistrict, number: str = number) -> None:
            day = {"answered_on": copy.clock.now.date().isoformat()}
            try:
                copy.do(number, "file_answer", day)
            except InvalidInput:
                copy.do(number, "file_answer", {**day, "late_reason": "材料调取耗时。"})

        before, on, after = limits.around(number, name, then=filed)
        assert (before.on_time, on.on_time, after.on_time) == (True, True, False) and after.overdue


def test_money_comes_back_and_a_decision_is_made_anew_within_their_days(limits: LimitDistrict) -> None:
    penalty, case = served(limits)
    limits.do(case, "collect", pay(4000))
    number = limits.open("penalty-remedy", penalty)
    limits.do(number, "register", notice("行政复议", "2026-03-02"))
    limits.do(number, "draft_answer", {"action": "不需要答复", "reason": "复议机关已经决定。"})
    days = dict.fromkeys(("outcome_on", "received_on", "effective_on"), "2026-03-02")
    limits.do(number, "progress", {**OUTCOME, **days, "remake": "是"})
    limits.do(number, "propose_refund", {"amount": 4000, "payee": "示例餐饮有限公司", "basis": "复议决定撤销处罚。"})
    limits.do(number, "approve_refund", {"decision": "同意"})

    def refunded(copy: LimitDistrict) -> None:
        day = copy.clock.now.date().isoformat()
        copy.do(number, "pay_refund", {"refunded_on": day, "receipt_number": "T1", "way": "国库退付"})

    before, on, after = limits.around(number, "refund", then=refunded)
    assert (before.on_time, on.on_time, after.on_time) == (True, True, False)
    refunded(limits)
    remade = _Tell("administrative-penalty-closed", number, {"outcome": "不予处罚"})
    before, on, after = limits.around(
        number, "remake", then=lambda copy: copy.engine.execute(remade, actor=Actor.system())
    )
    assert (before.on_time, on.on_time, after.on_time) == (True, True, False)
