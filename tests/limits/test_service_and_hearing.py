"""Service of documents and hearings on their limits: 7 wd to serve, days of an announcement, 7 wd before a hearing."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.calendar import Calendar
from engine.commands.context import CommandContext
from engine.commands.set_deadline import SetDeadline
from engine.db import new_id
from engine.errors import InvalidInput
from engine.inspection.hearing_steps import too_early
from engine.inspection.hearings import investigators
from engine.inspection.models import DepartmentInspection, FollowUp, Inspector
from engine.inspection.service_models import Hearing, ServiceRecord
from engine.models import Message, ProcessInstance, User, UserRole
from tests.conftest import SHANGHAI
from tests.support.limits import LEAD, LimitDistrict

HEAD, LEGAL = "机关负责人", "法制审核人员"


@dataclass(frozen=True)
class FilePenalty:
    """A penalty case filed today, told to the party on ``told``; its own process is not what is tested here."""

    number: str
    handlers: list[str]
    told: str = ""

    def run(self, ctx: CommandContext) -> None:
        notice = {"served_on": self.told, "hearing_right": "是", "kinds": ["罚款"], "amount": 150000}
        subject = {"name": "济南示例餐饮有限公司", "uscc": "91370105MA3C0000XX", "address": "济南市天桥区示例路1号"}
        ctx.session.add(
            FollowUp(
                id=new_id(), district_id=ctx.district_id, number=self.number, kind="administrative-penalty",
                origin=self.number.rpartition("/")[0], root=self.number.rpartition("/")[0],
                root_kind="department-inspection", subject=subject, department=LEAD, uscc=subject["uscc"],
                subject_name=subject["name"], state="已告知", opened_at=ctx.now,
                facts={"filing": {"cause": "涉嫌未按规定贮存食品案", "handlers": self.handlers}, "notice": notice},
            )
        )  # fmt: skip
        SetDeadline(self.number, "decision", department=LEAD).run(ctx)


def people(limits: LimitDistrict, role: str) -> list[str]:
    with limits.engine.read() as session:
        return list(
            session.scalars(
                sa.select(User.id)
                .join(UserRole, UserRole.user_id == User.id)
                .where(UserRole.department == LEAD, UserRole.role == role)
                .order_by(User.login)
            )
        )


def penalty(limits: LimitDistrict, told: str = "") -> str:
    number = f"{limits.part}/penalty"
    handlers = people(limits, "执法检查人员")[:2]
    limits.engine.execute(FilePenalty(number, handlers, told), actor=Actor.system())
    return number


def today(limits: LimitDistrict) -> str:
    return limits.clock.now.date().isoformat()


def servers(limits: LimitDistrict) -> list[str]:
    return sorted({*people(limits, "承办人"), *people(limits, "执法检查人员")})[:2]


def hand_over(limits: LimitDistrict, number: str) -> None:
    """Hand the document over to the party's head, signed on paper."""
    limits.do(
        number, "deliver",
        {"action": "送达", "mode": "direct", "attempted_on": today(limits), "servers": servers(limits),
         "result": "已送达", "on_spot": True, "place": "济南市天桥区示例路1号", "receiver": "王示例",
         "relation": "法定代表人或者负责人", "signed": "纸质送达回证",
         "receipt": limits.file(number, "deliver", "receipt")},
    )  # fmt: skip


def refused(limits: LimitDistrict, number: str, element: str, values: dict[str, Any]) -> dict[str, list[str]]:
    with pytest.raises(InvalidInput) as fault:
        limits.do(number, element, values)
    return dict(fault.value.fields)


def attempts(limits: LimitDistrict, number: str) -> list[ServiceRecord]:
    with limits.engine.read() as session:
        found = sa.select(ServiceRecord).where(ServiceRecord.number == number).order_by(ServiceRecord.position)
        return list(session.scalars(found))


