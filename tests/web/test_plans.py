"""Annual plans on pages: rows, campaigns of rows, versions, merges, the filing board, preview, the gate's lists."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.complete_task import CompleteTask
from engine.inspection.models import Campaign, Item, Plan
from engine.inspection.opening import OpenPlan
from engine.inspection.plan_season import RemindOfPlans
from engine.models import UserTask
from tests.support.journey import work_plan
from tests.support.pages import District

AGREE = {"decision": "同意", "opinion": "同意。"}


def row(district: District, department: str, **changes: Any) -> dict[str, Any]:
    """A plan row of the department's first items in catering."""
    with district.engine.read() as session:
        items = session.scalars(
            sa.select(Item.code).where(Item.department == department).order_by(Item.code).limit(2)
        ).all()
    return {
        "name": f"餐饮单位检查（{department}）", "items": list(items), "initiator": department, "participants": [],
        "regions": [], "kinds": [], "industries": ["H"], "quota": "统一比例", "ratio": 5, "start_date": "2026-04-01",
        "end_date": "2026-06-30", "form": "综合联查", "methods": ["实地核查"], "publish": "公布",
    } | changes  # fmt: skip


def step(district: District, key: str, element: str, login: str, values: dict[str, Any]) -> None:
    task = next(t for t in district.office.open_tasks(element, business_key=key))
    district.engine.execute(CompleteTask(task.id, task.version, values), actor=district.office.login(login))


def public_plan(district: District, department: str = "SCJG", *rows: dict[str, Any]) -> str:
    """A department's plan of 2026, filed and published; returns its business key."""
    login = department.lower()
    key: str = district.engine.execute(OpenPlan(department, 2026), actor=district.office.login(f"{login}-officer"))
    values = {"name": f"2026年度抽查计划（{department}）", "tasks": list(rows) or [row(district, department)]}
    step(district, key, "draft_plan", f"{login}-officer", values)
    step(district, key, "head_approval", f"{login}-head", AGREE)
    return key


def test_a_plans_page_shows_its_rows_and_a_campaign_opened_from_one_begins_with_it(district: District) -> None:
    public_plan(district)
    officer = district.sign_in("scjg-officer")
    page = officer.text("/plans/2026/SCJG")
    for words in ("餐饮单位检查（SCJG）", "统一比例 5 %", "开启抽查任务", "住宿和餐饮业", "第 1 版", "计划完成率"):
        assert words in page, words
    answer = officer.post("/plans/2026/SCJG/campaigns", {"row": "01"}, page="/plans/2026/SCJG")
    assert answer.status_code == 303
    form = officer.text(answer.headers["Location"])
    assert 'value="餐饮单位检查（SCJG）"' in form and 'value="2026-04-01"' in form and 'value="5"' in form
    assert "SCJG-抽查-2026-0002" in officer.text("/plans/2026/SCJG")
    assert officer.post("/plans/2026/SCJG/campaigns", {"row": "99"}).status_code == 404
    other = district.sign_in("wjj-officer")
    assert other.post("/plans/2026/SCJG/campaigns", {"row": "01"}).status_code == 403
    assert "开启抽查任务" not in other.text("/plans/2026/SCJG")


def test_an_unpublished_plan_is_for_its_own_people(district: District) -> None:
    district.engine.execute(OpenPlan("SCJG", 2026), actor=district.office.login("scjg-officer"))
    assert district.sign_in("jtj-officer").get("/plans/2026/SCJG").status_code == 404
    assert district.sign_in("scjg-officer").get("/plans/2026/SCJG").status_code == 200
    assert district.sign_in("scjg-officer").get("/plans/2026/none").status_code == 404


