"""经营异常名录, 严重违法失信名单, their measures, and 信用修复: the limits from three sides, on the real services."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from engine.errors import InvalidInput
from engine.inspection.credit_models import CreditListing, CreditMeasureNotice
from engine.inspection.demo.accounts import DEMO_PASSWORD
from engine.inspection.jobs import end_publicity
from engine.inspection.models import FollowUp, InspectedObject, Publication
from engine.inspection.object_traits import TraitReader
from engine.web.app import create_app
from tests.support.limits import LEAD, LimitDistrict
from tests.support.pages import Browser

GROUNDS = {"企业": "false-information", "个体工商户": "sole-false-information"}
CONDITIONS = ["fulfilled", "corrected", "no-repetition", "commitment"]
LETTERS = {"企业": "unreachable", "个体工商户": "sole-unreachable"}


def proposal(district: LimitDistrict, number: str, grounds: dict[str, str], **values: Any) -> dict[str, Any]:
    kind = district.follow_up(number).subject["subject_kind"]
    return {
        "decision": "列入",
        "ground": grounds[kind],
        "found_on": "2026-03-02",
        "facts": "公示信息与实际不符。",
        **values,
    }


def decide(district: LimitDistrict, number: str, **values: Any) -> None:
    today = district.clock.now.date().isoformat()
    given = {"decision": "列入", "decided_on": today, "document_number": "济天市监列异〔2026〕1号", **values}
    district.do(number, "head_decision", given)


def as_sole_trader(district: LimitDistrict, number: str) -> None:
    with district.engine.database.write() as session:
        row = session.scalars(sa.select(FollowUp).where(FollowUp.number == number)).one()
        row.subject = {**row.subject, "subject_kind": "个体工商户"}


def publish(district: LimitDistrict, number: str) -> Publication:
    with district.engine.read() as session:
        task = district.office.open_tasks("publication_preview", business_key=number)[0]
        context = district.engine.task_view(session, task).context
    shown = {"decision": "公示", "redact_name": context["redact_name"] or "照常公示", "hits": context["hits"]}
    district.do(number, "publication_preview", {**shown, "checked": True})
    district.do(number, "second_signoff", {"decision": "同意"})
    with district.engine.read() as session:
        return session.scalars(sa.select(Publication).where(Publication.subject == number)).one()


def marks(district: LimitDistrict, uscc: str) -> tuple[bool, bool, str]:
    """Is the object on the abnormal list, does it bear the tag, and what do the ratio tables see?"""
    with district.engine.read() as session:
        row = session.scalars(sa.select(InspectedObject).where(InspectedObject.uscc == uscc)).one()
        on, tags = row.on_abnormal_list, list(row.tags)
    names = "[" + ",".join(f'"{tag}"' for tag in tags) + "]"
    reader = TraitReader(district.engine.settings, district.clock.now.date())
    return on, "严重违法失信" in tags, reader.read("", "", on, names, "[]").credit


def due_on(district: LimitDistrict, number: str) -> str:
    """The last day of the decision."""
    due = district.deadline(number, "abnormal-listing").due_at
    assert due is not None
    return due.date().isoformat()


def apply(district: LimitDistrict, case: str, **values: Any) -> None:
    """Register an application to repair, with every condition of an entry of a list met."""
    today = district.clock.now.date().isoformat()
    paper = district.file(case, "apply", "commitment")
    asked = {"applied_on": today, "applicant": "王示例", "special": "否", "commitment": paper, "decision": "受理"}
    district.do(case, "apply", {**asked, "met": CONDITIONS, **values})


def grant(district: LimitDistrict, case: str) -> None:
    """The head grants it, today."""
    today = district.clock.now.date().isoformat()
    given = {"decision": "准予修复", "decided_on": today, "document_number": "济天市监信修〔2026〕1号"}
    district.do(case, "decide", given)


def signed_in(app: Flask, login: str) -> Browser:
    """A browser of one of the demo's people."""
    browser = Browser(app.test_client())
    browser.post("/sign-in", {"login": login, "password": DEMO_PASSWORD}, page="/sign-in")
    return browser