def test_a_decision_is_served_within_seven_working_days_unless_handed_over_on_the_spot(limits: LimitDistrict) -> None:
    case = penalty(limits)
    number = limits.open(
        "document-service", case, document="行政处罚决定书", template="penalty-decision", due_from="2026-03-02"
    )
    assert number == f"{case}/service-1" and limits.deadline(number, "service").label == "行政处罚决定书送达"
    before, on, after = limits.around(number, "service", then=lambda d: hand_over(d, number))
    assert limits.deadline(number, "service").due_at.date() == date(2026, 3, 11)
    assert (before.on_time, on.on_time, after.on_time) == (True, True, False)
    assert (before.opened, on.opened, after.opened) == (frozenset(), frozenset(), {"urge_service"})
    assert (on.overdue, after.colour) == (False, "red") and f"{LEAD}/科室负责人" in after.told
    hand_over(limits, number)
    (row,) = attempts(limits, number)
    assert (row.state, row.served_on, row.mode_name, row.origin) == ("已送达", date(2026, 3, 2), "当场交付", case)
    assert limits.deadline(number, "service").met_at is not None
    with limits.engine.read() as session:
        told = {m.name: m.payload for m in session.scalars(sa.select(Message).where(Message.business_key == case))}
    assert told["document-served"]["served_on"] == told["document-service-closed"]["served_on"] == "2026-03-02"
    assert told["document-service-closed"]["outcome"] == limits.follow_up(number).state == "已送达"


def test_a_document_is_announced_only_after_other_ways_and_counts_as_served_when_its_days_are_over(
    limits: LimitDistrict,
) -> None:
    case = penalty(limits)
    number = limits.open("document-service", case, document="行政处罚告知书", template="penalty-notice")
    announcement = {
        "action": "送达", "mode": "announcement", "attempted_on": "2026-03-04", "servers": servers(limits)[:1],
        "announce_ground": "其他方式无法送达", "announce_search": "登记地址无人，电话停机，邮件因迁移退回。",
        "announce_where": ["本机关公告栏", "门户网站"], "collect_at": "本局二楼法规科",
    }  # fmt: skip
    limits.clock.travel("2026-03-02T11:00")
    assert set(refused(limits, number, "deliver", announcement)) == {"attempted_on", "mode"}
    poor = {"action": "送达", "mode": "left", "attempted_on": "2026-03-02", "servers": servers(limits)[:1]}
    assert set(refused(limits, number, "deliver", {**poor, "place": "", "left_way": "见证人"})) == {
        "refusal", "place", "witness",
    }  # fmt: skip
    left = {**poor, "refusal": "店长拒绝签收。", "place": "示例路1号", "left_way": "见证人", "witness": "赵示例"}
    assert set(refused(limits, number, "deliver", left)) == {"servers"}  # nobody leaves a document alone
    electronic = {"action": "送达", "mode": "electronic", "attempted_on": "2026-03-02", "servers": servers(limits)}
    missing = refused(limits, number, "deliver", {**electronic, "result": "已送达"})
    assert "confirmation" in missing  # nothing electronic without the party's written consent
    limits.do(
        number, "deliver",
        {"action": "送达", "mode": "post", "attempted_on": "2026-03-02", "servers": servers(limits)[:1],
         "post_number": "XA12345678937", "post_address": "济南市天桥区示例路1号"},
    )  # fmt: skip
    limits.clock.travel("2026-03-04T10:00")
    returned = {"result": "被退回", "failure": "地址不准确或者已经迁移"}
    receipt = limits.file(number, "await_return", "receipt")
    assert "on" in refused(limits, number, "await_return", {**returned, "on": "2026-03-01", "receipt": receipt})
    limits.do(number, "await_return", {**returned, "on": "2026-03-04", "receipt": receipt})
    private = {**announcement, "collect_at": "本局二楼，张科长13800138000"}
    assert set(refused(limits, number, "deliver", private)) == {"collect_at"}  # it becomes public
    limits.do(number, "deliver", announcement)
    stands = limits.deadline(case, "decision")
    assert stands.suspended_at is not None and stands.suspensions[-1]["ground"] == "announcement"
    assert limits.deadline(number, "service").suspended_at is not None
    before, on, after = limits.around(number, "service-announcement")
    assert (before.gone, on.gone, after.gone) == (frozenset(), frozenset(), {"announcement_runs"})
    ended = limits.at(after.at)
    first, second = attempts(ended, number)
    assert (first.state, first.reason, second.state) == ("未送达", "地址不准确或者已经迁移", "已送达")
    assert second.served_on == limits.deadline(number, "service-announcement").due_at.date() == date(2026, 4, 3)
    again = ended.deadline(case, "decision")
    assert again.suspended_at is None and again.due_at > limits.deadline(case, "decision").started_at
    assert (again.due_at.date() - date(2026, 3, 2)).days >= 90 + 30  # the days of the announcement do not count
    ended.engine.database.dispose()
    limits.do(
        number, "announcement_runs",
        {"collected_on": "2026-03-04", "receiver": "王示例", "relation": "本人", "signed": "纸质送达回证",
         "receipt": limits.file(number, "announcement_runs", "receipt")},
    )  # fmt: skip
    assert attempts(limits, number)[-1].served_on == date(2026, 3, 4)
    assert limits.deadline(case, "decision").suspended_at is None


