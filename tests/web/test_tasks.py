"""One task's page: filling in, refusals that keep everything, drafts, paper, conflicts, print."""

from __future__ import annotations

import io
import re

import sqlalchemy as sa

from engine.models import Attachment, HistoryEvent, TaskDraft, UserTask
from engine.web.filters import case_number
from tests.support.pages import PDF, Browser, District


def review(district: District, department: str = "SCJG", position: int = 0) -> UserTask:
    return district.task("review", department, position)


def current(district: District, task: UserTask) -> UserTask:
    with district.engine.read() as session:
        return session.get_one(UserTask, task.id)


def submit(browser: Browser, task: UserTask, data: dict[str, object], **more: object) -> object:
    return browser.post(
        f"/tasks/{task.id}", {"version": task.version, **data, **more}, content_type="multipart/form-data"
    )


def test_the_inbox_lists_what_waits_and_what_was_done(district: District) -> None:
    section = district.sign_in("scjg-section")
    task = review(district)
    page = section.text("/inbox")
    assert task.title in page and "审核检查结果" in page and "待签收" in page
    assert "没有符合条件的任务" in section.text("/inbox?q=无此企业")
    submit(section, task, {"decision": "同意"})
    assert task.title in section.text("/inbox/done")


def test_a_task_shows_its_form_beside_the_facts(district: District) -> None:
    task = review(district)
    page = district.sign_in("scjg-section").text(f"/tasks/{task.id}")
    for words in ("处理决定", "检查对象", "检查情况", "统一社会信用代码", "办理进度", "打印表单", "二十个工作日"):
        assert words in page
    assert 'name="version" value="1"' in page


def test_a_refused_submission_keeps_everything_and_changes_nothing(district: District) -> None:
    task = review(district)
    section = district.sign_in("scjg-section")
    page = submit(section, task, {"decision": "退回", "return_reason": "", "opinion": "请补充照片"})
    assert page.status_code == 422  # type: ignore[attr-defined]
    text = page.text  # type: ignore[attr-defined]
    assert "请补充照片" in text and "退回理由" in text and "field-error" in text
    assert re.search(r'value="退回"[^>]*checked', text)
    assert current(district, task).state == "open"


def test_whoever_submits_learns_whom_the_case_waits_for_now(district: District) -> None:
    section = district.sign_in("scjg-section")
    submit(section, review(district), {"decision": "同意"})
    page = section.text("/inbox")
    assert "现在等待市场监督管理局 承办人办理“检查结果告知”" in page
    assert "演示登录名" not in page, "demo logins are for demo systems alone"


def test_numbers_of_plans_and_follow_ups_read_as_words(district: District) -> None:
    part = "CN-370105-SCJG-2026-0001/0001/SCJG"
    with district.app.test_request_context():
        assert case_number("plan/2027/joint") == "年度计划/2027/联合"
        assert case_number(f"{part}/penalty") == f"{part}/行政处罚"
        assert case_number(f"{part}/penalty/service-2") == f"{part}/行政处罚/送达2"


def test_a_submission_completes_the_task_and_shows_what_was_submitted(district: District) -> None:
    task = review(district)
    section = district.sign_in("scjg-section")
    page = submit(section, task, {"decision": "同意", "opinion": "程序合法"})
    assert page.status_code == 303  # type: ignore[attr-defined]
    closed = section.text(f"/tasks/{task.id}")
    assert "程序合法" in closed and "办结" in closed
    again = submit(section, task, {"decision": "同意", "opinion": "再来一次"})
    assert again.status_code == 409 and "再来一次" in again.text  # type: ignore[attr-defined]


def test_a_stale_page_gets_a_conflict_that_shows_what_was_typed(district: District) -> None:
    task = review(district)
    section = district.sign_in("scjg-section")
    section.post(f"/tasks/{task.id}/claim", {})
    page = submit(section, task, {"decision": "退回", "return_reason": "照片与笔录不符", "opinion": ""})
    assert page.status_code == 409 and "照片与笔录不符" in page.text  # type: ignore[attr-defined]
    assert current(district, task).state == "open"


