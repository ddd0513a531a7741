"""Pages of the visits outside the draw: who sees what, entering, importing, withdrawing."""

from __future__ import annotations

import io
import json
import re

import pytest
import sqlalchemy as sa

from engine.inspection import uscc
from engine.inspection.item_models import OutsideVisit
from engine.inspection.registry_export import EXPORTED
from engine.models import Department, HistoryEvent
from tests.web.conftest import Web

FIRM = uscc.compose("91370105", "MA3C0001")
ENTRY = {
    "department": "SCJG", "uscc": FIRM, "object_name": "示例餐饮（虚构）", "kind": "投诉举报核查",
    "visited_on": "2026-02-20", "reason": "有人投诉后厨卫生", "ordered_from_above": "否", "result": "已责令改正",
    "approved_by": "局长 演示", "approved_on": "2026-02-19",
}  # fmt: skip


@pytest.fixture
def site(web: Web) -> Web:
    with web.database.write() as session:
        session.add(Department(district_id=web.settings.district_id, code="WJJ", name="卫生健康局"))
    web.user("other", "科室负责人", department="WJJ", name="李安")
    web.user("office", "联席会议办公室", name="王办")
    web.user("designer", "流程设计", name="赵图")
    return web


def test_a_complaint_stays_with_the_department_that_checked_it(site: Web) -> None:
    own = site.sign_in("zhang")
    assert site.submit(own, "/outside-visits/new", ENTRY).status_code == 303
    mine = own.get("/outside-visits").text
    assert "投诉举报核查" in mine and "有人投诉后厨卫生" in mine and "撤销登记" in mine
    other = site.sign_in("other")
    for path in ("/outside-visits", f"/outside-visits?q={FIRM}&year=", "/outside-visits/export.csv"):
        seen = other.get(path).text
        assert "示例餐饮" in seen and "个案检查" in seen
        assert "有人投诉" not in seen and "已责令改正" not in seen and "撤销登记" not in seen
    row = re.compile("示例餐饮")
    assert not row.search(other.get("/outside-visits?kind=投诉举报核查").text)
    assert row.search(other.get("/outside-visits?kind=个案检查").text)
    assert row.search(own.get("/outside-visits?kind=投诉举报核查").text)
    assert not row.search(own.get("/outside-visits?year=2025").text)
    several = "/outside-visits?kind=日常检查&kind=投诉举报核查&department=市场监督管理局&department=x"
    assert row.search(own.get(several).text)
    with site.database.read() as session:  # the history says who took the table away
        (text,) = session.scalars(sa.select(HistoryEvent.body).where(HistoryEvent.kind == EXPORTED))
    body = json.loads(text)
    assert (body["register"], body["form"], body["rows"]) == ("outside-visits", "csv", 1)
    assert site.sign_in("designer").get("/outside-visits").status_code == 403


def test_what_was_typed_comes_back_with_every_fault(site: Web) -> None:
    own = site.sign_in("zhang")
    answer = site.submit(own, "/outside-visits/new", {**ENTRY, "visited_on": "2026-03-09", "ordered_from_above": "是"})
    assert answer.status_code == 422 and "请填写“部署文号”" in answer.text and "有人投诉后厨卫生" in answer.text
    answer = site.submit(own, "/outside-visits/new", {**ENTRY, "visited_on": "2026-03-09"})
    assert answer.status_code == 422 and "“检查日期”晚于今天" in answer.text and "有人投诉后厨卫生" in answer.text
    site.submit(own, "/outside-visits/new", ENTRY)
    twice = site.submit(own, "/outside-visits/new", ENTRY)
    assert twice.status_code == 409 and "已经登记过" in twice.text and "有人投诉后厨卫生" in twice.text
    assert site.submit(site.sign_in("other"), "/outside-visits/new", ENTRY, "/outside-visits").status_code == 403


def test_a_file_is_previewed_before_anything_enters(site: Web) -> None:
    office = site.sign_in("office")
    text = (
        "统一社会信用代码,检查对象名称,检查部门,检查类型,检查日期,备注\n"
        f"{FIRM},示例餐饮（虚构）,卫生健康局,日常检查,2026-01-10,x\n{FIRM},,卫生健康局,突击,2026-01-11,y\n"
    )
    data = {"file": (io.BytesIO(text.encode()), "检查.csv")}
    staged = site.submit(office, "/outside-visits/import", data)
    assert staged.status_code == 303
    page = office.get(staged.location).text
    assert "导入 1 行" in page and "不是检查类型" in page and "没有用到的列：备注" in page
    with site.database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(OutsideVisit)) == 0
    assert site.sign_in("zhang").get(staged.location).status_code == 404
    done = site.submit(office, staged.location, {}, follow_redirects=True)
    assert "新登记 1 次检查" in done.text and "1 行没有导入" in done.text
    assert office.get(staged.location).status_code == 404
    empty = site.submit(office, "/outside-visits/import", {"file": (io.BytesIO(b""), "")})
    assert empty.status_code == 422 and "请选择要导入的文件" in empty.text
    large = site.submit(office, "/outside-visits/import", {"file": (io.BytesIO(b"\xff" * 10_000_001), "a.xlsx")})
    assert large.status_code == 422 and "文件超过 10 MB" in large.text  # said before anybody tries to read it
    wrong = site.submit(office, "/outside-visits/import", {"file": (io.BytesIO("甲,乙\n1,2\n".encode()), "a.csv")})
    assert wrong.status_code == 422 and "没有找到可识别的表头" in wrong.text
    assert "统一社会信用代码" in office.get("/outside-visits/template.csv").text


def test_an_entry_is_withdrawn_with_a_reason_and_stays_visible(site: Web) -> None:
    own = site.sign_in("zhang")
    site.submit(own, "/outside-visits/new", ENTRY)
    with site.database.read() as session:
        visit_id = session.scalars(sa.select(OutsideVisit.id)).one()
    path = f"/outside-visits/{visit_id}/withdraw"
    said = site.submit(own, path, {"reason": ""}, "/outside-visits", follow_redirects=True).text
    assert "写明撤销理由" in said
    said = site.submit(own, path, {"reason": "登记错了企业"}, "/outside-visits", follow_redirects=True).text
    assert "已撤销登记" in said and "登记错了企业" in said
    assert "示例餐饮" not in own.get("/outside-visits?counts=yes").text