def test_a_row_withheld_is_reviewed_by_a_second_person_and_hidden_from_others_and_the_public(
    district: District,
) -> None:
    key = district.engine.execute(OpenPlan("SCJG", 2026), actor=district.office.login("scjg-officer"))
    hidden = row(district, "SCJG", name="涉密场所检查", publish="不予公开", legal_ground="保守国家秘密法第五十七条")
    values = {"name": "2026年度抽查计划", "tasks": [row(district, "SCJG"), hidden]}
    step(district, key, "draft_plan", "scjg-officer", values)
    assert not district.office.open_tasks("head_approval", business_key=key)
    step(district, key, "withhold_review", "scjg-deputy", {"decision": "同意", "ground_checked": True})
    step(district, key, "head_approval", "scjg-head", AGREE)
    own, other = district.sign_in("scjg-officer"), district.sign_in("jtj-officer")
    assert "保守国家秘密法第五十七条" in own.text("/plans/2026/SCJG")
    page = other.text("/plans/2026/SCJG")
    assert "涉密场所检查" not in page and "另有 1 项任务依法不予公开" in page
    assert "涉密场所检查" not in other.text("/plans/2026/SCJG/preview")
    for path in ("/plans/2026/SCJG/compare",):
        assert "涉密场所检查" not in other.text(path)


def test_a_plan_is_adjusted_as_a_new_version_that_can_be_compared(district: District) -> None:
    dropped = row(district, "SCJG", name="超市检查", industries=["F"])
    key = public_plan(district, "SCJG", row(district, "SCJG"), dropped)
    officer = district.sign_in("scjg-officer")
    answer = officer.post("/plans/2026/SCJG/adjust", {}, page="/plans/2026/SCJG")
    assert answer.status_code == 303 and "起草调整方案" in officer.text(answer.headers["Location"])
    again = officer.post("/plans/2026/SCJG/adjust", {}, page="/plans/2026/SCJG")
    assert again.headers["Location"] == answer.headers["Location"]
    number = f"{key}/调整/1"
    changed = row(district, "SCJG", code="01", ratio=8, end_date="2026-09-30")
    added = row(district, "SCJG", name="药店检查", industries=["F"])
    values = {"action": "报批", "reason": "上级部署专项整治。", "tasks": [changed, added]}
    step(district, number, "draft_adjustment", "scjg-officer", values)
    head = district.sign_in("scjg-head")
    task = district.office.open_tasks("head_approval", business_key=number)[0]
    page = head.text(f"/tasks/{task.id}")
    for words in ("与现行计划对照", "上级部署专项整治。", "统一比例（%）", "2026-09-30", "新增"):
        assert words in page, words
    assert "统一比例 5 %" in officer.text("/plans/2026/SCJG")  # in force until the new version is approved
    step(district, number, "head_approval", "scjg-head", AGREE)
    assert "统一比例 8 %" in officer.text("/plans/2026/SCJG")
    compared = officer.text("/plans/2026/SCJG/compare?a=1&b=2")
    assert ">02</span> 超市检查" in compared and ">03</span> 药店检查" in compared  # a code is never used again
    for words in ("第 1 版与第 2 版对照", "药店检查", "新增", "取消", "2026-06-30", "2026-09-30", "上级部署专项整治。"):
        assert words in compared, words
    assert officer.get("/plans/2026/SCJG/compare?a=9&b=x").status_code == 200
    assert district.sign_in("wjj-officer").post("/plans/2026/SCJG/adjust", {}).status_code == 403


def test_a_plan_is_previewed_while_it_is_written(district: District) -> None:
    key = district.engine.execute(OpenPlan("SCJG", 2026), actor=district.office.login("scjg-officer"))
    task = district.office.open_tasks("draft_plan", business_key=key)[0]
    officer, path = district.sign_in("scjg-officer"), f"/tasks/{task.id}"
    assert "还没有可以测算的任务" in officer.text("/plans/2026/SCJG/preview")
    items = row(district, "SCJG")["items"]
    typed = {
        "name": "2026年度计划", "tasks-0-name": "商超检查", "tasks-0-items": items, "tasks-0-initiator": "SCJG",
        "tasks-0-quota": "户数", "tasks-0-count": "12", "tasks-1-name": "缺事项的一行",
        "tasks-2-name": "户数写错的一行", "tasks-2-items": items, "tasks-2-initiator": "SCJG", "tasks-2-quota": "户数",
        "tasks-2-count": "很多",
    }  # fmt: skip
    answer = officer.post(f"{path}/preview", typed, page=path)
    assert answer.status_code == 303 and answer.headers["Location"] == "/plans/2026/SCJG/preview"
    page = officer.text("/plans/2026/SCJG/preview")
    assert "商超检查" in page and ">12</td>" in page and "的一行" not in page and "暂存的草稿" in page
    assert "商超检查" in officer.text(path)  # nothing typed is lost
    assert "商超检查" not in district.sign_in("scjg-head").text("/plans/2026/SCJG/preview")