def test_an_entry_is_decided_in_ten_working_days_published_told_to_the_units_and_removed(
    limits: LimitDistrict,
) -> None:
    limits.deploy("credit-measure-notice")
    number = limits.open("credit-measures", category="4")
    assert limits.steps(number) == {"propose"}
    late = proposal(limits, number, GROUNDS, found_on="2026-03-03")
    with pytest.raises(InvalidInput) as refused:
        limits.do(number, "propose", late)
    assert "不能晚于今天" in str(refused.value.fields)
    limits.do(number, "propose", proposal(limits, number, GROUNDS))
    limits.do(number, "section_review", {"decision": "同意"})
    before, on, after = limits.around(number, "abnormal-listing", then=lambda d: decide(d, number))
    assert (before.on_time, on.on_time, after.on_time, on.overdue) == (True, True, False, False)
    assert on.at.date().isoformat() == "2026-03-16" and after.colour == "red"

    decide(limits, number)
    uscc = limits.follow_up(number).uscc
    assert marks(limits, uscc) == (True, False, "discredited"), "ratio and frequency tables see it"
    row = publish(limits, number)
    public = create_app(limits.engine.settings, limits.engine).test_client()
    assert row.title in public.get("/public/abnormal").text
    assert public.get("/public/abnormal.json").get_json()["items"][0]["_lianjian"]["state"] == "published"
    with limits.engine.read() as session:
        notices = {n.unit: n for n in session.scalars(sa.select(CreditMeasureNotice))}
    assert {"FGJ", "ZJJ", "RSJ", LEAD} == set(notices) and notices["FGJ"].measures[0]["code"] == "procurement"

    unit = notices["FGJ"].number
    early, last, missed = limits.around(
        unit, "measure-receipt", then=lambda d: d.do(unit, "sign", {"received": True})
    )  # fmt: skip
    assert (early.on_time, last.on_time, missed.on_time) == (True, True, False)
    limits.do(unit, "sign", {"received": True})
    limits.do(unit, "report", {"taken": "已经采取", "report": "评审时作为考量因素。"})

    app = create_app(limits.engine.settings, limits.engine)
    officer, elsewhere = signed_in(app, "scjg-officer"), signed_in(app, "fgj-officer")
    page = officer.text("/credit")
    assert limits.follow_up(number).subject_name in page and "提出移出" in page and "已公示" in page
    told = "已经采取：评审时作为考量因素。"
    assert told in elsewhere.text("/credit?tab=measures") and told in officer.text("/credit?tab=measures")
    assert "还没有" in elsewhere.text("/credit") and "没有符合条件的记录" in officer.text("/credit?state=已移出")
    table = officer.get(f"/credit.csv?q={uscc}").get_data(as_text=True)
    assert "济天市监列异〔2026〕1号" in table and uscc in table
    asked = {"number": number, "reason": "已经更正", "tab": "abnormal"}
    assert elsewhere.post("/credit/removal", asked).status_code == 303 and not limits.steps(number) & {"verify_removal"}
    answer = officer.post("/credit/removal", asked)
    assert "/tasks/" in answer.location and "verify_removal" in limits.steps(number)
    again = officer.post("/credit/removal", asked, follow_redirects=True)
    assert "移出正在办理" in again.text
    checked = {"cause": "已经纠正违法失信行为", "verified_on": "2026-03-02", "facts": "公示信息已经更正。"}
    limits.do(number, "verify_removal", checked)

    def remove(district: LimitDistrict) -> None:
        given = {"decision": "移出", "decided_on": "2026-03-02", "document_number": "济天市监移出〔2026〕1号"}
        district.do(number, "decide_removal", given)

    early, last, missed = limits.around(number, "abnormal-removal", then=remove)
    assert (early.on_time, last.on_time, missed.on_time) == (True, True, False)
    assert last.at.date().isoformat() == "2026-03-09"
    remove(limits)
    assert limits.follow_up(number).state == "已移出" and marks(limits, uscc)[::2] == (False, "")
    assert row.title not in public.get("/public/abnormal").text
    assert public.get(f"/public/publications/{row.id}").status_code == 404
    open_now = {(t.business_key, t.element_id) for t in limits.office.open_tasks("sign_end", "sign")}
    assert open_now == {(n.number, "sign_end") for n in notices.values()}, "those that had not signed, too"
    limits.do(unit, "sign_end", {"received": True, "report": "已经停止采取措施。"})
    with limits.engine.read() as session:
        ended = session.scalars(sa.select(CreditMeasureNotice).where(CreditMeasureNotice.unit == "FGJ")).one()
        listing = session.scalars(sa.select(CreditListing)).one()
    assert (ended.state, bool(ended.received_at), bool(ended.end_received_at)) == ("已解除", True, True)
    assert (listing.state, listing.removal_document) == ("已移出", "济天市监移出〔2026〕1号")


