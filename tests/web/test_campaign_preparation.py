"""Pages of a campaign's preparation, units, checklists of items, and the joint summary."""

from __future__ import annotations

import sqlalchemy as sa

from engine.inspection.models import Campaign, DepartmentInspection
from tests.support.pages import District


def test_preparation_shows_lists_people_and_the_merged_checklist_and_takes_a_commission(district: District) -> None:
    officer = district.sign_in("scjg-officer")
    path = f"/campaigns/{district.campaign}/preparation"
    page = officer.text(path)
    for words in ("派发签收", "已签收", "人员和装备", "没有委托第三方机构或者专家", "检查表：", "卫生健康局", "条要点"):
        assert words in page, words
    assert 'href="' + path.replace("抽查", "%E6%8A%BD%E6%9F%A5") in officer.text(f"/campaigns/{district.campaign}")
    typed = {"department": "SCJG", "kind": "律师事务所", "name": "演示律师事务所", "mandate": "合同条款咨询"}
    refused = officer.post(f"/campaigns/{district.campaign}/commissions", typed, page=path)
    text = refused.get_data(as_text=True)
    assert refused.status_code == 422 and "请填写委托书或者合同编号" in text and "合同条款咨询" in text
    done = officer.post(
        f"/campaigns/{district.campaign}/commissions",
        {**typed, "document_number": "委〔2026〕2号", "declaration": "已声明与检查对象没有利害关系"}, page=path,
    )  # fmt: skip
    assert done.status_code == 303 and "演示律师事务所" in officer.text(path)
    paper = officer.get(f"/campaigns/{district.campaign}/checklist.pdf")
    assert paper.status_code == 200 and paper.data.startswith(b"%PDF")
    stranger = district.sign_in("jtj-officer")
    assert stranger.get(path).status_code == 404
    assert stranger.get(f"/campaigns/{district.campaign}/checklist.pdf").status_code == 404


def test_the_summary_waits_for_every_result(district: District) -> None:
    officer = district.sign_in("scjg-officer")
    assert "项结果没有公示" in officer.text(f"/campaigns/{district.campaign}/summary")
    for form in ("pdf", "xlsx"):
        assert officer.get(f"/campaigns/{district.campaign}/summary.{form}").status_code == 404


def test_departments_keep_their_units_and_the_checklists_of_their_items(district: District) -> None:
    officer, other = district.sign_in("scjg-officer"), district.sign_in("wjj-officer")
    assert "泺口市场监督管理所" in officer.text("/units") and "本部门承办人" in officer.text("/units?department=SCJG")
    wrong = officer.post("/units", {"department": "SCJG", "code": "?", "name": "新所", "new": "1"}, page="/units")
    assert wrong.status_code == 422 and "请填写编号" in wrong.get_data(as_text=True)
    unit = {"department": "SCJG", "code": "SCJG-SP", "name": "食品安全科", "kind": "科室", "new": "1", "active": "on"}
    assert officer.post("/units", unit, page="/units").status_code == 303
    assert other.post("/units", {**unit, "code": "SCJG-X"}, page="/units").status_code == 403
    path = "/items/SCJG-001/checklist"
    assert "检查要点" in officer.text(path)
    rows = {"points-0-content": "是否亮照经营", "points-0-subject": "亮照", "points-1-content": "是否亮照经营"}
    twice = officer.post(path, rows, page=path)
    assert twice.status_code == 422 and "相同，请删除其中一条" in twice.get_data(as_text=True)
    assert officer.post(path, {**rows, "points-1-content": "经营者是否一致"}, page=path).status_code == 303
    assert "经营者是否一致" in other.text(path)
    assert other.post(path, rows, page="/items").status_code == 403


def test_an_inspector_is_not_replaced_once_the_visit_is_over_and_outsiders_see_nothing(district: District) -> None:
    with district.engine.read() as session:
        part = session.scalars(
            sa.select(DepartmentInspection.number).where(DepartmentInspection.department == "SCJG")
        ).first()
    page = district.sign_in("scjg-officer").text(f"/substitutions/{part}")
    assert "更换检查人员" in page and "检查已经结束" in page
    assert "由该部门办理" in district.sign_in("wjj-officer").text(f"/substitutions/{part}")
    assert district.sign_in("jtj-officer").get(f"/substitutions/{part}").status_code == 404


def test_an_annulled_campaign_counts_nothing(district: District) -> None:
    with district.engine.database.write() as session:
        row = session.scalars(sa.select(Campaign).where(Campaign.number == district.campaign)).one()
        row.state = "已作废"
    officer = district.sign_in("scjg-officer")
    assert "抽取已作废" in officer.text("/campaigns") and "0 / " not in officer.text("/campaigns")
    assert "抽中对象" not in officer.text(f"/campaigns/{district.campaign}")
    assert "本任务没有检查" in officer.text(f"/campaigns/{district.campaign}/summary")