def test_a_draft_comes_back(district: District) -> None:
    task = review(district)
    section = district.sign_in("scjg-section")
    saved = section.post(
        f"/tasks/{task.id}/draft", {"opinion": "写了一半"}, headers={"Accept": "application/json"}
    )  # fmt: skip
    assert saved.json == {"saved": True}
    page = section.text(f"/tasks/{task.id}")
    assert "写了一半" in page and "已恢复您" in page
    submit(section, task, {"decision": "同意"})
    with district.engine.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(TaskDraft)) == 0


def test_a_draft_without_javascript_keeps_chosen_files(district: District) -> None:
    for task in district.office.open_tasks("review"):
        if task.department == "YJJ":
            district.office.do(task)
    notice = district.task("result_notice", "YJJ")
    officer = district.sign_in("yjj-officer")
    page = officer.post(
        f"/tasks/{notice.id}/draft",
        {"recipient": "王某", "upload-proof": (io.BytesIO(PDF), "告知凭证.pdf", "application/pdf")},
        content_type="multipart/form-data",
    )
    assert page.status_code == 303
    text = officer.text(f"/tasks/{notice.id}")
    assert "告知凭证.pdf" in text and "王某" in text


def test_a_row_is_added_without_javascript_and_nothing_is_lost(district: District) -> None:
    officer = district.sign_in("scjg-officer")
    created = officer.post("/plans", {"what": "部门/SCJG", "year": "2026"}, page="/plans")
    page = officer.post(
        created.headers["Location"],
        {"name": "未写完的计划", "tasks-0-name": "食品抽查", "_add": "tasks", "version": "1"},
    )
    assert page.status_code == 200
    assert "未写完的计划" in page.text and "食品抽查" in page.text and 'name="tasks-1-name"' in page.text


def test_nobody_outside_the_departments_learns_that_a_task_exists(district: District) -> None:
    task = review(district)
    stranger = district.sign_in("jtj-officer")
    for path in (f"/tasks/{task.id}", f"/tasks/{task.id}/print", "/tasks/no-such-task"):
        assert stranger.get(path).status_code == 404
    assert submit(stranger, task, {"decision": "同意"}).status_code == 404  # type: ignore[attr-defined]
    assert current(district, task).state == "open"


def test_a_reader_without_the_post_sees_but_cannot_submit(district: District) -> None:
    task = review(district)
    head = district.sign_in("scjg-head")
    page = head.text(f"/tasks/{task.id}")
    assert "您可以查看，不能提交" in page and ">提交<" not in page
    refused = submit(head, task, {"decision": "同意"})
    assert refused.status_code == 403 and "没有办理权限" in refused.text  # type: ignore[attr-defined]


def test_a_signed_paper_is_entered_for_inspectors_without_signing_in(district: District) -> None:
    task = district.task("site_check", "YJJ")
    officer = district.sign_in("yjj-officer")
    assert "代录" in officer.text(f"/tasks/{task.id}")
    answer = district.office.answers["site_check"](task)  # type: ignore[operator]
    fields = {
        "left_at": "2026-03-02 09:00", "statement": "无", "signed": "签名", "copy_left": "true", "paper": "1",
        "paper_signed_by": "李建国", "paper_signed_on": "2026-03-02",
    }  # fmt: skip
    for n, finding in enumerate(answer["findings"]):
        fields |= {f"findings-{n}-{key}": str(value) for key, value in finding.items()}
    scan = {"upload-paper_attachment_id": (io.BytesIO(PDF), "签字笔录.pdf", "application/pdf")}
    refused = submit(officer, task, {**fields, **scan})
    text = refused.text  # type: ignore[attr-defined]
    assert refused.status_code == 422 and "请填写文号" in text  # type: ignore[attr-defined]
    assert "签字笔录.pdf" in text and "李建国" in text and "当事人签名" in text
    kept = re.search(r'name="paper_attachment_id" value="([^"]+)"', text)
    assert kept, "the uploaded scan was lost"
    done = submit(
        officer, task, {**fields, "paper_attachment_id": kept[1], "paper_document_number": "天应急检〔2026〕7号"}
    )
    assert done.status_code == 303, done.text  # type: ignore[attr-defined]
    row = current(district, task)
    assert row.state == "completed" and row.paper is not None
    assert row.paper["document_number"] == "天应急检〔2026〕7号" and row.paper["signed_by"] == "李建国"
    closed = officer.text(f"/tasks/{task.id}")
    assert "依据纸质表单补录" in closed
    with district.engine.read() as session:
        stored = session.scalars(sa.select(Attachment).where(Attachment.id == kept[1])).one()
        assert stored.file_name == "签字笔录.pdf"
        assert session.scalar(sa.select(sa.func.count()).where(HistoryEvent.kind == "attachment-added")) == 1
    file = officer.get(f"/attachments/{kept[1]}")
    assert file.data == PDF and "sandbox" in file.headers["Content-Security-Policy"]
    assert district.sign_in("jtj-officer").get(f"/attachments/{kept[1]}").status_code == 404
    inspection = task.business_key.rpartition("/")[0]
    assert "纸质补录" in officer.text(f"/inspections/{inspection}")


