"""责令改正, 抄告移送 and 公示异议: their limits from three sides, and that nothing known is typed again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.commands.context import CommandContext
from engine.db import new_id
from engine.errors import Conflict, InvalidInput
from engine.inspection import exemptions, objections, rectifications
from engine.inspection.deadline_extensions import ApplyForExtension
from engine.inspection.lead_models import CaseLead
from engine.inspection.leads import HANDED_OVER, NewLead, open_lead
from engine.inspection.models import DepartmentInspection, Finding, FollowUp, Inspection, Inspector, Publication
from engine.inspection.objections import OpenObjection
from engine.inspection.open_follow_up import openable
from engine.inspection.publication_models import PublicationVersion
from engine.inspection.rectification_models import EducationRecord
from engine.models import ProcessInstance
from engine.web.app import create_app
from tests.conftest import SHANGHAI
from tests.support.journey import AGREE, PNG
from tests.support.limits import LEAD, OTHER, LimitDistrict
from tests.support.pages import District

#: The answers that let a result of the lead go public.
TO_THE_PUBLIC = ("result_notice", "publication_preview", "second_signoff")
CONCLUSION = {
    "facts": "2026年3月2日检查发现超过保质期的食品三袋，进货查验记录不全。",
    "basis": "《中华人民共和国食品安全法》第三十四条",
    "category": "6", "handling": "责令改正", "disagreement": "否",
}  # fmt: skip
ORDER = {
    "content": "清理超过保质期的食品，补齐进货查验记录。", "mode": "限期改正", "term": "15d", "delivery": "当场交付",
    "served_on": "2026-03-02", "method": "直接送达", "receiver": "演示负责人", "signature": PNG, "rights_told": True,
}  # fmt: skip


def context(district: LimitDistrict, number: str, element: str) -> Mapping[str, Any]:
    with district.engine.read() as session:
        task = district.office.open_tasks(element, business_key=number)[0]
        return district.engine.task_view(session, task).context


def conclude(district: LimitDistrict, **values: Any) -> None:
    district.deploy("rectification", "finding-notice")
    district.do(district.part, "conclude", {**CONCLUSION, "minor": "否", **values})
    district.do(district.part, "review", AGREE)


def reinspect(district: LimitDistrict, number: str, result: str, **values: Any) -> None:
    """Look again now, with the team of the visit; every line says what the result says."""
    shown, now = context(district, number, "reinspect"), district.clock.now.isoformat()
    lines = [{**line, "corrected": "已改正" if result == "已改正" else "未改正"} for line in shown["ordered_items"]]
    given = {
        "way": "实地复查", "inspected_at": now, "left_at": now, "address": shown["address"] or "示例路1号",
        "inspectors": shown["team_codes"], "certificates_shown": True, "present_person": "演示负责人",
        "items": lines, "facts": "现场逐项核对货架和台账。", "result": result, "statement": "无", "signed": "签名",
        "signature": PNG, "next_reason": "货架上仍有一袋超过保质期的食品。", **values,
    }  # fmt: skip
    district.do(number, "reinspect", given)


def test_an_order_runs_by_its_term_and_is_looked_at_again_within_ten_working_days(limits: LimitDistrict) -> None:
    shown = context(limits, limits.part, "conclude")
    listed = next(block for block in shown["facts"] if block["title"].startswith("免罚清单比对"))
    assert {row[0] for row in listed["table"]["rows"]} >= {"N01"}
    conclude(limits)
    case = f"{limits.part}/rectification"
    assert (
        limits.steps(case) == {"issue_order"} and "超过保质期" in context(limits, case, "issue_order")["order_content"]
    )
    with pytest.raises(InvalidInput, match="晚于送达日期"):
        limits.do(case, "issue_order", {**ORDER, "term": "指定日期", "deadline": "2026-03-02"})
    limits.do(case, "issue_order", ORDER)
    before, on, after = limits.around(case, "rectification")
    assert (before.overdue, on.overdue, after.overdue) == (False, False, True)
    assert before.opened == on.opened == {"remind_party"}
    assert after.gone == {"receive_report"} and after.opened == {"reinspect"}
    limits.clock.travel("2026-03-10T10:00")
    report = {"reported_on": "2026-03-11", "way": "书面报告", "content": "已经全部下架。"}
    with pytest.raises(InvalidInput, match="收到报告的日期不对"):
        limits.do(case, "receive_report", {**report, "evidence": limits.file(case, "receive_report", "evidence")})
    evidence = limits.file(case, "receive_report", "evidence")
    limits.do(case, "receive_report", {**report, "reported_on": "2026-03-10", "evidence": evidence})

    before, on, after = limits.around(case, "reinspection", then=lambda d: reinspect(d, case, "已改正"))
    assert (before.on_time, on.on_time, after.on_time) == (True, True, False)
    assert after.colour == "red" and on.at.date().isoformat() == "2026-03-24"
    with pytest.raises(InvalidInput) as refused:
        reinspect(limits, case, "部分改正")
    assert "与逐项的改正情况不一致" in str(refused.value.fields["result"])
    reinspect(limits, case, "未改正")
    with pytest.raises(InvalidInput) as refused:
        limits.do(case, "decide_outcome", {"decision": "结案"})
    assert set(refused.value.fields) == {"decision"}
    limits.do(case, "decide_outcome", {"decision": "再次责令改正", "reason": "只余一袋，给予三日。"})
    assert context(limits, case, "issue_order")["order_content"].endswith("货架上仍有一袋超过保质期的食品。")
    limits.do(case, "issue_order", {**ORDER, "term": "3d", "served_on": "2026-03-10"})
    limits.clock.travel("2026-03-14T09:00")
    limits.run_timers()
    taught = {
        "exemption": "F01", "education_on": "2026-03-14", "education_way": "当面谈话", "education_signature": PNG,
        "education_content": "讲解进货查验的规定。", "education_person": "演示负责人",
    }  # fmt: skip
    reinspect(limits, case, "已改正", **taught)
    limits.do(case, "decide_outcome", {"decision": "结案"})
    row = limits.follow_up(case)
    assert (row.state, row.facts["order"]["round"]) == ("已改正", 2) and row.closed_at is not None
    with limits.engine.read() as session:
        seen = rectifications.reinspections(session, row.district_id, case)
        kept = session.scalars(sa.select(EducationRecord)).one()
    assert [(one.round, one.result, len(one.certificates)) for one in seen] == [(1, "未改正", 2), (2, "已改正", 2)]
    assert (kept.exemption, kept.uscc, kept.case) == ("F01", row.uscc, case)
    assert limits.deadline(case, "reinspection").met_at is not None


def test_a_term_is_extended_before_it_ends_and_what_was_not_corrected_is_a_penalty_that_knows_it_all(
    limits: LimitDistrict,
) -> None:
    limits.deploy("administrative-penalty", "deadline-extension")
    conclude(limits)
    case = f"{limits.part}/rectification"
    limits.do(case, "issue_order", {**ORDER, "term": "指定日期", "deadline": "2026-03-09"})
    asked = ApplyForExtension(limits.deadline(case, "rectification").id)
    limits.engine.execute(asked, actor=limits.office.login("scjg-officer"))
    application = f"{case}/rectification/延期/1"
    limits.do(application, "apply", {"reason": "当事人书面申请，设备还在运输途中。", "rule": "3d"})
    limits.do(application, "approve_section", {"decision": "批准", "opinion": "理由正当，同意延期三日。"})
    limits.clock.travel("2026-03-12T23:00")
    limits.run_timers()
    assert "receive_report" in limits.steps(case)
    limits.clock.travel("2026-03-13T09:00")
    limits.run_timers()
    assert "receive_report" not in limits.steps(case), "the timer moved with the term"
    began = limits.deadline(case, "reinspection").started_at.astimezone(SHANGHAI)
    assert began.date().isoformat() == "2026-03-12", "ten working days count from the end of the extended term"

    team = context(limits, case, "reinspect")["team_codes"]
    lapse(limits, team[0], date(2026, 3, 12))
    with pytest.raises(InvalidInput) as refused:
        reinspect(limits, case, "未改正")
    assert "到期" in str(refused.value.fields["inspectors"])
    lapse(limits, team[0], date(2027, 3, 12))
    reinspect(limits, case, "未改正")
    limits.do(case, "decide_outcome", {"decision": "转行政处罚"})
    penalty = limits.follow_up(f"{case}/penalty")
    assert (penalty.origin, penalty.root) == (case, limits.part)
    begun = context(limits, penalty.number, "file_case")["conclusion_text"]
    assert "超过保质期的食品三袋" in begun and "货架上仍有一袋" in begun, "the filing begins with what was found"
    assert limits.follow_up(case).state == "未改正，转行政处罚"


@dataclass(frozen=True)
class _Lead:
    """A lead of the lead department about somebody the registry does not know."""

    def run(self, ctx: CommandContext) -> str:
        subject = {"name": "演示无照小吃摊（虚构）", "address": "示例路2号", "subject_kind": "个人"}
        new = NewLead(LEAD, HANDED_OVER, ctx.now.date(), "占道经营", "夜间占道经营，没有亮照。", subject)
        return open_lead(ctx, new).number


def test_an_order_may_follow_a_lead_and_a_penalty_where_no_visit_came_before(limits: LimitDistrict) -> None:
    limits.deploy("case-lead")
    lead = limits.engine.execute(_Lead(), actor=limits.office.login("scjg-officer"))
    case = limits.open("rectification", origin=lead)
    assert context(limits, case, "issue_order")["order_content"] is None
    limits.do(case, "issue_order", {**ORDER, "content": "把营业执照悬挂在醒目位置。"})
    shown = context(limits, case, "receive_report")
    assert any("演示无照小吃摊" in str(block) for block in shown["facts"])
    limits.clock.travel("2026-03-18T00:01")
    limits.run_timers()
    team = [one["value"] for one in context(limits, case, "reinspect")["inspectors"]][:2]
    reinspect(limits, case, "当事人无法联系", inspectors=team, contact_tried="两次到场无人，电话停机。")
    assert rectifications.situation(limits.follow_up(case)) == rectifications.GONE
    with pytest.raises(InvalidInput):
        limits.do(case, "decide_outcome", {"decision": "结案"})
    limits.do(case, "decide_outcome", {"decision": "转信用监管", "reason": "登记的住所无人。"})
    assert limits.follow_up(f"{case}/credit").root == lead
    penalty = limits.open("administrative-penalty", origin=lead)
    under = limits.open("rectification", origin=penalty)
    limits.do(
        under, "issue_order", {**ORDER, "mode": "当场改正", "spot_facts": "当场悬挂，拍照确认。", "served_on": None}
    )
    limits.do(under, "decide_outcome", {"decision": "结案"})
    assert (limits.follow_up(under).state, limits.follow_up(under).root) == ("已改正", lead)

    # What was ordered in a penalty case and not done is told to that case: one act, one penalty (PL29).
    penalty = limits.open("administrative-penalty")
    under = limits.open("rectification", origin=penalty)
    limits.do(under, "issue_order", {**ORDER, "term": "3d", "served_on": "2026-03-18"})
    limits.clock.travel("2026-03-25T09:00")
    limits.run_timers()
    reinspect(limits, under, "未改正", inspectors=team)
    assert any("不另行立案" in str(block) for block in context(limits, under, "decide_outcome")["facts"])
    with limits.engine.read() as session:
        instance = session.scalars(sa.select(ProcessInstance).where(ProcessInstance.business_key == under)).one()
        officer, settings = limits.office.login("scjg-officer"), limits.engine.settings
        assert openable(session, settings, officer, instance, limits.clock.now) == []
    limits.do(under, "decide_outcome", {"decision": "转行政处罚"})
    assert limits.follow_up(under).state == "未改正，交原处罚案件" and not limits.steps(f"{under}/penalty")
    with limits.engine.read() as session:
        assert not session.scalars(sa.select(FollowUp).where(FollowUp.number == f"{under}/penalty")).all()
    (told,) = limits.follow_up(penalty).facts["uncorrected"]
    assert told["number"] == under and "货架上仍有一袋" in told["facts"]
    assert any("货架上仍有一袋" in str(block) for block in context(limits, penalty, "file_case")["facts"])


def test_a_second_offence_of_the_same_kind_within_its_years_is_no_first_one(limits: LimitDistrict) -> None:
    conclude(limits)
    row, settings = limits.follow_up(f"{limits.part}/rectification"), limits.engine.settings
    told = {"decision": "处罚", "facts": "没有建立进货查验记录制度。", "decided_on": "2024-02-20"}
    earlier = FollowUp(
        id=new_id(), district_id=row.district_id, number="旧案", kind="administrative-penalty", origin="旧案",
        root="旧案", root_kind="department-inspection", department=OTHER, uscc=row.uscc, subject_name=row.subject_name,
        state="已处罚", facts={"decision": told}, opened_at=limits.clock.now,
        closed_at=datetime(2024, 3, 3, 9, tzinfo=SHANGHAI),
    )  # fmt: skip
    with limits.engine.database.write() as session:
        session.add(earlier)
        session.flush()
        visited(session, row, "旧检查/SCJG", datetime(2025, 6, 1, 9, tzinfo=SHANGHAI), "即时信息没有公示")
        visited(session, row, f"{limits.part}X", limits.clock.now, "进货查验记录不全")  # another organ, the same visit
    with limits.engine.read() as session:
        found = {day: exemptions.of_case(session, settings, row, date(2026, 3, day)) for day in (3, 4)}
    by_day = {day: {one.code: one for one in listed}["F01"] for day, listed in found.items()}
    assert by_day[3].first_offence is False and by_day[3].earlier == ("2024-02-20 受过行政处罚（旧案）",)
    assert by_day[4].first_offence is True and by_day[4].label.startswith("F01 ")
    with limits.engine.database.write() as session:
        visited(session, row, "更早检查/WJJ", datetime(2025, 7, 1, 9, tzinfo=SHANGHAI), "没有进货查验记录")
    with limits.engine.read() as session:
        again = {one.code: one for one in exemptions.of_case(session, settings, row, date(2026, 3, 4))}["F01"]
    assert again.earlier == ("2025-07-01 检查发现问题（更早检查/WJJ）",)


def visited(session: Session, row: FollowUp, number: str, at: datetime, note: str) -> None:
    """A problem found at the same firm at another time, or by another organ."""
    inspection = number.rpartition("/")[0]
    if session.scalar(sa.select(Inspection).where(Inspection.number == inspection)) is None:
        known = Inspection(id=new_id(), district_id=row.district_id, number=inspection, campaign="旧任务", draw_id="",
                           uscc=row.uscc, object={}, departments=[OTHER])  # fmt: skip
        session.add(known)
    session.add_all(
        [
            DepartmentInspection(id=new_id(), district_id=row.district_id, number=number, inspection=inspection,
                                 campaign="旧任务", department=OTHER, inspectors=[], items=[], state="已公示"),
            Finding(id=new_id(), district_id=row.district_id, department_inspection=number, department=OTHER,
                    item="X", problem=True, category="9", note=note, at=at),
        ]
    )  # fmt: skip


def lapse(district: LimitDistrict, code: str, until: date) -> None:
    with district.engine.database.write() as session:
        session.scalars(sa.select(Inspector).where(Inspector.code == code)).one().certificate_until = until


def test_one_finding_tells_another_organ_which_signs_within_five_working_days_or_is_urged(
    limits: LimitDistrict,
) -> None:
    limits.deploy("case-lead")
    conclude(limits, also=["抄告其他部门", "停止检查转日常监管"], notified_departments=[OTHER])
    with limits.engine.read() as session:
        opened = session.execute(sa.select(FollowUp.kind, FollowUp.number).order_by(FollowUp.number)).all()
    assert [kind for kind, _ in opened] == ["finding-notice", "finding-notice", "rectification"]
    notice = next(
        n for kind, n in opened if kind == "finding-notice" and context(limits, n, "send_notice")["receiver"] == OTHER
    )
    begun = context(limits, notice, "send_notice")
    given = {"notice_kind": begun["notice_kind"], "receiver": OTHER, "facts": begun["carried_facts"],
             "basis": begun["clauses"], "request": "请依法处理。"}  # fmt: skip
    with pytest.raises(InvalidInput, match="收件部门不能是本部门"):
        limits.do(notice, "send_notice", {**given, "receiver": LEAD})
    limits.do(notice, "send_notice", given)
    signed = {"decision": "签收", "person": "监督科"}
    before, on, after = limits.around(notice, "finding-notice", then=lambda d: d.do(notice, "sign_notice", signed))
    assert (before.on_time, on.on_time, after.on_time) == (True, True, False)
    assert on.opened == frozenset() and after.opened == {"urge_receipt"}
    limits.do(notice, "sign_notice", signed)
    signed_on = limits.clock.now.date()
    done = {"outcome": "已经处理", "content": "已责令清理通道。", "handled_on": "2026-03-02"}
    before, on, after = limits.around(
        notice, "finding-notice-result", then=lambda d: d.do(notice, "report_result", done)
    )
    assert (before.on_time, on.on_time, after.on_time) == (True, True, False)
    assert on.opened == frozenset() and after.opened == {"urge_result"}
    due = limits.deadline(notice, "finding-notice-result").due_at
    assert due is not None
    late = limits.at(due + timedelta(days=1))
    urged = {"urged_at": late.clock.now.isoformat(), "way": "电话", "content": "对方答复正在办理。"}
    nothing_more = {**urged, "decision": "不再等待", "reason": "提请联席会议办公室督办。"}
    late.do(notice, "urge_result", nothing_more)
    assert late.follow_up(notice).state == "没有反馈" and not late.steps(notice)
    limits.clock.now += timedelta(days=4)
    limits.do(notice, "report_result", {"outcome": "转为线索核查", "handled_on": "2026-03-02"})
    with limits.engine.read() as session:
        lead = session.scalars(sa.select(CaseLead)).one()
    assert lead.received_on == signed_on  # its limits run from the day the notice was signed for
    assert (lead.department, lead.handed_from) == (OTHER, notice) and "超过保质期" in lead.content
    assert limits.follow_up(notice).state == "转为线索核查"


def test_an_objection_is_answered_in_three_working_days_or_seven_and_corrects_what_is_public(
    limits: LimitDistrict,
) -> None:
    limits.deploy("objection", "publication-correction")
    conclude(limits)
    for step in TO_THE_PUBLIC:
        limits.do(limits.part, step)
    with limits.engine.read() as session:
        published = session.scalars(sa.select(Publication).where(Publication.subject == limits.part)).one()
    web = District(
        create_app(limits.engine.settings, limits.engine), limits.engine, limits.office, "", limits.clock
    )  # fmt: skip
    officer, other = web.sign_in("scjg-officer"), web.sign_in("wjj-officer")
    assert "登记异议" in officer.get(f"/publications/{published.id}").text
    about = {"publication_id": published.id}
    assert other.post("/objections", about).status_code == 403
    assert officer.post("/objections", {"publication_id": "1 or 1"}).status_code == 404
    made = officer.post("/objections", about, page=f"/publications/{published.id}")
    assert made.status_code == 303 and "登记异议" in officer.get(made.location).text
    (task,) = limits.office.open_tasks("register")
    number = task.business_key
    assert made.location.endswith(task.id)
    said = {
        "way": "来信", "received_on": "2026-03-03", "objector": "演示负责人", "relation": "当事人",
        "contact": "示例路1号", "identity_checked": True, "wanted": "更正",
        "claims": "结果类别应当是“未按规定公示其他应当公示的信息”。",
    }  # fmt: skip
    with pytest.raises(InvalidInput, match="收到日期不对"):
        limits.do(number, "register", said)
    limits.do(number, "register", {**said, "received_on": "2026-03-02"})
    listed = officer.get("/objections?state=在办").text
    assert published.title in listed and "请求更正" in listed and published.title not in other.get("/objections").text
    assert published.title not in officer.get("/objections?state=逾期未答复").text
    assert officer.get(f"/objections/{number}").status_code == 303
    assert other.get(f"/objections/{number}").status_code == 404
    assert "未按规定公示年度报告" in web.app.test_client().get("/public/exemptions?ground=minor").text

    def refuse(district: LimitDistrict) -> None:
        district.do(
            number, "accept", {"decision": "不予受理", "refusal": "同一事实和理由已经答复", "reason": "已经答复。"}
        )
        late = "人手不足。" if district.clock.now.date().isoformat() > "2026-03-05" else None
        told = {"told_on": district.clock.now.date().isoformat(), "method": "当面交付", "recipient": "演示负责人"}
        if late:
            with pytest.raises(InvalidInput) as refused:
                district.do(number, "answer", told)
            assert "2026-03-05" in str(refused.value.fields["delay_reason"])
        district.do(number, "answer", {**told, "delay_reason": late})

    before, on, after = limits.around(number, "objection", then=refuse)
    assert (before.on_time, on.on_time, after.on_time) == (True, True, False)
    before, on, after = limits.around(number, "objection")  # the delay is explained wherever it arose
    assert not on.opened and after.opened == {"explain_delay"} and not after.gone
    accepted = {"decision": "受理", "needs_others": "是", "assistants": [OTHER], "question": "请核实。"}
    limits.do(number, "accept", accepted)
    before, on, after = limits.around(number, step="assist")
    assert not on.overdue and not on.opened
    assert after.gone == {"assist"} and after.opened == {"verify"}
    limits.do(number, "assist", {"facts": "许可信息没有公示。", "view": "公示内容有误"})
    verified = {
        "ways": ["核对检查记录和证据"],
        "facts": "核对检查记录，类别录入有误。",
        "finding": "成立",
        "suggestion": "更正类别。",
    }
    before, on, after = limits.around(number, "objection")
    assert on.at.date().isoformat() == "2026-03-11" and not on.opened and after.opened == {"explain_delay"}
    limits.do(number, "verify", verified)
    limits.do(number, "decide", {"decision": "成立", "correction_kind": "更正", "reason": "与检查记录不一致。"})
    assert limits.steps(number) == set() and limits.deadline(number, "objection").met_at is None
    correct(limits, limits.follow_up(number).facts["correction"])
    # Only what is corrected is answered as upheld.
    limits.do(number, "answer", {"told_on": "2026-03-02", "method": "当面交付", "recipient": "演示负责人"})
    assert limits.deadline(number, "objection").met_at is not None
    row = limits.follow_up(number)
    assert row.state == "成立，更正" and row.closed_at is not None
    with limits.engine.read() as session:
        trail = session.scalars(sa.select(PublicationVersion).where(PublicationVersion.stage == "corrected")).one()
        known = objections.about(session, [row])[number]
    assert trail.note.startswith("异议经核实成立") and known.publication_id == published.id
    with limits.engine.database.write() as session:
        session.get_one(Publication, published.id).state = "withdrawn"
    with pytest.raises(Conflict):
        limits.engine.execute(OpenObjection(published.id), actor=limits.office.login("scjg-officer"))


def correct(district: LimitDistrict, correction: str) -> None:
    """The correction the objection opened, through to its effect."""
    shown = context(district, correction, "apply")
    cell = next(one["value"] for one in shown["correction_cells"] if "任务名称" in one["label"])
    changes = [{"cell": cell, "new": "更正后的名称"}]
    asked = {
        "action": "提交",
        "kind": "更正",
        "cause": "objection",
        "reason": "异议经核实成立。",
        "changes": changes,
    }
    district.do(correction, "apply", asked)
    district.do(correction, "section_check", AGREE)
    district.do(correction, "head_approval", AGREE)