def test_the_office_accepts_and_declines_merges_by_measured_overlap(district: District) -> None:
    public_plan(district)
    public_plan(district, "WJJ")
    public_plan(district, "YJJ")
    key = district.engine.execute(OpenPlan("SCJG", 2026, "联合"), actor=district.office.login("office"))
    office = district.sign_in("office")
    page = office.text("/plans/2026/joint/merges")
    assert page.count("合并为一次检查") == 3 and "占较小一方的 100 %" in page
    pairs = [
        f"plan/2026/{a}#01|plan/2026/{b}#01" for a, b in (("SCJG", "WJJ"), ("SCJG", "YJJ"), ("WJJ", "YJJ"))
    ]  # fmt: skip
    path = "/plans/2026/joint/merges"
    refused = office.post(path, {"pair": pairs[2], "decision": "decline", "reason": ""}, page=path)
    assert refused.status_code == 422 and "请写明不合并的理由" in refused.text
    assert office.post(path, {"pair": pairs[0], "decision": "accept"}, page=path).status_code == 303
    assert office.post(path, {"pair": pairs[1], "decision": "accept"}, page=path).status_code == 303
    decline = {"pair": pairs[2], "decision": "decline", "reason": "已经并入同一项"}
    assert office.post(path, decline, page=path).status_code == 303
    page = office.text(path)
    assert page.count("合并为第 01 项") == 2 and "已经并入同一项" in page
    with district.engine.read() as session:
        plan = session.scalars(sa.select(Plan).where(Plan.business_key == key)).one()
    assert len(plan.content["tasks"]) == 1
    assert plan.content["tasks"][0]["participants"] == ["WJJ", "YJJ"] and len(plan.content["tasks"][0]["items"]) == 6
    assert office.post(path, {"pair": pairs[0], "decision": "accept"}, page=path).status_code == 409
    assert office.post(path, {"pair": "x|y", "decision": "accept"}, page=path).status_code == 409
    assert district.sign_in("jtj-officer").get(path).status_code == 404
    step(district, key, "draft_plan", "scjg-officer", {"name": "2026年度联合计划", "tasks": plan.content["tasks"]})
    page = office.text(path)
    assert "不在起草环节" in page and "合并为一次检查</button>" not in page


def test_the_filing_board_lists_departments_without_a_plan_and_reminders_open_and_remind(district: District) -> None:
    public_plan(district)
    watcher = district.sign_in("supervisor")
    page = watcher.text("/plans/filing?year=2026")
    assert "未建立，已超过期限" in page and "已备案公布" in page and "提醒日期" in page
    assert watcher.text("/plans/filing?year=2026&format=csv").startswith("\ufeff部门,")
    assert district.sign_in("wjj-officer").get("/plans/filing").status_code == 403


