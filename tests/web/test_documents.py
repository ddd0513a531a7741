"""公文 on the pages: preview, issue, print, scan back, a new version, and the register that forgets no number."""

from __future__ import annotations

import hashlib
import io

import docx as word
import pypdfium2
import sqlalchemy as sa
from flask import g

from engine.commands.save_draft import SaveDraft
from engine.inspection.document_models import OfficialDocument, OfficialDocumentVersion
from engine.models import InstanceDepartment, TaskDraft, UserTask
from engine.web import document_view
from tests.support.pages import PDF, District


def issued(district: District, title: str) -> list[OfficialDocument]:
    with district.engine.read() as session:
        wanted = sa.select(OfficialDocument).where(OfficialDocument.title == title)
        return list(session.scalars(wanted.order_by(OfficialDocument.series, OfficialDocument.serial)))


def said(content: bytes) -> str:
    pages = pypdfium2.PdfDocument(content)
    return "".join("".join(page.get_textpage().get_text_range().split()) for page in pages)


def finished(district: District, element: str, department: str) -> UserTask:
    with district.engine.read() as session:
        wanted = sa.select(UserTask).where(
            UserTask.element_id == element, UserTask.department == department, UserTask.state == "completed"
        )
        found = session.scalars(wanted.order_by(UserTask.business_key)).first()
        assert found is not None
        return found


def test_an_officer_previews_issues_prints_and_scans_a_record_back(district: District) -> None:
    officer, task = district.sign_in("wjj-officer"), finished(district, "site_check", "WJJ")
    page = officer.text(f"/tasks/{task.id}")
    for words in (
        "公文",
        "现场检查笔录",
        "询问笔录",
        "抽样取证凭证",
        "尚未出具",
        "出具并编号",
        "确认出具",
        "文号编后不能收回",
    ):
        assert words in page, words
    place = f"/cases/{task.instance_id}/documents"
    preview = officer.get(f"{place}/site-record/WJJ.pdf")
    assert preview.mimetype == "application/pdf" and "预览，尚未编号" in said(preview.data)
    draft = word.Document(io.BytesIO(officer.get(f"{place}/site-record/WJJ.docx").data))
    assert "现场检查笔录" in [p.text for p in draft.paragraphs]

    answer = officer.post(place, {"key": "site-record", "department": "WJJ", "task": task.id}, page=f"/tasks/{task.id}")
    (row,) = issued(district, "现场检查笔录")
    assert answer.location == f"/documents/{row.id}" and row.number == "济天卫健检录〔2026〕1号"
    shown = officer.text(answer.location)
    for words in ("已出具，文号 济天卫健检录〔2026〕1号。", "第 1 版", "首次出具", "登记签署件", "作废文号"):
        assert words in shown, words
    assert "资料已变动" not in shown
    kept = officer.get(f"/documents/{row.id}/1.pdf")
    with district.engine.read() as session:
        stored = session.scalars(
            sa.select(OfficialDocumentVersion).where(OfficialDocumentVersion.document_id == row.id)
        ).one()
        assert hashlib.sha256(kept.data).hexdigest() == stored.pdf_sha256 and stored.pdf_sha256 in shown
    for words in (row.number, "发现超过保质期的食品三袋", "食品安全法第三十四条", "签字：演示负责人", "■实地核查"):
        assert words in said(kept.data), words
    again = officer.post(place, {"key": "site-record", "department": "WJJ", "task": task.id}, page=f"/tasks/{task.id}")
    assert again.location == f"/tasks/{task.id}" and row.number in officer.text(again.location)

    wrong = officer.post(f"/documents/{row.id}/signed-copies", {"signed_by": "王示例", "signed_on": "2030-01-01"})
    assert (
        wrong.status_code == 422
        and "签署日期晚于今天" in wrong.text
        and "重新选择扫描件" in wrong.text
        and 'value="王示例"' in wrong.text
    )
    good = {
        "signed_by": "王示例",
        "signed_on": "2026-03-02",
        "file": (io.BytesIO(PDF), "签字笔录.pdf", "application/pdf"),
    }
    assert officer.post(f"/documents/{row.id}/signed-copies", good).status_code == 303
    shown = officer.text(f"/documents/{row.id}")
    assert "纸质签署件已登记" in shown and "签字笔录.pdf" in shown and "王示例" in shown
    inspection = task.business_key.rpartition("/")[0]
    lane = officer.text(f"/inspections/{inspection}")
    assert row.number in lane and "登记纸质签署件" in lane and "出具文书" in lane