def test_a_date_of_signature_in_the_future_or_unreadable_is_refused(district: District) -> None:
    task = review(district)
    section = district.sign_in("scjg-section")
    for typed, words in (("2026-03-03", "晚于今天"), ("三月二日", "请写成")):
        page = submit(section, task, {"decision": "同意", "paper_signed_on": typed})
        assert page.status_code == 422 and words in page.text and typed in page.text  # type: ignore[attr-defined]


def test_a_scan_uploaded_to_another_task_is_no_proof(district: District) -> None:
    task, other = review(district), review(district, position=1)
    section = district.sign_in("scjg-section")
    uploaded = section.post(
        f"/tasks/{other.id}/attachments",
        {"field": "paper_attachment_id", "file": (io.BytesIO(PDF), "别的.pdf", "application/pdf")},
        content_type="multipart/form-data",
    ).json["id"]  # type: ignore[index]
    page = submit(
        section, task,
        {"decision": "同意", "paper_document_number": "1号", "paper_signed_by": "张", "paper_signed_on": "2026-03-01",
         "paper_attachment_id": uploaded},
    )  # fmt: skip
    assert page.status_code == 422 and "扫描件没有上传成功" in page.text  # type: ignore[attr-defined]


def test_a_file_of_a_forbidden_type_is_named_beside_its_field(district: District) -> None:
    task = review(district)
    section = district.sign_in("scjg-section")
    bad = {"upload-paper_attachment_id": (io.BytesIO(b"MZ"), "程序.exe", "application/x-msdownload")}
    page = submit(section, task, {"decision": "同意", "opinion": "保留我", **bad})
    assert page.status_code == 422 and "程序.exe" in page.text and "保留我" in page.text  # type: ignore[attr-defined]


def test_a_task_is_claimed_given_back_and_handed_over(district: District) -> None:
    task = district.task("site_check", "WJJ")
    with district.engine.read() as session:
        holder = current(district, task).assignee_id
        assert holder is None or session is not None
    section_task = review(district)
    section = district.sign_in("scjg-section")
    section.post(f"/tasks/{section_task.id}/claim", {})
    assert current(district, section_task).assignee_id is not None
    assert "退回待签收" in section.text(f"/tasks/{section_task.id}")
    section.post(f"/tasks/{section_task.id}/release", {})
    assert current(district, section_task).assignee_id is None
    page = section.post(
        f"/tasks/{section_task.id}/reassign", {"user_id": "nobody", "reason": ""}, follow_redirects=True
    )  # fmt: skip
    assert page.status_code == 200 and ("只有任务持有人" in page.text or "请填写转办原因" in page.text)


def test_open_and_closed_tasks_print_as_the_official_form(district: District) -> None:
    task = review(district)
    section = district.sign_in("scjg-section")
    page = section.text(f"/tasks/{task.id}/print")
    assert "检查结果审核表" in page and 'class="official"' in page and "□ 同意" in page and "签字（盖章）" in page
    submit(section, task, {"decision": "同意", "opinion": "程序合法"})
    page = section.text(f"/tasks/{task.id}/print")
    assert "程序合法" in page and "2026年3月2日" in page and "统一社会信用代码" in page