def test_plans_are_opened_and_reminded_of_once_a_point(district: District) -> None:
    district.clock.travel("2026-12-03T08:00:00+08:00")
    opened, reminded = district.engine.execute(RemindOfPlans(), actor=Actor.system())
    assert opened == 15 and reminded == 0
    assert district.engine.execute(RemindOfPlans(), actor=Actor.system()) == (0, 0)
    district.clock.travel("2027-01-15T08:00:00+08:00")
    assert district.engine.execute(RemindOfPlans(), actor=Actor.system()) == (0, 15)
    task = district.office.open_tasks("draft_plan", business_key="plan/2027/WJJ")[0]
    page = district.sign_in("wjj-officer").text(f"/tasks/{task.id}")
    assert "2027 年度抽查计划应当在 1 月 31 日以前备案并公布" in page and "2027-01-31" in page
    district.clock.travel("2027-02-02T08:00:00+08:00")
    assert district.engine.execute(RemindOfPlans(), actor=Actor.system()) == (0, 0)
    assert "已超过期限" in district.sign_in("office").text("/plans/filing?year=2027")


@pytest.fixture
def drafting(district: District) -> UserTask:
    """The work plan of a second campaign, not yet written."""
    officer = district.sign_in("scjg-officer")
    officer.post("/campaigns", {"department": "SCJG"}, page="/campaigns")
    return district.office.open_tasks("draft_work_plan")[-1]


def test_a_work_plan_is_previewed_while_it_is_written_and_what_was_typed_is_kept(
    district: District, drafting: UserTask
) -> None:
    officer = district.sign_in("scjg-officer")
    path = f"/tasks/{drafting.id}"
    assert "还不能测算" in officer.text(f"{path}/preview")
    items = row(district, "SCJG")["items"]
    typed = {
        "name": "餐饮抽查（第二批）", "items": items, "industries": ["H"], "quota": "按风险等级",
        "start_date": "2026-04-01", "end_date": "2026-04-10",
    }  # fmt: skip
    answer = officer.post(f"{path}/preview", typed, page=path)
    assert answer.status_code == 303
    page = officer.text(f"{path}/preview")
    for words in (
        "分层数量",
        "人力测算",
        "市场监督管理局",
        "可以合并进门的任务",
        district.campaign,
        "已在其他抽查任务中",
    ):
        assert words in page, words
    assert ">D<" not in page and "S1" in page
    assert "餐饮抽查（第二批）" in officer.text(path)
    assert district.sign_in("jtj-officer").get(f"{path}/preview").status_code == 404


def test_the_gates_lists_name_every_firm_with_its_reason_and_are_downloaded(
    district: District, drafting: UserTask
) -> None:
    plan = work_plan(district.engine, "SCJG", [], name="餐饮抽查（第二批）")
    plan["items"] = row(district, "SCJG")["items"]
    step(district, drafting.business_key, "draft_work_plan", "scjg-officer", plan)
    for element, login in (
        ("section_review", "scjg-section"),
        ("deputy_review", "scjg-deputy"),
        ("head_approval", "scjg-head"),
    ):
        step(district, drafting.business_key, element, login, AGREE)
    task = district.office.open_tasks("gate_check", business_key=drafting.business_key)[0]
    officer = district.sign_in("scjg-officer")
    page = officer.text(f"/tasks/{task.id}")
    for words in ("合并进门", "可以合并进门的在办任务", district.campaign, "查看和下载名单", "保留的检查对象"):
        assert words in page, words
    lists = officer.text(f"/tasks/{task.id}/gate")
    assert "已在其他抽查任务中" in lists and "合并进门，或者排除" in lists and "不在方案的行业范围内" in lists
    narrowed = officer.text(f"/tasks/{task.id}/gate?reason=不在方案的行业范围内&page=2")
    assert "第 2 /" in narrowed
    download = officer.get(f"/tasks/{task.id}/gate?format=csv")
    assert download.mimetype == "text/csv" and "已列入抽查任务" in download.text
    assert district.sign_in("jtj-officer").get(f"/tasks/{task.id}/gate").status_code == 404
    with district.engine.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Campaign)) == 2


def test_frequency_alarms_are_signals_for_the_office(district: District) -> None:
    page = district.sign_in("supervisor").text("/visit-alarms")
    assert "一日内检查超过" in page or "今年没有检查过于频繁的对象" in page
    assert district.sign_in("scjg-officer").get("/visit-alarms").status_code == 403