def test_a_sole_trader_who_answers_no_letter_is_marked_and_letters_too_close_are_refused(
    limits: LimitDistrict,
) -> None:
    limits.deploy("credit-measure-notice")
    number = limits.open("credit-measures", category="5")
    as_sole_trader(limits, number)
    with pytest.raises(InvalidInput) as refused:
        limits.do(number, "propose", {**proposal(limits, number, LETTERS), "ground": "other-information"})
    assert "ground" in refused.value.fields, "a ground of companies"
    limits.do(number, "propose", proposal(limits, number, LETTERS))
    letter = {"mail_number": "XA12345678937", "address": "登记的住所", "result": "无人签收退回"}
    limits.do(number, "first_letter", {**letter, "sent_on": "2026-03-02", "result_on": "2026-03-02"})
    limits.clock.travel("2026-04-03T10:00")

    def second(district: LimitDistrict, day: str, result: str = "无人签收退回") -> None:
        given = {**letter, "sent_on": day, "result_on": "2026-04-03", "result": result}
        district.do(number, "second_letter", given)

    for day, when in (("2026-03-16", "太早"), ("2026-04-02", "太晚")):
        with pytest.raises(InvalidInput) as refused:
            second(limits, day)
        assert when in str(refused.value.fields) and "2026-03-17 至 2026-04-01" in str(refused.value.fields)
    missed = {"result": "重新邮寄", "reason": "承办人出差，没有按期寄出。"}
    anew = limits.at(limits.clock.now)
    anew.do(number, "second_letter", missed)
    assert anew.steps(number) == {"first_letter"} and "letters_before" in anew.follow_up(number).facts
    anew.do(number, "first_letter", {**letter, "sent_on": "2026-04-03", "result_on": "2026-04-03"})
    with pytest.raises(InvalidInput) as refused:
        anew.do(number, "second_letter", missed)
    assert "2026-04-18 至 2026-05-03" in str(refused.value.fields)
    for day in ("2026-03-17", "2026-04-01"):  # the first and the last lawful day
        side = limits.at(limits.clock.now)
        second(side, day)
        assert due_on(side, number) == "2026-04-20"
    side = limits.at(limits.clock.now)
    second(side, "2026-03-20", "已经联系上")
    assert side.follow_up(number).state == "已经联系上，不列入"
    second(limits, "2026-03-20")
    limits.do(number, "section_review", {"decision": "退回", "return_reason": "请写明退件原因。"})
    limits.do(number, "propose", proposal(limits, number, LETTERS))  # needs no further letters
    assert due_on(limits, number) == "2026-04-20"
    limits.do(number, "section_review", {"decision": "同意"})
    decide(limits, number)
    row = publish(limits, number)
    uscc = limits.follow_up(number).uscc
    assert row.content["名单"] == "经营异常状态" and marks(limits, uscc)[0]

    limits.deploy("credit-repair")
    case = limits.open("credit-repair", origin=number)
    apply(limits, case, met=["corrected", "commitment"])
    limits.do(case, "verify", {"checked_on": "2026-04-03", "facts": "已经重新取得联系。", "opinion": "建议准予修复"})
    limits.do(case, "section_check", {"decision": "同意"})
    before, on, after = limits.around(case, "repair-decision", then=lambda d: grant(d, case))
    assert (before.on_time, on.on_time, after.on_time) == (True, True, False)
    assert on.at.date().isoformat() == "2026-04-13", "five working days, not fifteen"
    grant(limits, case)
    assert limits.follow_up(number).state == "已移出" and not marks(limits, uscc)[0]