REVIEW = {"told_on": "2026-03-02", "requester": "王示例", "way": "书面", "decision": "受理"}


def test_a_hearing_asked_for_after_five_working_days_needs_a_cause_and_before_it_is_not_refused_as_late(
    limits: LimitDistrict,
) -> None:
    case = penalty(limits, told="2026-03-02")
    number = limits.open("hearing", case, requested_on="2026-03-09", requested_by="王示例", way="书面")
    limits.clock.travel("2026-03-11T09:00")
    late = {"refusal": "late", "refusal_note": "超过五个工作日提出。"}
    no_right = {"refusal": "no-right", "refusal_note": "不属于听证范围。"}
    for asked in ("2026-03-06", "2026-03-09"):  # the day before, and the last day
        assert "refusal" in refused(
            limits, number, "review_request", {**REVIEW, "requested_on": asked, "decision": "不予受理", **late}
        )
    asked = {**REVIEW, "requested_on": "2026-03-10"}  # the day after
    assert set(refused(limits, number, "review_request", asked)) == {"late_cause"}
    assert "refusal" in refused(limits, number, "review_request", {**asked, "decision": "不予受理", **no_right})
    assert "told_on" in refused(limits, number, "review_request", {**asked, "told_on": "2026-03-03"})
    granted = limits.at(limits.clock.now)
    granted.do(number, "review_request", {**asked, "late_cause": "当事人因暴雨道路中断，无法按期寄出。"})
    assert granted.deadline(case, "decision").suspensions[-1]["ground"] == "hearing"
    granted.engine.database.dispose()
    limits.do(number, "review_request", {**asked, "decision": "不予受理", **late})
    assert limits.follow_up(number).state == "不予受理" and limits.steps(number) == {"deliver"}
    assert limits.deadline(case, "decision").suspended_at is None
    with limits.engine.read() as session:
        closed = session.scalars(sa.select(Message).where(Message.name == "hearing-closed")).one()
    assert (closed.payload["outcome"], closed.payload["opinion"]) == ("不予受理", "")


def open_hearing(limits: LimitDistrict) -> tuple[str, str]:
    """A hearing granted on 3 March with its chair and recorder; the numbers of the case and of the hearing."""
    case = penalty(limits, told="2026-03-02")
    number = limits.open("hearing", case, requested_on="2026-03-02")
    limits.clock.travel("2026-03-03T09:00")
    limits.do(number, "review_request", {**REVIEW, "requested_on": "2026-03-02"})
    chair, recorder = people(limits, LEGAL)[0], people(limits, "承办人")[0]
    handlers = people(limits, "执法检查人员")
    wrong = refused(limits, number, "appoint", {"chair": handlers[0], "recorder": recorder})
    assert set(wrong) == {"chair"}
    assert set(refused(limits, number, "appoint", {"chair": chair, "recorder": chair})) == {"recorder"}
    with limits.engine.read() as session:
        row = session.scalars(sa.select(Hearing)).one()
        team = session.scalars(
            sa.select(DepartmentInspection.inspectors).where(DepartmentInspection.number == limits.part)
        ).one()
        visited = set(session.scalars(sa.select(Inspector.user_id).where(Inspector.code.in_(team))))
        assert visited - {None} <= investigators(session, "370105", row, {})  # who inspected does not sit either
    limits.do(number, "appoint", {"chair": chair, "recorder": recorder})
    return case, number


def fixed(at: str) -> dict[str, str]:
    return {
        "action": "确定时间、地点",
        "held_at": f"{at}T09:30",
        "place": "济南市天桥区示例街2号三楼听证室",
        "way": "公开",
    }


