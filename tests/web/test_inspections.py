"""The page of one inspection: a lane for each department, seen as far as the reader may."""

from __future__ import annotations

import json

import sqlalchemy as sa

from engine.inspection.models import Inspection, Publication
from tests.support.journey import RESULTS
from tests.support.pages import District


def first(district: District) -> str:
    with district.engine.read() as session:
        return session.scalars(sa.select(Inspection.number).order_by(Inspection.number)).first() or ""


def release(district: District, number: str) -> None:
    """Carry one object's results to publication in all departments."""
    for step in RESULTS[:-1]:
        for task in district.office.open_tasks(step):
            if task.business_key.startswith(f"{number}/"):
                district.office.do(task)


def test_the_lead_sees_every_department_as_a_lane(district: District) -> None:
    number = first(district)
    page = district.sign_in("scjg-officer").text(f"/inspections/{number}")
    for words in (
        'id="lane-SCJG"', 'id="lane-WJJ"', 'id="lane-YJJ"', "准备与通知", "形成结论", "发现问题 1 项",
        "未发现问题", "检查人员", "尚未公示", "统一社会信用代码", "办结“现场检查”", 'aria-current="step"',
    ):  # fmt: skip
        assert words in page, words


def test_a_participant_sees_only_the_progress_of_the_others(district: District) -> None:
    number = first(district)
    page = district.sign_in("yjj-officer").text(f"/inspections/{number}")
    assert page.count("这里只显示进度") == 2
    assert "WJJ-0" not in page and "SCJG-0" not in page.replace("CN-370105-SCJG-2026", "")
    assert "过期" not in page and "食品安全法第三十四条" not in page


def test_outsiders_do_not_learn_that_an_inspection_exists(district: District) -> None:
    number = first(district)
    stranger = district.sign_in("jtj-officer")
    assert stranger.get(f"/inspections/{number}").status_code == 404
    assert stranger.get(f"/inspections/{number}/door-proof").status_code == 404
    assert number not in stranger.text("/inspections")
    assert stranger.get("/inspections/no/such/number").status_code == 404


def test_publication_receipt_and_follow_up_show_on_the_lane(district: District) -> None:
    number = first(district)
    release(district, number)
    officer = district.sign_in("scjg-officer")
    page = officer.text(f"/inspections/{number}")
    assert "待推送省工作平台" in page and "后续处置" in page and "行政处罚" in page and "牵头部门汇总" in page
    with district.engine.database.write() as session:
        for row in session.scalars(sa.select(Publication).where(Publication.subject.like(f"{number}/%"))):
            row.push_state, row.receipt, row.received_at = "received", "SD-2026-000123", district.clock()
    page = officer.text(f"/inspections/{number}")
    assert "省工作平台已接收" in page and "SD-2026-000123" in page
    wjj = district.sign_in("wjj-officer").text(f"/inspections/{number}")
    assert "/progress" in wjj and "立案申请" in wjj


def test_a_late_publication_marks_its_lane(district: District) -> None:
    number = first(district)
    district.clock.advance(days=60)
    page = district.sign_in("scjg-officer").text(f"/inspections/{number}")
    assert "is-overdue" in page and "超期" in page


def test_the_list_finds_inspections_by_name_state_and_number(district: District) -> None:
    number = first(district)
    officer = district.sign_in("wjj-officer")
    assert number in officer.text("/inspections") and number in officer.text(f"/inspections?q={number}")
    assert "没有符合条件的检查" in officer.text("/inspections?state=已办结")


def test_the_firm_is_shown_a_proof_that_it_was_drawn(district: District) -> None:
    number = first(district)
    inspector = district.sign_in("scjg-officer")
    page = inspector.text(f"/inspections/{number}/door-proof")
    assert "door-proof" in page and "/public/draws/CN-370105-SCJG-2026-0001" in page
    answer = inspector.get(f"/inspections/{number}/door-proof?download=1")
    proof = json.loads(answer.text)
    assert proof["kind"] == "door-proof" and proof["draw_id"] == "CN-370105-SCJG-2026-0001"
    assert "attachment" in answer.headers["Content-Disposition"]
