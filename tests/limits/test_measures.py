"""Limits of things held: evidence preserved in advance (PL56), seal and seizure (Coercion Law 19, 25), nothing lost."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from engine.db import new_id
from engine.errors import InvalidInput
from engine.inspection.held_models import HeldItem, HeldItemChange
from engine.inspection.models import DepartmentInspection, FollowUp, Inspector, Recusal
from tests.support.limits import LEAD, LimitDistrict

THING = {
    "name": "散装食用油", "mark": "无标签，蓝色塑料桶", "quantity": "3", "unit": "桶", "condition": "未开封",
    "place": "市场监管局涉案物品库", "keeper": "库管员甲",
}  # fmt: skip
BATCH = {**THING, "name": "包装袋", "mark": "批号 20260101", "quantity": "200", "unit": "个"}
APPROVED = {"decision": "批准", "opinion": "同意。"}
SENT = {"action": "送检", "reason": "检测酸价和过氧化值。", "institute": "演示检测中心", "expected_on": "2026-03-20"}
ALARMED = {"*/监管督查", f"{LEAD}/科室负责人"}


def apply(limits: LimitDistrict, kind: str, urgent: str = "否", **more: Any) -> str:
    number = limits.open(kind)
    asked = {"reason": "证据可能被转移，以后难以取得。", "urgent": urgent, "things": [THING, BATCH], **more}
    if urgent == "是":
        asked["urgent_reason"] = "当事人正在装车转移。"
    if kind == "coercive-measure":
        asked = {"kind": "扣押", "authority": "《食品安全法》第一百一十条第四项", **asked}
    limits.do(number, "apply", asked)
    return number


def serve(limits: LimitDistrict, number: str, things: list[dict[str, Any]] | None = None) -> None:
    with limits.engine.read() as session:
        team = session.scalars(
            sa.select(DepartmentInspection.inspectors).where(DepartmentInspection.number == limits.part)
        ).one()
    said = {
        "started_at": limits.clock.now.isoformat(), "officers": team, "certificates_shown": True, "party": "到场",
        "present_person": "演示负责人", "statement": "无", "things": things or [THING, BATCH],
        "document_number": "济天市监强措〔2026〕1号", "list_delivered": True, "decision_delivered": True,
        "rights_told": True,
    }  # fmt: skip
    seizing = "measure" in number.rpartition("/")[2]
    dropped = ("list_delivered",) if seizing else ("decision_delivered", "rights_told")
    limits.do(number, "serve", {k: v for k, v in said.items() if k not in dropped})


def propose(limits: LimitDistrict, number: str, *outcomes: str, action: str = "") -> None:
    lines = [
        {"item": f"{number}/物品-{n}", "outcome": outcome, "note": "处罚决定书〔2026〕9号"}
        for n, outcome in enumerate(outcomes, 1)
    ]
    values: dict[str, Any] = {"things": lines, "reason": "违法事实已经查清。"}
    limits.do(number, "propose", {**values, "action": action} if action else values)


def dispose(limits: LimitDistrict, number: str, *outcomes: str, action: str = "") -> None:
    propose(limits, number, *outcomes, action=action)
    limits.do(number, "approve_disposal", APPROVED)


def send_for_testing(limits: LimitDistrict, number: str) -> None:
    """Proposed, approved as the row of the table asks, and the party told: from then on the term stands still."""
    limits.do(number, "propose", SENT)
    limits.do(number, "approve_testing", APPROVED)
    limits.do(number, "tell_testing", told(limits))


def told(limits: LimitDistrict) -> dict[str, Any]:
    return {"test_until": "2026-03-20", "told_on": limits.clock.now.date().isoformat(), "method": "直接送达",
            "receiver": "演示负责人"}  # fmt: skip


def give_back(limits: LimitDistrict, number: str) -> None:
    """Everything that waits for a receipt gets one."""
    lines = [
        {"item": one.number, "ending": "returned", "ended_on": limits.clock.now.date().isoformat(),
         "receiver": "演示负责人", "receipt": "收据 1 号"}
        for one in things(limits, number) if one.ended_at is None
    ]  # fmt: skip
    limits.do(number, "return_things", {"things": lines, "costs": 0})


def things(limits: LimitDistrict, number: str) -> list[HeldItem]:
    with limits.engine.read() as session:
        return list(session.scalars(sa.select(HeldItem).where(HeldItem.measure == number).order_by(HeldItem.serial)))


def states(limits: LimitDistrict, number: str) -> list[str]:
    return [one.state for one in things(limits, number)]


def test_preserved_evidence_is_decided_on_within_seven_working_days_or_the_measure_is_lifted(
    limits: LimitDistrict,
) -> None:
    number = apply(limits, "evidence-preservation")
    limits.do(number, "approve", APPROVED)
    serve(limits, number)
    assert limits.deadline(number, "preserved-evidence").due_at.date().isoformat() == "2026-03-11"
    before, on, after = limits.around(number, "preserved-evidence")
    assert (before.colour, on.colour, after.colour) == ("orange", "orange", "red")
    assert (on.gone, after.gone, after.opened) == (frozenset(), {"propose"}, {"return_things"})
    assert after.told == ALARMED

    over = limits.at(after.at)  # nobody decided: lifted by law, and still in the store until somebody signs
    assert states(over, number) == ["待退还", "待退还"] and over.follow_up(number).state == "期满自动解除"
    give_back(over, number)
    closed = over.follow_up(number)
    assert states(over, number) == ["已退还", "已退还"] and closed.closed_at and closed.state == "期满自动解除"

    in_time = limits.at(on.at)
    in_time.deploy("coercive-measure")
    with pytest.raises(InvalidInput) as missing:
        propose(in_time, number, "released")
    assert "还有 1 件" in str(missing.value.fields)
    dispose(in_time, number, "tested", "seized")
    assert states(in_time, number) == ["送检", "待查封扣押"] and in_time.deadline(number, "preserved-evidence").met_at
    measure = f"{number}/measure-1"
    taken = [{**BATCH, "item": f"{number}/物品-2"}]
    in_time.do(measure, "apply", {"kind": "扣押", "authority": "《食品安全法》第一百一十条", "reason": "涉嫌违法使用。",
                                  "urgent": "否", "things": taken})  # fmt: skip
    in_time.do(measure, "approve", APPROVED)
    serve(in_time, measure, taken)
    assert [(one.number, one.state) for one in things(in_time, measure)] == [(f"{number}/物品-2", "扣押")]
    give_back(in_time, number)
    assert states(in_time, number) == ["已退还"] and in_time.follow_up(number).closed_at
    with in_time.engine.read() as session:
        trail = session.scalars(
            sa.select(HeldItemChange.state).join(HeldItem, HeldItem.id == HeldItemChange.item)
            .where(HeldItem.number == f"{number}/物品-2").order_by(HeldItemChange.id)
        ).all()  # fmt: skip
    assert trail == ["先行登记保存", "待查封扣押", "扣押"]


def test_a_seizure_lasts_thirty_days_and_thirty_more_and_testing_does_not_count(limits: LimitDistrict) -> None:
    number = apply(limits, "coercive-measure")
    limits.do(number, "approve", {"decision": "退回", "opinion": "请补充授权条款的款项。"})
    limits.do(number, "apply", {"kind": "扣押", "authority": "《食品安全法》第一百一十条第四项", "urgent": "否",
                                "reason": "涉嫌违法使用的食品原料。", "things": [THING, BATCH]})  # fmt: skip
    limits.do(number, "approve", APPROVED)
    serve(limits, number)
    assert limits.deadline(number, "coercive-measure").due_at.date().isoformat() == "2026-04-01"
    before, on, after = limits.around(number, "coercive-measure")
    assert (on.overdue, after.colour, after.opened, after.gone) == (False, "red", {"return_things"}, {"propose"})
    assert before.colour == "orange" and after.told == ALARMED

    limits.clock.travel("2026-03-10T09:00")
    send_for_testing(limits, number)
    assert limits.deadline(number, "coercive-measure").due_at is None
    limits.clock.travel("2026-03-20T09:00")
    limits.run_timers()
    limits.do(number, "testing", {"report_number": "检〔2026〕7号", "result": "不合格",
                                  "received_at": "2026-03-20T09:00", "cost": 800,
                                  "attachments": limits.file(number, "testing", "attachments")})  # fmt: skip
    assert (
        limits.deadline(number, "coercive-measure").due_at.date().isoformat() == "2026-04-13"
    )  # the 11th is a Saturday

    limits.do(number, "propose", {"action": "申请延长", "reason": "上游供货商在外省，需要协查。"})
    limits.do(number, "approve_extension", APPROVED)
    limits.do(number, "tell_extension", {"document_number": "济天市监强延〔2026〕1号", "told_on": "2026-03-20",
                                         "method": "直接送达", "receiver": "演示负责人"})  # fmt: skip
    assert limits.deadline(number, "coercive-measure").due_at.date().isoformat() == "2026-05-11"
    with pytest.raises(InvalidInput, match="不能再延长"):
        limits.do(number, "propose", {"action": "申请延长", "reason": "还没有查清。"})
    before, on, after = limits.around(number, "coercive-measure")
    assert (on.overdue, after.opened) == (False, {"return_things"})

    dispose(limits, number, "confiscated", "released", action="作出处理决定")
    assert states(limits, number) == ["已没收", "待退还"]
    give_back(limits, number)
    assert limits.follow_up(number).closed_at is not None


@pytest.mark.parametrize("kind", ["evidence-preservation", "coercive-measure"])
def test_an_urgent_measure_is_approved_within_twenty_four_hours_or_lifted(limits: LimitDistrict, kind: str) -> None:
    limits.clock.travel("2026-03-06T16:30")  # a Friday: hours do not wait for Monday
    number = apply(limits, kind, urgent="是")
    serve(limits, number)
    name = "measure-approval" if kind == "coercive-measure" else "preservation-approval"
    assert limits.deadline(number, name).due_at.isoformat() == "2026-03-07T08:30:00+00:00"
    before, on, after = limits.around(number, name, then=lambda d: d.do(number, "approve_afterwards", APPROVED))
    assert (before.on_time, on.on_time, after.on_time) == (True, True, False)
    late = limits.at(after.at)
    assert [one["name"] for one in late.follow_up(number).facts["missed"]] == [name]
    late.do(number, "approve_afterwards", {"decision": "不批准", "opinion": "不符合紧急情形。"})
    assert states(late, number) == ["待退还", "待退还"] and late.steps(number) == {"return_things"}
    give_back(late, number)
    row: FollowUp = late.follow_up(number)
    assert row.closed_at is not None and row.state == "补办未批准，立即解除"


@pytest.mark.parametrize("kind", ["evidence-preservation", "coercive-measure"])
def test_an_urgent_measure_nobody_approves_ends_with_its_own_term(limits: LimitDistrict, kind: str) -> None:
    number = apply(limits, kind, urgent="是")
    serve(limits, number)
    name = "coercive-measure" if kind == "coercive-measure" else "preserved-evidence"
    before, on, after = limits.around(number, name)
    assert (before.opened, before.gone, on.opened, on.gone) == (frozenset(),) * 4
    assert (after.opened, after.gone) == ({"return_things"}, {"approve_afterwards"})
    over = limits.at(after.at)  # the head's silence does not keep the things
    assert states(over, number) == ["待退还", "待退还"] and over.follow_up(number).state == "期满自动解除"
    give_back(over, number)
    assert over.follow_up(number).closed_at is not None


@pytest.mark.parametrize("kind", ["evidence-preservation", "coercive-measure"])
def test_only_two_officers_with_a_certificate_and_no_reason_to_stand_back_carry_it_out(
    limits: LimitDistrict, kind: str
) -> None:
    number = apply(limits, kind, urgent="是")
    with limits.engine.database.write() as session:
        codes = session.scalars(
            sa.select(DepartmentInspection.inspectors).where(DepartmentInspection.number == limits.part)
        ).one()
        first, second = session.scalars(
            sa.select(Inspector).where(Inspector.code.in_(codes[:2])).order_by(Inspector.code)
        )
        first.certificate_until = limits.clock.now.date() - timedelta(days=1)
        uscc, reason = limits.follow_up(number).uscc, "与当事人有近亲属关系"
        session.add(
            Recusal(id=new_id(), district_id=limits.engine.settings.district_id, inspector_code=second.code, uscc=uscc,
                    reason=reason, at=limits.clock.now)
        )  # fmt: skip
        names = first.name, second.name
    with pytest.raises(InvalidInput) as refused:
        serve(limits, number)
    said = " ".join(refused.value.fields["officers"])
    assert all(name in said for name in names) and "到期" in said and reason in said
    assert things(limits, number) == [] and limits.steps(number) == {"serve"}


def test_a_test_without_a_result_on_the_day_expected_is_urged(limits: LimitDistrict) -> None:
    number = apply(limits, "coercive-measure")
    limits.do(number, "approve", APPROVED)
    serve(limits, number)
    limits.clock.travel("2026-03-10T09:00")
    with pytest.raises(InvalidInput, match="日期"):
        limits.do(number, "propose", {**SENT, "expected_on": "2026-03-10"})
    send_for_testing(limits, number)

    def result(district: LimitDistrict, received: str = "") -> None:
        report = {"report_number": "检〔2026〕7号", "result": "不合格", "cost": 800}
        files = district.file(number, "testing", "attachments")
        at = received or district.clock.now.isoformat()
        district.do(number, "testing", {**report, "received_at": at, "attachments": files})

    with pytest.raises(InvalidInput) as refused:
        result(limits, "2026-03-11T09:00")
    assert set(refused.value.fields) == {"received_at"}
    before, on, after = limits.around(number, "measure-testing", then=result)
    assert (before.on_time, on.on_time, after.on_time) == (True, True, False)
    assert (on.overdue, after.overdue, after.told, after.gone) == (False, True, ALARMED, frozenset())
    late = limits.at(after.at)
    assert [one["name"] for one in late.follow_up(number).facts["missed"]] == ["measure-testing"]
    assert late.steps(number) == {"testing"} and late.deadline(number, "coercive-measure").due_at is None
    result(late)
    assert late.steps(number) == {"propose"} and late.deadline(number, "coercive-measure").due_at is not None


def test_a_test_is_approved_first_and_the_term_stands_still_only_once_the_party_is_told(limits: LimitDistrict) -> None:
    number = apply(limits, "coercive-measure")
    limits.do(number, "approve", APPROVED)
    serve(limits, number)
    limits.clock.travel("2026-03-10T09:00")
    limits.do(number, "propose", SENT)
    due = limits.deadline(number, "coercive-measure").due_at
    assert limits.steps(number) == {"approve_testing"} and due is not None
    limits.do(number, "approve_testing", {"decision": "退回", "opinion": "请写明检测的依据。"})
    assert limits.steps(number) == {"propose"}
    limits.do(number, "propose", SENT)
    limits.do(number, "approve_testing", APPROVED)
    assert limits.steps(number) == {"tell_testing"} and limits.deadline(number, "coercive-measure").due_at == due
    with pytest.raises(InvalidInput) as refused:
        limits.do(number, "tell_testing", {**told(limits), "told_on": "2026-03-11", "test_until": "2026-03-10"})
    assert set(refused.value.fields) == {"told_on", "test_until"}
    with pytest.raises(InvalidInput) as early:
        limits.do(number, "tell_testing", {**told(limits), "told_on": "2026-03-01"})
    assert set(early.value.fields) == {"told_on"}

    before, on, after = limits.around(number, "coercive-measure")  # nobody was told: the term goes on
    assert (before.gone, on.overdue, after.gone, after.opened) == (
        frozenset(), False, {"tell_testing"}, {"return_things"},
    )  # fmt: skip
    over = limits.at(after.at)
    assert states(over, number) == ["待退还", "待退还"]


def test_an_office_whose_row_asks_for_no_approval_sends_for_testing_at_once(
    limits: LimitDistrict, tmp_path: Path
) -> None:
    number = apply(limits, "coercive-measure")
    limits.do(number, "approve", APPROVED)
    serve(limits, number)
    shutil.copytree(limits.engine.settings.process_dir / "tables", tmp_path / "tables")
    table = json.loads((tmp_path / "tables/deadline.json").read_text("utf-8"))
    (row,) = [one for one in table["rows"] if one["name"] == "coercive-measure"]
    row["suspensions"][0]["application"] = False
    (tmp_path / "tables/deadline.json").write_text(json.dumps(table), "utf-8")
    own = replace(limits.engine.settings, process_dir=tmp_path)
    limits.engine.kernel = replace(limits.engine.kernel, settings=own)
    limits.do(number, "propose", SENT)
    assert limits.steps(number) == {"tell_testing"}