def held(limits: LimitDistrict, on: str) -> dict[str, Any]:
    return {
        "action": "举行听证", "began_at": f"{on}T09:30", "ended_at": f"{on}T11:00",
        "attendance": [{"name": "王示例", "role": "当事人"}, {"name": "刘示例", "role": "办案人员"}],
        "rights_told": True, "investigator_case": "冷藏柜温度超过规定，有笔录和照片为证。",
        "party_case": "当日故障，已经报修。", "questions": "出示报修单，没有异议。",
        "closing_investigator": "坚持建议。", "closing_party": "请求从轻。", "signing": "拒绝签名",
        "refused_signing": "代理人核对后拒绝签名，没有说明理由。",
    }  # fmt: skip


def test_a_hearing_is_notified_seven_working_days_before_and_reported_in_five(limits: LimitDistrict) -> None:
    case, number = open_hearing(limits)
    for early in ("2026-03-11", "2026-03-12"):  # notice on 3 March: the seventh working day is 12 March
        assert "2026-03-13" in str(refused(limits, number, "schedule", fixed(early)))
    limits.do(number, "schedule", fixed("2026-03-13"))
    notice = f"{number}/service-1"
    assert limits.deadline(case, "decision").suspensions[-1]["ground"] == "hearing"
    on_time, late = limits.at(limits.clock.now), limits.at(limits.clock.now)
    late.clock.travel("2026-03-04T09:00")  # served a day later, the day fixed is too early
    hand_over(late, notice)
    late.clock.travel("2026-03-13T12:00")
    assert "2026-03-16" in str(refused(late, number, "hold", held(late, "2026-03-13")))
    assert "action" in refused(late, number, "hold", {"action": "当事人不到场", "note": "等候一小时没有到场。"})
    late.do(number, "hold", {"action": "延期", "postpone_ground": "late-notice", "note": "通知书送达晚了一天。"})
    assert late.steps(number) == {"schedule"}
    late.engine.database.dispose()

    limits.clock.travel("2026-03-13T12:00")  # nobody was told
    assert "没有登记送达" in str(refused(limits, number, "hold", held(limits, "2026-03-13")))
    hand_over(on_time, notice)
    early = {"action": "当事人不到场", "note": "等候一小时没有到场。"}
    assert set(refused(on_time, number, "hold", early)) == {"action"}  # the hour has not come
    on_time.clock.travel("2026-03-13T12:00")
    alone = {**held(on_time, "2026-03-13"), "attendance": [{"name": "甲", "role": "委托代理人"}] * 3}
    assert len(refused(on_time, number, "hold", alone)["attendance"]) == 2  # three agents, no investigator
    on_time.do(number, "hold", held(on_time, "2026-03-13"))
    report = {
        "course": "二〇二六年三月十三日公开举行听证，双方到场。", "dispute": "报修单能否证明已及时采取措施。",
        "opinion": "变更拟处罚", "grounds": "当日报修，可以从轻。", "chair_signature": SIGNATURE,
    }  # fmt: skip
    before, on, after = on_time.around(number, "hearing-report", then=lambda d: d.do(number, "write_report", report))
    assert on_time.deadline(number, "hearing-report").due_at.date() == date(2026, 3, 20)
    assert (before.on_time, on.on_time, after.on_time) == (True, True, False)
    assert (on.opened, after.opened, after.colour) == (frozenset(), {"urge_report"}, "red")
    on_time.do(number, "write_report", report)
    with on_time.engine.read() as session:
        closed = session.scalars(sa.select(Message).where(Message.name == "hearing-closed")).one().payload
        row = session.scalars(sa.select(Hearing)).one()
        ended = session.scalars(sa.select(ProcessInstance).where(ProcessInstance.business_key == number)).one()
    assert (closed["outcome"], closed["opinion"], closed["held_on"]) == ("已举行", "变更拟处罚", "2026-03-13")
    assert (row.state, row.outcome, ended.status) == ("已办结", "已举行", "completed")
    assert on_time.deadline(case, "decision").suspended_at is None
    on_time.engine.database.dispose()