def test_data_that_change_after_issuing_are_shown_and_make_a_new_version(district: District) -> None:
    task = district.task("conclude", "WJJ")
    with district.engine.read() as session:
        notice = session.scalars(
            sa.select(UserTask).where(UserTask.instance_id == task.instance_id, UserTask.element_id == "prepare_visit")
        ).one()
    officer, place = district.sign_in("wjj-officer"), f"/cases/{task.instance_id}/documents"
    officer.post(place, {"key": "inspection-notice", "department": "WJJ"})
    (row,) = issued(district, "行政检查通知书")
    with district.engine.database.write() as session:
        done = session.get_one(UserTask, notice.id)
        done.values = {**(done.values or {}), "materials": "冷链食品追溯台账"}
    page = officer.text(f"/documents/{row.id}")
    assert "资料已变动" in page and "出具新版本" in page
    assert "资料已变动" in officer.text(f"/tasks/{notice.id}")
    refused = officer.post(f"/documents/{row.id}/versions", {"reason": ""})
    assert refused.status_code == 422 and "请填写新版本的原因" in refused.text
    officer.post(f"/documents/{row.id}/versions", {"reason": "补充材料"})
    page = officer.text(f"/documents/{row.id}")
    assert "第 2 版" in page and "补充材料" in page and "资料已变动" not in page
    first, second = (officer.get(f"/documents/{row.id}/{n}.pdf").data for n in (1, 2))
    assert "冷链食品追溯台账" in said(second) and "冷链食品追溯台账" not in said(first)
    assert officer.get(f"/documents/{row.id}/3.pdf").status_code == 404

    refused = officer.post(f"/documents/{row.id}/void", {"reason": ""})
    assert refused.status_code == 422 and "请填写作废的原因" in refused.text
    officer.post(f"/documents/{row.id}/void", {"reason": "送错了对象"})
    assert "文号已作废" in officer.text(f"/documents/{row.id}")
    officer.post(place, {"key": "inspection-notice", "department": "WJJ"})
    assert [r.number for r in issued(district, "行政检查通知书")] == [
        "济天卫健检通〔2026〕1号",
        "济天卫健检通〔2026〕2号",
    ]
    register = officer.text("/documents?title=行政检查通知书")
    assert "济天卫健检通〔2026〕1号" in register and "送错了对象" in register and "济天卫健检通〔2026〕2号" in register
    assert "2号" not in officer.text("/documents?state=voided&department=WJJ&year=2026&q=检通").split("<tbody>")[1]
    assert "没有符合条件的文书" in officer.text("/documents?year=2025")
    assert officer.get("/documents?page=99999999999&year=xx&state=none").status_code == 200


def test_a_document_speaks_from_the_draft_before_the_step_is_submitted(district: District) -> None:
    task = district.task("site_check")
    inspector = district.office.who(task)
    district.engine.execute(SaveDraft(task.id, {"statement": "货架上的标签已经更换"}), actor=inspector)
    with district.engine.read() as session:
        login = session.scalar(sa.select(TaskDraft.user_id).where(TaskDraft.task_id == task.id))
    assert login == inspector.user_id
    officer = district.sign_in(f"{task.department.lower()}-officer")
    made = officer.get(f"/cases/{task.instance_id}/documents/site-record/{task.department}.pdf")
    assert "货架上的标签已经更换" in said(made.data)


def test_a_form_takes_the_number_its_document_was_issued_under(district: District) -> None:
    task = finished(district, "organ_approval", "WJJ")
    officer, place = district.sign_in("wjj-officer"), f"/cases/{task.instance_id}/documents"
    officer.post(place, {"key": "inspection-approval", "department": "WJJ"})
    officer.post(place, {"key": "dispatch-order", "department": "WJJ"})
    with district.app.test_request_context(), district.engine.read() as session:
        g.actor = district.office.who(task)
        shelves = document_view.of_task(session.get_one(UserTask, task.id))
    number = issued(district, "行政检查审批表")[0].number
    assert [row.number for shelf in shelves for row in shelf.standing] == [number]
    assert document_view.with_number({"document_number": None}, shelves) == {"document_number": number}
    assert document_view.with_number({"document_number": "旧号"}, shelves) == {"document_number": "旧号"}
    assert document_view.with_number({"note": None}, shelves) == {"note": None}


def test_others_neither_see_nor_issue_what_is_not_theirs(district: District) -> None:
    task = finished(district, "site_check", "WJJ")
    place, data = f"/cases/{task.instance_id}/documents", {"key": "site-record", "department": "WJJ"}
    district.sign_in("wjj-officer").post(place, data)
    (row,) = issued(district, "现场检查笔录")
    addresses = (f"/documents/{row.id}", f"/documents/{row.id}/1.pdf", f"/documents/{row.id}.docx",
                 f"{place}/site-record/WJJ.pdf")  # fmt: skip
    stranger = district.sign_in("jtj-officer")
    assert [stranger.get(address).status_code for address in addresses] == [404] * 4
    assert row.number not in stranger.text("/documents")
    posts = ("versions", "void", "signed-copies")
    assert [stranger.post(f"/documents/{row.id}/{name}", {"reason": "不是我的"}).status_code for name in posts] == [
        404
    ] * 3
    assert stranger.post(place, data).status_code == 404
    # The lead's officer may see the case when it is shared, but another organ's documents are not hers to issue.
    with district.engine.database.write() as session:
        session.add(InstanceDepartment(instance_id=task.instance_id, department="JTJ", district_id="370105"))
    assert "现行" in stranger.text(f"/documents/{row.id}")
    assert "作废文号" not in stranger.text(f"/documents/{row.id}")
    stranger.post(place, {**data, "key": "interview-record"})
    stranger.post(f"/documents/{row.id}/void", {"reason": "不是我的"})
    assert issued(district, "询问笔录") == [] and issued(district, "现场检查笔录")[0].state == "issued"
    assert district.sign_in("wjj-officer").get("/documents/not-an-id").status_code == 404
