"""抽查任务 and 年度计划: lists, opening new ones, one campaign's page."""

from __future__ import annotations

import sqlalchemy as sa

from engine.inspection.models import Campaign, Plan
from tests.support.pages import District


def test_the_list_shows_state_lead_dates_and_progress(district: District) -> None:
    page = district.sign_in("scjg-officer").text("/campaigns")
    for words in (district.campaign, "检查中", "市场监督管理局", "2026-03-16 至 2026-04-30", "新建抽查任务"):
        assert words in page
    assert "0 / " in page


def test_filters_narrow_the_list(district: District) -> None:
    officer = district.sign_in("scjg-officer")
    for query in ("q=餐饮", "state=检查中", "lead=SCJG"):
        assert district.campaign in officer.text(f"/campaigns?{query}")
    for query in ("q=不存在", "state=起草", "lead=WJJ", "after=2020-01-01T00:00:00%2B00:00~X"):
        assert district.campaign not in officer.text(f"/campaigns?{query}")
    assert district.campaign in officer.text("/campaigns?after=mangled")


def test_an_officer_opens_a_campaign_and_lands_on_its_work_plan(district: District) -> None:
    officer = district.sign_in("scjg-officer")
    answer = officer.post("/campaigns", {"department": "SCJG"}, page="/campaigns")
    assert answer.status_code == 303 and "/tasks/" in answer.headers["Location"]
    assert "起草抽查工作方案" in officer.text(answer.headers["Location"])
    assert "SCJG-抽查-2026-0002" in officer.text("/campaigns")


def test_only_officers_in_charge_may_open_a_campaign(district: District) -> None:
    section = district.sign_in("scjg-section")
    assert "新建抽查任务" not in section.text("/campaigns")
    assert section.post("/campaigns", {"department": "SCJG"}).status_code == 403
    other = district.sign_in("wjj-officer").post("/campaigns", {"department": "SCJG"})
    assert other.status_code == 403
    with district.engine.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Campaign)) == 1


def test_a_campaigns_page_shows_plan_draw_progress_and_inspections(district: District) -> None:
    page = district.sign_in("wjj-officer").text(f"/campaigns/{district.campaign}")
    for words in (
        "抽查工作方案", "各部门进度", "只列数量，不排名", "/public/draws/CN-370105-SCJG-2026-0001", "已抽取",
        "统一比例 5 %", "抽查情况统计", "办理记录", "名单封存并登记摘要", "等待全部检查结果公示",
    ):  # fmt: skip
        assert words in page, words
    assert "排名" not in page.replace("不排名", "")


def test_the_inspections_of_a_campaign_are_filtered(district: District) -> None:
    officer = district.sign_in("scjg-officer")
    path = f"/campaigns/{district.campaign}"
    first = "CN-370105-SCJG-2026-0001/0001"
    assert first in officer.text(f"{path}?q={first}")
    assert "没有符合条件的检查" in officer.text(f"{path}?q=不存在的企业")
    assert first not in officer.text(f"{path}?after={first}")


def test_departments_that_take_no_part_do_not_see_a_campaign(district: District) -> None:
    stranger = district.sign_in("jtj-officer")
    assert district.campaign not in stranger.text("/campaigns")
    assert stranger.get(f"/campaigns/{district.campaign}").status_code == 404
    assert district.campaign in district.sign_in("supervisor").text("/campaigns")
    assert district.sign_in("supervisor").get(f"/campaigns/{district.campaign}").status_code == 200


def test_a_plan_is_opened_once_and_leads_to_its_draft(district: District) -> None:
    officer = district.sign_in("wjj-officer")
    first = officer.post("/plans", {"what": "部门/WJJ", "year": "2026"}, page="/plans")
    second = officer.post("/plans", {"what": "部门/WJJ", "year": "2026"}, page="/plans")
    assert first.status_code == 303 and "/tasks/" in first.headers["Location"]
    assert second.headers["Location"] == first.headers["Location"]
    page = officer.text("/plans")
    assert "2026年度抽查工作计划" in page and "起草" in page
    with district.engine.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Plan)) == 1


def test_a_wrong_year_comes_back_with_what_was_typed(district: District) -> None:
    officer = district.sign_in("wjj-officer")
    for typed, words in (("二零二六", "四位年份"), ("1999", "之间的年份")):
        page = officer.post("/plans", {"what": "部门/WJJ", "year": typed}, page="/plans")
        assert page.status_code == 422 and words in page.text and typed in page.text
    assert officer.post("/plans", {"what": "", "year": "2026"}).status_code == 422
    assert officer.post("/plans", {"what": "部门/SCJG", "year": "2026"}).status_code == 403


def test_the_conference_office_opens_the_joint_plan(district: District) -> None:
    office = district.sign_in("office")
    answer = office.post("/plans", {"what": "联合/SCJG", "year": "2026"}, page="/plans")
    assert answer.status_code == 303
    page = office.get(answer.headers["Location"])
    assert page.status_code == 200 and "部门联合抽查工作计划" in page.text