def test_a_party_changes_the_day_once_a_chair_is_recused_and_who_stays_away_gives_up(limits: LimitDistrict) -> None:
    case, number = open_hearing(limits)
    limits.do(number, "schedule", fixed("2026-03-16"))
    change = {
        "action": "当事人申请改期",
        "change_ground": "party-request",
        "granted": "准许",
        "note": "法定代表人出差。",
    }
    limits.do(number, "hold", change)
    limits.do(number, "schedule", fixed("2026-03-17"))
    assert set(refused(limits, number, "hold", change)) == {"change_ground"}
    limits.do(number, "hold", {**change, "granted": "不准许"})
    recuse = {
        "action": "申请回避",
        "recused_role": "主持人",
        "recusal_applicant": "王示例",
        "note": "主持人是对方亲属。",
    }
    limits.do(number, "hold", recuse)
    limits.do(number, "decide_recusal", {"decision": "准许", "reason": "确有亲属关系。", "told_on": "2026-03-03"})
    with limits.engine.read() as session:
        first = session.scalars(sa.select(Hearing)).one().chair
    clerk = people(limits, "承办人")[0]
    wrong = refused(limits, number, "appoint", {"chair": first, "recorder": clerk})
    assert set(wrong) == {"chair"}
    second = next(p for p in people(limits, "科室负责人") if p not in (first, clerk))
    limits.do(number, "appoint", {"chair": second, "recorder": clerk})
    assert "hold" in limits.steps(number)  # the day stays
    first_notice, notice = f"{number}/service-1", f"{number}/service-2"
    limits.do(first_notice, "deliver", {"action": "终止送达", "end_reason": "已经改期，另行送达新的通知书。"})
    hand_over(limits, notice)
    limits.clock.travel("2026-03-17T11:00")
    limits.do(number, "hold", {"action": "当事人不到场", "note": "等候到十时三十分没有到场，没有说明理由。"})
    with limits.engine.read() as session:
        closed = session.scalars(sa.select(Message).where(Message.name == "hearing-closed")).one().payload
    assert (closed["outcome"], closed["opinion"]) == ("视为放弃听证", "")
    assert limits.follow_up(first_notice).state == "未送达"
    assert limits.deadline(case, "decision").suspended_at is None


SIGNATURE = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg=="
)


def test_a_notice_is_served_within_the_days_the_office_sets_itself(limits: LimitDistrict) -> None:
    number = limits.open("document-service", penalty(limits), document="听证告知书", template="hearing-right-notice")
    row = limits.deadline(number, "service")
    before, on, after = limits.around(number, "service", then=lambda d: hand_over(d, number))
    assert (row.rule, row.due_at.date(), row.label) == ("7wd", date(2026, 3, 11), "听证告知书送达")
    assert "参照" in row.legal_basis  # no law sets these days
    assert (before.on_time, on.on_time, after.on_time) == (True, True, False)
    assert (on.opened, after.opened) == (frozenset(), {"urge_service"})


def test_the_day_of_a_hearing_is_fixed_within_five_working_days(limits: LimitDistrict) -> None:
    _, number = open_hearing(limits)
    before, on, after = limits.around(
        number, step="schedule", then=lambda d: d.do(number, "schedule", fixed("2026-05-20"))
    )
    assert (before.on_time, on.on_time, after.on_time) == (True, True, False)
    assert (on.overdue, after.overdue, after.at.date()) == (False, True, date(2026, 3, 11))


def test_a_public_hearing_is_announced_three_working_days_before(limits: LimitDistrict, tmp_path: Path) -> None:
    """An office whose notice took one day only would still have to announce a public hearing three days before."""
    settings = limits.engine.settings
    table = json.loads((settings.process_dir / "tables" / "deadline.json").read_text(encoding="utf-8"))
    for row in table["rows"]:
        row["rule"] = "1wd" if row["name"] == "hearing-notice" else row["rule"]
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "deadline.json").write_text(json.dumps(table), encoding="utf-8")
    short = replace(settings, process_dir=tmp_path)
    with limits.engine.read() as session:
        calendar = Calendar.load(session, "370105", SHANGHAI)
    today = date(2026, 3, 3)
    said = [too_early(short, calendar, today, date(2026, 3, day), public=True) for day in (5, 6, 7)]
    assert ["2026-03-09" in text for text in said] == [True, True, False] and said[2] == ""
    assert too_early(short, calendar, today, date(2026, 3, 5), public=False) == ""
    _, number = open_hearing(limits)
    limits.do(number, "schedule", {**fixed("2026-03-13"), "way": "不公开", "closed_ground": "商业秘密"})
    with limits.engine.read() as session:
        row = session.scalars(sa.select(Hearing)).one()
    assert (row.announced_at, row.is_public, row.closed_ground) == (None, False, "商业秘密")


