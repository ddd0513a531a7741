"""A visit as it happens in the field: at the door, refused, not found, written, with others' conclusions, recusal."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from engine.commands.add_attachment import AddAttachment
from engine.errors import Conflict, InvalidInput
from engine.inspection import adoptions, conference, evidence, recusals, samples, visits, written_materials
from engine.inspection.archives.registers import listings
from engine.inspection.models import DepartmentInspection, Finding, Inspection, Inspector
from engine.inspection.recusal_request import RequestRecusal
from engine.inspection.visit_code import FIRM, ConfirmVisit
from engine.models import Attachment, Deadline, UserTask
from engine.process_engine import ProcessEngine
from tests.conftest import SHANGHAI
from tests.support.journey import (
    APPROVALS,
    CAMPAIGN,
    PNG,
    Office,
    install,
    open_campaign,
    standard_answers,
    work_plan,
)

Values = dict[str, Any]


@pytest.fixture
def office(engine: ProcessEngine) -> Office:
    """A campaign of two departments that stand at every door; the last notice is not written yet."""
    install(engine, objects=400, processes=CAMPAIGN | {"conference-matter", "sample-testing"})
    made = Office(engine)
    open_campaign(made)
    standard_answers(made, work_plan(engine, "SCJG", ["YJJ"]))
    made.do_all("draft_work_plan", *APPROVALS, "gate_check", "log_commitment", "reveal", "organ_approval")
    made.do_all("sign_for_receipt")
    for task in sorted(made.open_tasks("prepare_visit"), key=lambda task: task.business_key)[:-1]:
        made.do(task)
    return made


def answer(office: Office, task: UserTask, **changes: Any) -> Values:
    given = office.answers[task.element_id]
    return {**(given(task) if callable(given) else given), **changes}


def part_of(office: Office, task: UserTask) -> DepartmentInspection:
    with office.engine.read() as session:
        return session.scalars(
            sa.select(DepartmentInspection).where(DepartmentInspection.number == task.business_key)
        ).one()


def faults(office: Office, task: UserTask, values: Values) -> dict[str, list[str]]:
    with pytest.raises(InvalidInput) as caught:
        office.do(task, values)
    return caught.value.fields


def of(office: Office, element: str, key: str) -> UserTask:
    return office.open_tasks(element, business_key=key)[0]


def no_access(office: Office, task: UserTask, outcome: str, **changes: Any) -> Values:
    kept = ("arrived_at", "address", "inspectors")
    values = {key: value for key, value in answer(office, task).items() if key in kept}
    return {
        **values, "outcome": outcome, "situation": "门口没有招牌，物业称没有这家企业。", "witness": "物业人员赵示例",
        "recording": "执法记录仪03", **changes,
    }  # fmt: skip


def test_nobody_goes_in_without_two_valid_certificates_and_a_refusal_is_concluded_at_once(
    office: Office, clock: Any
) -> None:
    engine, (task, other, third, *_) = office.engine, office.open_tasks("arrive")
    pair = part_of(office, task).inspectors
    assert faults(office, task, answer(office, task, inspectors=pair[:1])).keys() == {"inspectors"}
    with engine.database.write() as session:
        lapsing = session.scalars(sa.select(Inspector).where(Inspector.code == pair[1])).one()
        until, lapsing.certificate_until = lapsing.certificate_until, clock.now.date() - timedelta(days=1)
    shown = faults(office, task, answer(office, task, inspectors=pair))
    assert "到期" in shown["inspectors"][0]
    with engine.database.write() as session:
        session.scalars(sa.select(Inspector).where(Inspector.code == pair[1])).one().certificate_until = until

    # The firm's own confirmation is what "本系统入企码" stands for.
    by_code = answer(office, task, entry_code="本系统入企码")
    assert faults(office, task, by_code).keys() == {"entry_code"}
    assert engine.execute(ConfirmVisit(task.business_key), actor=FIRM) == clock.now
    clock.advance(minutes=5)
    assert engine.execute(ConfirmVisit(task.business_key), actor=FIRM) < clock.now
    office.do(task, by_code)
    first = of(office, "site_check", task.business_key)
    with engine.read() as session:
        (arrival,) = visits.attempts(session, part_of(office, task))
        assert [c["code"] for c in arrival.certificates] == pair and arrival.certificates[0]["number"]

    # Refused: needs its recording, then category 7 by the organ's own conclusion, item by item unchecked.
    refusal = no_access(office, other, "拒绝检查", recording="")
    assert faults(office, other, refusal).keys() == {"recording"}
    office.do(other, no_access(office, other, "拒绝检查"))
    conclude = of(office, "conclude", other.business_key)
    with engine.read() as session:
        context = engine.task_view(session, conclude).context
        found = session.execute(
            sa.select(Finding.checked, Finding.problem, Finding.category).where(
                Finding.department_inspection == other.business_key
            )
        ).all()
        assert context["worst_category"] == "7" and set(found) == {(False, True, "7")}
    assert part_of(office, other).visit_ended_at is not None
    office.do(conclude, answer(office, conclude, category="7"))
    review = of(office, "review", other.business_key)
    back = {"decision": "退回", "return_reason": "请补正笔录。", "return_to": "检查记录"}
    assert faults(office, review, back).keys() == {"return_to"}
    office.do(review, {**back, "return_to": "检查结论"})
    again = of(office, "conclude", other.business_key)
    # A disagreement goes to the conference at once; it advises, and nothing waits for it.
    office.do(again, answer(office, again, category="7", disagreement="是", disagreement_note="与应急部门认定不同。"))
    assert of(office, "review", other.business_key)
    with engine.read() as session:
        (matter,) = conference.matters_about(session, "370105", part_of(office, other).inspection)
        assert "与应急部门认定不同" in matter.content["question"] and not matter.advice

    # Not today: come again; the time must lie ahead.
    later = no_access(office, third, "当日无法检查")
    assert faults(office, third, later).keys() == {"next_at"}
    office.do(third, {**later, "next_at": (clock.now + timedelta(days=2)).isoformat()})
    office.do(of(office, "arrive", third.business_key))
    assert of(office, "site_check", third.business_key)

    with pytest.raises(Conflict):
        engine.execute(ConfirmVisit(other.business_key), actor=FIRM)
    office.do(first, answer(office, first))


def test_a_firm_not_found_takes_two_days_and_starts_the_clock_of_both_organs(office: Office, clock: Any) -> None:
    key = office.open_tasks("arrive")[0].business_key
    inspection = key.rpartition("/")[0]
    for number, day in ((1, 2), (2, 2), (3, 3)):
        if day == 3 and number == 3:
            clock.travel("2026-03-03T10:00")
        task = of(office, "arrive", key)
        ahead = (clock.now + timedelta(days=1)).isoformat()
        office.do(task, no_access(office, task, "查无此户", next_at=ahead))
        waiting = office.open_tasks("arrive", business_key=key)
        assert bool(waiting) == (number < 3), "twice on one day is one attempt"
    engine = office.engine
    with engine.read() as session:
        rows = visits.attempts(session, part_of(office, of(office, "conclude", key)))
        assert [row.attempt for row in rows] == [1, 2, 3]
        assert session.scalars(sa.select(Deadline).where(Deadline.business_key == key)).all() == []
    for task in office.open_tasks("arrive"):
        if task.business_key.startswith(inspection):
            office.do(task)
            office.do(of(office, "site_check", task.business_key))
    with engine.read() as session:
        due = dict(session.execute(sa.select(Deadline.business_key, Deadline.due_at)).tuples().all())
        row = session.scalars(sa.select(Inspection).where(Inspection.number == inspection)).one()
        assert {k for k in due if k.startswith(inspection)} == {inspection, f"{inspection}/SCJG", f"{inspection}/YJJ"}
        at = due[key]
        assert row.visits_ended_at is not None and at is not None
        # 20 working days after Tuesday 3 March 2026; Monday 6 April is the holiday of Qingming
        assert at.astimezone(engine.settings.timezone).date() == date(2026, 3, 31)


def test_conclusions_of_others_stand_in_for_a_check_and_evidence_is_kept_with_its_hash(
    office: Office, clock: Any
) -> None:
    engine = office.engine
    task = next(t for t in office.open_tasks("arrive") if len(part_of(office, t).items) > 1)
    part = part_of(office, task)
    office.do(task)
    check = of(office, "site_check", task.business_key)
    who = office.who(check)
    photo = engine.execute(
        AddAttachment(
            check.id,
            "photos",
            "后厨.jpg",
            "image/jpeg",
            b"\xff\xd8 a photo",
            {"taken_at": (clock.now - timedelta(minutes=3)).isoformat(), "lat": 36.7, "lng": 116.9},
        ),
        actor=who,
    )
    values = answer(office, check, photos=[photo])
    item = values["findings"][0]["item"]
    values["findings"][0] |= {"checked": "采用"}
    assert faults(office, check, values).keys() == {"findings[0].checked"}
    opinion = {
        "item": item, "kind": "专家意见", "source": "济南示例大学", "number": "意见1号", "dated_on": "2026-03-01",
        "conclusion": "设备运行正常。", "files": [],
    }  # fmt: skip
    values["adoptions"] = [opinion]
    assert faults(office, check, values).keys() == {"findings[0].checked"}  # experts assist, they never replace
    values["adoptions"] = [{**opinion, "kind": "专业机构鉴定结论", "dated_on": "2099-01-01"}]
    assert faults(office, check, values).keys() == {"adoptions[0].dated_on"}
    values["adoptions"] = [{**opinion, "kind": "专业机构鉴定结论"}]
    values["findings"][1] |= {"problem": "未开展"}
    values["samples"] = [{"testing": "否", "name": "散装熟肉", "quantity": "500克", "seal": "封样18"}]
    office.do(check, values)
    with engine.read() as session:
        found = {
            row.item: (row.method, row.checked, row.category)
            for row in session.scalars(sa.select(Finding).where(Finding.department_inspection == part.number))
        }
        assert found[item] == ("采用结论", True, "1")
        assert found[values["findings"][1]["item"]] == ("实地核查", True, "8")
        assert adoptions.replaced_items(session, part) == {item}
        kept = {row.kind: row for row in evidence.of_part(session, part)}
        stored = session.get_one(Attachment, photo)
        assert kept["照片"].sha256 == stored.sha256 and kept["照片"].taken_by == who.name
        assert kept["照片"].taken_at == clock.now - timedelta(minutes=3) and "36.7" in kept["照片"].place
        assert kept["样品"].detail["seal"] == "封样18"

    # Once reviewed, the other organ at the same firm takes the result over without typing it again (R43).
    office.do(of(office, "review", part.number))
    other = next(
        t for t in office.open_tasks("arrive")
        if t.business_key.startswith(part.inspection + "/") and t.department != part.department
    )  # fmt: skip
    office.do(other)
    visit = of(office, "site_check", other.business_key)
    with engine.read() as session:
        (known,) = engine.task_view(session, visit).context["known_results"]
    row = {"item": part_of(office, visit).items[0], "kind": "其他部门检查结论", "known": known["value"]}
    values = answer(office, visit, adoptions=[row])
    values["findings"][0] |= {"checked": "采用"}
    office.do(visit, values)
    with engine.read() as session:
        (taken,) = adoptions.of_part(session, part_of(office, visit))
        assert taken.number == part.number and "未发现问题" in taken.conclusion and taken.source


def test_recusal_is_decided_while_the_work_goes_on_and_may_make_the_check_be_done_again(
    office: Office, clock: Any
) -> None:
    engine = office.engine
    task = next(t for t in office.open_tasks("arrive") if t.department == "SCJG")
    part = part_of(office, task)
    asked = {"recusal_asked": "申请", "recusal_inspector": part.inspectors[1], "recusal_reason": "检查人员是我的近亲属"}
    office.do(task, answer(office, task, **asked))
    decide = of(office, "decide_recusal", part.number)
    with engine.read() as session:
        context = engine.task_view(session, decide).context
        assert context["recusal_inspector"] == part.inspectors[1]
        assert recusals.undecided(session, "370105", part.number) is not None
    again = RequestRecusal(decide.instance_id, "演示负责人", "再申请一次")
    with pytest.raises(Conflict, match="等待机关负责人决定"):
        engine.execute(again, actor=office.login("scjg-officer"))
    office.do(of(office, "site_check", part.number))  # nothing stops meanwhile (PL43)
    review = of(office, "review", part.number)
    told = engine.clock().date().isoformat()
    decision = {
        "decision": "决定回避", "inspector": part.inspectors[1], "reason": "经核实系近亲属。",
        "prior_work": "重新检查", "told_on": told,
    }  # fmt: skip
    office.do(decide, decision)
    new = part_of(office, task).inspectors
    assert new[0] == part.inspectors[0] and new[1] != part.inspectors[1]
    assert "重新进行" in faults(office, review, {"decision": "同意"})["decision"][0]
    office.do(review, {"decision": "退回", "return_to": "检查记录", "return_reason": "由递补人员重新检查。"})
    clock.advance(minutes=30)
    office.do(of(office, "site_check", part.number))
    office.do(of(office, "review", part.number))
    with engine.read() as session:
        (row,) = recusals.of_part(session, "370105", part.number)
        assert (row.decision, row.successor, row.prior_work) == ("决定回避", new[1], "重新检查")
    with pytest.raises(Conflict, match="已经审核"):
        engine.execute(again, actor=office.login("scjg-officer"))
    notice = of(office, "result_notice", part.number)
    refused = answer(office, notice, received="拒收", not_received_note="负责人拒绝接收。")
    assert faults(office, notice, refused).keys() == {"refusal_witness"}
    early = answer(office, notice, told_on="2026-03-01")
    assert faults(office, notice, early).keys() == {"told_on"}
    office.do(notice, {**refused, "refusal_witness": "社区工作人员李示例"})


def test_a_written_check_needs_no_arrival(office: Office) -> None:
    engine = office.engine
    office.answers["prepare_visit"] = {
        "method": "书面检查", "notice_mode": "事先通知", "planned_at": engine.clock().isoformat(),
        "notified_person": "王示例", "notified_by": "电话", "notified_at": engine.clock().isoformat(),
        "no_conflict": True,
    }  # fmt: skip
    before = {t.id for t in office.open_tasks("arrive")}
    office.do_all("prepare_visit")
    assert {t.id for t in office.open_tasks("arrive")} == before
    task = office.open_tasks("site_check")[0]
    values = answer(office, task, arrived_at=engine.clock().isoformat())
    for row in values["findings"]:
        row["method"] = "书面检查"
    office.do(task, values)
    assert part_of(office, task).visit_ended_at is not None
    with engine.read() as session:
        methods = sa.select(Finding.method).where(Finding.department_inspection == task.business_key)
        assert set(session.scalars(methods)) == {"书面检查"}


def day(clock: Any, days: int = 0) -> str:
    return (clock.now + timedelta(days=days)).astimezone(SHANGHAI).date().isoformat()


def test_a_result_waits_for_its_samples_and_a_failed_one_may_be_tested_again(
    office: Office, clock: Any, tmp_path: Path
) -> None:
    engine = office.engine
    # An office whose table lets the publication stand still while samples are tested.
    shutil.copytree(engine.settings.process_dir / "tables", tmp_path / "tables")
    table = json.loads((tmp_path / "tables/deadline.json").read_text("utf-8"))
    (rule,) = [row for row in table["rows"] if row["name"] == "publication"]
    rule["suspensions"] = [{"code": "testing", "label": "检验", "legal_basis": "试验用", "process": "sample-testing"}]
    (tmp_path / "tables/deadline.json").write_text(json.dumps(table), "utf-8")
    engine.kernel = replace(engine.kernel, settings=replace(engine.settings, process_dir=tmp_path))

    key = office.open_tasks("arrive")[0].business_key
    number = key.rpartition("/")[0]
    others = [t for t in office.open_tasks("arrive") if t.business_key.rpartition("/")[0] == number]
    for task in others:
        office.do(task)
    check = of(office, "site_check", key)
    values = answer(office, check)
    item = values["findings"][0]["item"]
    one = {
        "testing": "是", "item": item, "kind": "食品", "name": "散装熟肉", "quantity": "500克",
        "reserve": "500克，样品室", "seal": "封样18", "signed": "签名", "signer": "演示负责人",
    }  # fmt: skip
    assert faults(office, check, {**values, "samples": [one, {**one, "item": "别的事项"}]}).keys() == {
        "samples[1].item"
    }
    twice = {**values, "samples": [one, one]}
    assert faults(office, check, twice).keys() == {"samples[1].seal", "sample_signature"}
    office.do(check, {**values, "samples": [one, {**one, "seal": "封样19"}], "sample_signature": PNG})
    for task in others:
        if task.business_key != key:
            office.do(of(office, "site_check", task.business_key))

    def due() -> Any:
        with engine.read() as session:
            where = (Deadline.business_key == key, Deadline.name == "publication")
            row = session.scalars(sa.select(Deadline).where(*where)).one()
            return row.suspended_at, row.due_at

    assert due()[0] == clock.now and due()[1] is None  # it stands still from its first moment
    part = part_of(office, check)
    first, second = office.open_tasks("send")
    with engine.read() as session:
        assert part.state == "待检验结果" and samples.pending_items(session, part) == {item}
        assert not office.open_tasks(business_key=key)  # no conclusion, no review: visibly waiting
        assert "500克，样品室" in str(engine.task_view(session, first).context["facts"])
    office.do(first, {"decision": "不再送检", "not_sent_reason": "运输途中容器破损。"})

    sending = {
        "decision": "送检", "laboratory": "示例检验中心", "asked": "菌落总数，GB 2726", "sent_on": day(clock),
        "expected_on": day(clock, 10), "seal_state": "封样完好", "files": [],
    }  # fmt: skip
    assert faults(office, second, {**sending, "sent_on": day(clock, 1)}).keys() == {"sent_on"}
    office.do(second, sending)

    def tested(result: str, report: str) -> None:
        clock.advance(days=8)
        task = of(office, "result", second.business_key)
        upload = AddAttachment(task.id, "files", "报告.pdf", "application/pdf", b"%PDF-1.4 " + report.encode())
        file = engine.execute(upload, actor=office.who(task))
        office.do(task, {
            "result": result, "report_number": report, "reported_on": day(clock), "received_on": day(clock),
            "conclusion": "菌落总数不符合 GB 2726。" if result == "不合格" else "符合标准要求。", "files": [file],
        })  # fmt: skip
        told = {"told_on": day(clock), "method": "当面告知", "recipient": "演示负责人", "retest_told": True}
        office.do(of(office, "tell", second.business_key), told)

    tested("不合格", "检1号")
    with engine.read() as session:
        row = session.scalars(sa.select(Deadline).where(Deadline.name == "sample-retest")).one()
        assert row.rule == "7wd" and row.legal_basis.startswith("《中华人民共和国食品安全法》第八十八条")
        last = row.due_at
    ask = of(office, "retest", second.business_key)
    assert faults(office, ask, {"decision": "期满未申请"}).keys() == {"decision"}
    clock.travel((last + timedelta(days=2)).isoformat())
    late = {"decision": "受理", "retest_on": day(clock), "reason": "对方法有异议。"}
    assert faults(office, ask, late).keys() == {"decision"}
    office.do(ask, {**late, "retest_on": last.astimezone(SHANGHAI).date().isoformat()})  # entered late, asked in time
    again = of(office, "send", second.business_key)
    sending |= {"sent_on": day(clock), "expected_on": day(clock, 10)}
    assert faults(office, again, sending).keys() == {"laboratory"}
    office.do(again, {**sending, "laboratory": "示例复检中心"})
    tested("不合格", "检2号")
    assert not office.open_tasks("retest")  # a second test is the last

    assert due()[0] is None and due()[1] is not None
    enter = of(office, "enter_results", key)
    finding = {"item": item, "name": "事项", "problem": "否"}
    assert faults(office, enter, {"findings": [finding]}).keys() == {"findings[0].note"}
    problem = {"category": "9", "clause": "食品安全法第三十四条", "handling": "违法处罚", "note": "菌落总数超标。"}
    office.do(enter, {"findings": [{**finding, "problem": "是", **problem}]})
    conclude = of(office, "conclude", key)
    with engine.read() as session:
        assert engine.task_view(session, conclude).context["clauses"] == "食品安全法第三十四条"
        titles = {listing.title for listing in listings(session, "370105", [key, first.business_key, number])}
        assert {"到场记录", "检查结果", "证据", "送检样品"} <= titles
        tests = samples.tests_of(session, "370105", [second.business_key])
        assert [(t.round, t.laboratory, t.result) for t in tests] == [
            (1, "示例检验中心", "不合格"), (2, "示例复检中心", "不合格"),
        ]  # fmt: skip


def test_a_written_check_lists_its_materials_and_tells_what_is_owed(office: Office, clock: Any) -> None:
    engine, task = office.engine, office.open_tasks("prepare_visit")[0]
    key = task.business_key
    asked = [{"name": "从业人员健康证明", "note": "复印件加盖公章"}, {"name": "进货查验记录"}]
    notice = {"method": "书面检查", "notice_mode": "事先通知", "notified_person": "演示负责人", "notified_by": "电话",
              "notified_at": clock.now.isoformat(), "planned_at": clock.now.isoformat(), "no_conflict": True,
              "asked_materials": asked}  # fmt: skip
    assert faults(office, task, notice).keys() == {"materials_due"}
    office.do(task, {**notice, "materials_due": day(clock, 7)})

    collect = of(office, "collect", key)
    with engine.read() as session:
        context = engine.task_view(session, collect).context
        assert "还欠 2 项" in str(context["facts"]) and [m["name"] for m in context["materials"]] == [
            "从业人员健康证明", "进货查验记录",
        ]  # fmt: skip
        due = session.scalars(sa.select(Deadline).where(Deadline.name == "written-materials")).one().due_at
        assert due.astimezone(SHANGHAI).date().isoformat() == day(clock, 7)
    clock.advance(days=3)
    first, second = context["materials"]
    came = {**first, "received_on": day(clock), "complete": "否"}
    begin = {"materials": [came, second], "decision": "开始检查"}
    assert faults(office, collect, begin).keys() == {"materials[0].remarks", "owed_note"}
    came["remarks"] = "缺两人的证明。"
    urge = {"materials": [came, second], "decision": "催交", "reminded_by": "电话", "reminded_person": "演示负责人"}
    assert faults(office, collect, {**urge, "due_on": day(clock)}).keys() == {"due_on"}
    office.do(collect, {**urge, "due_on": day(clock, 10)})

    collect = of(office, "collect", key)
    with engine.read() as session:
        told = str(engine.task_view(session, collect).context["facts"])
        assert "还欠 2 项" in told and "需要补正：缺两人的证明。" in told and "电话（演示负责人）" in told
    clock.advance(days=1)
    came |= {"received_on": day(clock), "complete": "是", "remarks": ""}
    begin = {"materials": [came, second], "decision": "开始检查", "owed_note": "逾期未提交，另作核实。"}
    office.do(collect, begin)
    check = of(office, "site_check", key)
    with engine.read() as session:
        part = part_of(office, check)
        assert [written_materials.state(row) for row in written_materials.of_part(session, part)] == [
            "已收到",
            "未收到",
        ]
        assert session.scalars(sa.select(Deadline).where(Deadline.name == "written-materials")).one().met_at
