"""Results of a department without log-ins: by file with a signed letter, checked, entered, then confirmed by it."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import sqlalchemy as sa

from engine.inspection.models import DepartmentInspection, Finding
from engine.models import UserTask
from tests.support.pages import PDF, Browser, District

PAPER = {"paper_document_number": "天应急检〔2026〕11号", "paper_signed_by": "王某", "paper_signed_on": "2026-03-02"}
VISIT = {
    "到达时间": "2026-03-02 08:10", "离开时间": "2026-03-02 09:05", "现场负责人": "李某", "已出示证件": "是",
    "已交付通知书": "是", "已告知权利": "是",
}  # fmt: skip


def template(lead: Browser, campaign: str) -> list[dict[str, str]]:
    text = lead.get(f"/campaigns/{campaign}/reports/YJJ.csv").data.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def filled(rows: list[dict[str, str]]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode("gb18030")


def upload(lead: Browser, campaign: str, **data: Any) -> Any:
    page = f"/campaigns/{campaign}/reports"
    return lead.post(page, {"department": "YJJ", **PAPER, **data}, page=page)


def scan() -> tuple[io.BytesIO, str, str]:
    return io.BytesIO(PDF), "汇总表签字件.pdf", "application/pdf"


def test_a_file_is_checked_entered_and_published_only_after_the_departments_review(district: District) -> None:
    lead, campaign = district.sign_in("scjg-officer"), district.campaign
    assert "部门报送" in lead.text(f"/campaigns/{campaign}")
    rows = template(lead, campaign)
    assert rows and all(row["检查对象"] and row["事项编码"] and row["抽查事项"] for row in rows)
    number = rows[0]["检查编号"]
    assert {row["检查编号"] for row in rows} == {number}, "only the unvisited object waits"
    # What is missing is told beside its field; file and letter come back.
    rows[0] |= VISIT | {"离开时间": "昨天"}
    refused = upload(lead, campaign, paper_document_number="", file=(io.BytesIO(filled(rows)), "结果.csv"),
                     **{"upload-paper_attachment_id": scan()})  # fmt: skip
    assert refused.status_code == 422 and "请填写文号" in refused.text
    letter = re.search(r'name="paper_attachment_id" value="([^"]+)"', refused.text)
    staged = re.search(r'name="staged" value="([^"]+)"', refused.text)
    assert letter and staged and "已上传：结果.csv" in refused.text
    page = upload(lead, campaign, paper_attachment_id=letter[1], staged=staged[1]).headers["Location"]
    shown = lead.text(page)
    assert "可以录入 0 户，有问题 1 户" in shown and "请写成 2026-03-02 09:30 的样子" in shown
    assert "请写成" in lead.get(f"{page}/problems.csv").data.decode("utf-8-sig")
    # Put right: one problem found; the trial leaves nothing behind.
    rows[0] |= VISIT
    rows[1] |= {
        "是否发现问题": "是", "结果类别": "发现问题已责令改正", "涉嫌违反的条款": "《安全生产法》第二十一条",
        "处置意见": "责令改正", "现场情况": "灭火器已过有效期。", "认定的事实": "配置的灭火器两具超过有效期三个月。",
    }  # fmt: skip
    stranger = {**rows[0], "检查编号": "CN-不存在/YJJ"}
    file = (io.BytesIO(filled([*rows, stranger])), "结果.csv")
    page = upload(lead, campaign, paper_attachment_id=letter[1], file=file).headers["Location"]
    shown = lead.text(page)
    assert "可以录入 1 户，有问题 1 户" in shown and "不在本任务该部门的名单里" in shown
    with district.engine.read() as session:
        part = session.scalars(sa.select(DepartmentInspection).where(DepartmentInspection.number == number)).one()
        assert (part.visit_ended_at, part.entered_on_behalf_by) == (None, None)
    other = district.sign_in("wjj-officer")
    assert other.get(page).status_code == 404
    assert lead.post(f"{page}/enter", {}, page=page).status_code == 303
    assert "已录入 1 户" in lead.text(page) and "等待应急管理局审核确认" in lead.text(page)
    with district.engine.read() as session:
        part = session.scalars(sa.select(DepartmentInspection).where(DepartmentInspection.number == number)).one()
        assert part.entered_on_behalf_by == district.office.login("scjg-officer").user_id
        problems = session.scalars(
            sa.select(Finding.note).where(Finding.department_inspection == number, Finding.problem)
        )
        assert list(problems) == ["灭火器已过有效期。"]
        open_steps = session.scalars(
            sa.select(UserTask.element_id).where(UserTask.business_key == number, UserTask.state == "open")
        ).all()
        assert list(open_steps) == ["review"], "nothing is told or published before the department confirms"
        papers = session.scalars(
            sa.select(UserTask.paper).where(UserTask.business_key == number, UserTask.paper.is_not(None))
        )
        assert {p["document_number"] for p in papers if p} == {PAPER["paper_document_number"]}
    assert lead.post(f"{page}/enter", {}, page=page).status_code == 409
    assert "代录" in lead.text(f"/inspections/{number.rpartition('/')[0]}")