def test_a_letter_returned_from_the_address_the_party_confirmed_counts_as_served(limits: LimitDistrict) -> None:
    case = penalty(limits)
    number = limits.open("document-service", case, document="行政处罚决定书", template="penalty-decision")
    letter = {
        "action": "送达", "mode": "post", "attempted_on": "2026-03-02", "servers": servers(limits)[:1],
        "post_number": "XA12345678937", "post_address": "济南市天桥区示例路1号", "address_confirmed": True,
    }  # fmt: skip
    assert set(refused(limits, number, "deliver", letter)) == {"confirmation"}
    limits.do(number, "deliver", {**letter, "confirmation": limits.file(number, "deliver", "confirmation")})
    limits.clock.travel("2026-03-06T10:00")
    receipt = limits.file(number, "await_return", "receipt")
    returned = {"result": "被退回", "on": "2026-03-05", "failure": "拒绝签收", "receipt": receipt}
    limits.do(number, "await_return", returned)
    (row,) = attempts(limits, number)
    assert (row.state, row.served_on) == ("已送达", date(2026, 3, 5)) and "送达地址确认书" in row.reason
    assert limits.follow_up(number).state == "已送达" and not limits.steps(number)


def test_a_hearing_that_outlasts_an_announcement_keeps_the_days_for_the_decision_standing(
    limits: LimitDistrict,
) -> None:
    case = penalty(limits, told="2026-03-02")
    paper = limits.open("document-service", case, document="责令改正通知书", template="rectification-order")
    limits.do(
        paper, "deliver",
        {"action": "送达", "mode": "announcement", "attempted_on": "2026-03-02", "servers": servers(limits)[:1],
         "announce_ground": "受送达人下落不明", "announce_search": "登记地址无人，电话停机，查无其他地址。",
         "announce_where": ["本机关公告栏"], "collect_at": "本局二楼法规科"},
    )  # fmt: skip
    number = limits.open("hearing", case, requested_on="2026-03-02")
    limits.do(number, "review_request", {**REVIEW, "requested_on": "2026-03-02"})
    assert limits.deadline(case, "decision").suspensions[-1]["ground"] == "announcement"
    limits.clock.travel("2026-03-05T10:00")
    collected = {
        "collected_on": "2026-03-05", "receiver": "王示例", "relation": "本人", "signed": "纸质送达回证",
        "receipt": limits.file(paper, "announcement_runs", "receipt"),
    }  # fmt: skip
    limits.do(paper, "announcement_runs", collected)
    row = limits.deadline(case, "decision")
    assert row.suspended_at is not None
    assert [(s["ground"], s["until"] is None) for s in row.suspensions] == [("announcement", False), ("hearing", True)]
    people_ = {"chair": people(limits, LEGAL)[0], "recorder": people(limits, "承办人")[0]}
    limits.do(number, "appoint", people_)
    withdrawal = limits.file(number, "schedule", "withdrawal")
    limits.do(number, "schedule", {"action": "当事人撤回申请", "withdrawn_on": "2026-03-05", "withdrawal": withdrawal})
    assert (limits.follow_up(number).state, limits.deadline(case, "decision").suspended_at) == ("撤回听证申请", None)


def test_a_suspended_hearing_not_resumed_on_the_day_expected_is_urged(limits: LimitDistrict) -> None:
    _, number = open_hearing(limits)
    limits.do(number, "schedule", fixed("2026-03-16"))
    hand_over(limits, f"{number}/service-1")
    stopped = {"action": "中止", "suspend_ground": "new-evidence", "note": "等待重新检测的报告。"}
    assert set(refused(limits, number, "hold", {**stopped, "suspend_until": today(limits)})) == {"suspend_until"}
    limits.do(number, "hold", {**stopped, "suspend_until": "2026-03-20"})
    back = {"resumed_on": today(limits), "reason": "重新检测的报告已经收到。"}
    sides = limits.around(number, "hearing-resumption", then=lambda d: d.do(number, "resume_hearing", back))
    assert [side.on_time for side in sides] == [True, True, False]
    assert [side.opened for side in sides] == [frozenset(), frozenset(), {"urge_resumption"}]
    assert sides[2].told and sides[2].gone == frozenset()
    limits.do(number, "resume_hearing", back)
    assert "schedule" in limits.steps(number) and "urge_resumption" not in limits.steps(number)