def test_serious_dishonesty_is_told_first_lasts_three_years_and_may_be_repaired_after_one(
    limits: LimitDistrict,
) -> None:
    limits.deploy("credit-measure-notice", "credit-repair")
    number = limits.open("credit-measures")
    limits.do(number, "propose", proposal(limits, number, {"企业": "food-safety", "个体工商户": "food-safety"}))
    told = {"document_number": "济天市监列严告〔2026〕1号", "served_on": "2026-03-02", "method": "直接送达"}
    limits.do(number, "serious_notice", told)
    before, on, after = limits.around(number, "serious-statement")
    assert not before.opened and not on.opened and after.opened == {"section_review"}
    assert after.gone == {"serious_statement"}
    limits.do(number, "serious_statement", {"raised": "放弃陈述申辩"})
    limits.do(number, "section_review", {"decision": "同意"})
    with pytest.raises(InvalidInput) as refused:
        decide(limits, number)
    assert "superior_consent" in refused.value.fields
    before, on, after = limits.around(
        number, "serious-listing", then=lambda d: decide(d, number, superior_consent="济市监信〔2026〕3号")
    )
    assert (before.on_time, on.on_time, after.on_time) == (True, True, False)
    decide(limits, number, superior_consent="济市监信〔2026〕3号")
    uscc = limits.follow_up(number).uscc
    assert marks(limits, uscc)[1:] == (True, "discredited")
    row = publish(limits, number)
    assert str(row.public_until) == "2029-03-02" and str(row.repairable_on) == "2027-03-02"

    def over(day: str) -> tuple[str, bool, int]:
        later = limits.at(datetime.fromisoformat(f"{day}T00:05:00+08:00"))
        end_publicity(later.engine, {})
        end_publicity(later.engine, {})
        page = create_app(later.engine.settings, later.engine).test_client().get(f"/public/publications/{row.id}")
        return later.follow_up(number).state, marks(later, uscc)[1], page.status_code

    assert over("2029-03-01") == over("2029-03-02") == ("已列入", True, 200)
    assert over("2029-03-03") == ("已移出", False, 404)

    limits.clock.travel("2027-03-02T10:00")
    case = limits.open("credit-repair", origin=number)
    with pytest.raises(InvalidInput) as refused:
        apply(limits, case, met=["fulfilled"])
    assert "2027-03-02" in str(refused.value.fields["decision"]) and len(refused.value.fields["met"]) == 3
    limits.clock.travel("2027-03-03T10:00")
    apply(limits, case)
    limits.do(case, "verify", {"checked_on": "2027-03-03", "facts": "义务已经履行。", "opinion": "建议准予修复"})
    limits.do(case, "section_check", {"decision": "同意"})

    before, on, after = limits.around(case, "repair-decision", then=lambda d: grant(d, case))
    assert (before.on_time, on.on_time, after.on_time) == (True, True, False)
    assert on.at.date().isoformat() == "2027-03-24"
    grant(limits, case)
    assert (limits.follow_up(case).state, limits.follow_up(number).state) == ("准予修复", "已移出")
    assert not marks(limits, uscc)[1]
