"""Clean results reviewed, told and released as one list; every row stands for itself."""

from __future__ import annotations

import hashlib
import io
import re

import sqlalchemy as sa

from engine.commands.complete_task import CompleteTask
from engine.inspection.batches import STEPS, batch_tasks
from engine.inspection.models import DepartmentInspection, Finding, Publication
from engine.models import UserTask
from tests.support.pages import PDF, PROBLEM_IN, Browser, District


def waiting(district: District, name: str, login: str) -> list[UserTask]:
    with district.engine.read() as session:
        return batch_tasks(session, district.office.login(login), STEPS[name], 50)


def send(browser: Browser, name: str, tasks: list[UserTask], values: dict[str, str]) -> str:
    data = {"task": [t.id for t in tasks], **{f"version-{t.id}": t.version for t in tasks}, **values}
    page = browser.post(f"/batch/{name}", data, page=f"/batch/{name}")
    assert page.status_code == 200, page.text
    return page.text


NOTICE = {"told_on": "2026-03-02", "method": "当面告知", "received": "是"}


def test_clean_results_are_reviewed_told_and_released_as_one_list(district: District) -> None:
    section, officer = district.sign_in("yjj-section"), district.sign_in("yjj-officer")
    tasks = waiting(district, "review", "yjj-section")
    assert len(tasks) >= 2
    inbox = section.text("/inbox")
    assert "可以成批办理" in inbox and "/batch/review" in inbox
    page = section.text("/batch/review")
    assert all(t.title in page and t.id in page for t in tasks) and "核对内容" in page
    assert f"已办结 {len(tasks)} 项" in send(section, "review", tasks, {"decision": "同意"})
    told = waiting(district, "result-notice", "yjj-officer")
    assert len(told) == len(tasks)
    assert "接收人" in officer.text("/batch/result-notice")
    assert f"已办结 {len(tasks)} 项" in send(officer, "result-notice", told, NOTICE)
    preview = waiting(district, "publication-preview", "yjj-officer")
    assert "将要公示的内容" in officer.text("/batch/publication-preview")
    send(officer, "publication-preview", preview, {"decision": "公示", "checked": "true"})
    released = waiting(district, "second-signoff", "yjj-section")
    assert f"已办结 {len(tasks)} 项" in send(section, "second-signoff", released, {"decision": "同意"})
    with district.engine.read() as session:
        states = session.scalars(
            sa.select(DepartmentInspection.state).where(
                DepartmentInspection.number.in_([t.business_key for t in tasks])
            )
        )
        assert set(states) == {"已公示"}
        count = sa.select(sa.func.count()).where(Publication.state == "published", Publication.department == "YJJ")
        assert session.scalar(count) == len(tasks)
        recipients = {
            (t.values or {})["recipient"]
            for t in session.scalars(sa.select(UserTask).where(UserTask.id.in_([t.id for t in told])))
        }
        assert recipients == {"演示负责人"}  # each from its own site record
    assert "可以成批办理" not in section.text("/inbox")


def test_results_with_a_problem_never_appear_in_a_batch(district: District) -> None:
    for task in district.office.open_tasks("conclude"):
        district.office.do(task)
    assert district.task("review", PROBLEM_IN) is not None
    assert waiting(district, "review", f"{PROBLEM_IN.lower()}-section") == []
    page = district.sign_in(f"{PROBLEM_IN.lower()}-section").text("/batch/review")
    assert "没有可以成批办理的任务" in page


def test_a_ticked_problem_result_is_not_completed(district: District) -> None:
    for task in district.office.open_tasks("conclude"):
        district.office.do(task)
    section = district.sign_in("wjj-section")
    task = district.task("review", "WJJ")
    send(section, "review", [task], {"decision": "同意"})
    assert district.task("review", "WJJ").id == task.id


def test_faulty_shared_answers_come_back_and_nothing_is_done(district: District) -> None:
    section = district.sign_in("yjj-section")
    tasks = waiting(district, "review", "yjj-section")
    data = {"task": [tasks[0].id], "decision": "退回", "return_reason": "", "opinion": "请核对"}
    page = section.post("/batch/review", data, page="/batch/review")
    assert page.status_code == 422 and "退回理由" in page.text and "请核对" in page.text
    assert f'value="{tasks[0].id}" checked' in page.text and f'value="{tasks[1].id}" checked' not in page.text
    nothing = section.post("/batch/review", {"decision": "同意"}, page="/batch/review")
    assert nothing.status_code == 422 and "请至少勾选一项" in nothing.text
    assert len(waiting(district, "review", "yjj-section")) == len(tasks)


def test_a_task_taken_meanwhile_is_reported_and_stops_no_other(district: District) -> None:
    section = district.sign_in("yjj-section")
    tasks = waiting(district, "review", "yjj-section")
    district.engine.execute(
        CompleteTask(tasks[0].id, tasks[0].version, {"decision": "同意"}), actor=district.office.login("yjj-section")
    )
    text = send(section, "review", tasks, {"decision": "同意"})
    assert f"已办结 {len(tasks) - 1} 项" in text and "有 1 项没有办成" in text and tasks[0].title in text
    assert waiting(district, "review", "yjj-section") == []


def test_who_previewed_cannot_sign_off_in_a_batch(district: District) -> None:
    for step in ("review", "result_notice", "publication_preview"):
        for task in district.office.open_tasks(step):
            if task.department == "YJJ":
                district.office.do(task)
    tasks = waiting(district, "second-signoff", "yjj-section")
    with district.engine.database.write() as session:
        me = district.office.login("yjj-section").user_id
        session.execute(
            sa.update(UserTask).where(UserTask.element_id == "publication_preview").values(closed_by=me)
        )  # fmt: skip
    text = send(district.sign_in("yjj-section"), "second-signoff", tasks, {"decision": "同意"})
    assert f"有 {len(tasks)} 项没有办成" in text and "必须由另一人复核" in text
    assert len(waiting(district, "second-signoff", "yjj-section")) == len(tasks)


def test_strangers_get_nothing_and_unknown_lists_do_not_exist(district: District) -> None:
    stranger = district.sign_in("jtj-section")
    tasks = waiting(district, "review", "yjj-section")
    text = send(stranger, "review", tasks, {"decision": "同意"})
    assert all(t.title not in text for t in tasks)
    assert len(waiting(district, "review", "yjj-section")) == len(tasks)
    assert stranger.get("/batch/no-such-step").status_code == 404


def test_a_task_that_changed_meanwhile_is_named_and_left_out(district: District) -> None:
    section = district.sign_in("yjj-section")
    tasks = waiting(district, "review", "yjj-section")
    with district.engine.database.write() as session:
        session.execute(sa.update(UserTask).where(UserTask.id == tasks[0].id).values(version=UserTask.version + 1))
        finding = Finding(
            district_id=tasks[1].district_id, department_inspection=tasks[1].business_key, department="YJJ",
            item="补登", problem=True, at=district.clock(),
        )  # fmt: skip
        session.add(finding)
    text = send(section, "review", tasks, {"decision": "同意"})
    assert "在您打开之后已被更新" in text and "不再是未发现问题的检查" in text
    assert f"已办结 {len(tasks) - 2} 项" in text or "有 2 项没有办成" in text
    assert district.task("review", "YJJ").id in {tasks[0].id, tasks[1].id}


def test_a_list_is_entered_for_a_department_from_the_letter_it_signed(district: District) -> None:
    lead, stranger = district.sign_in("scjg-officer"), district.sign_in("jtj-officer")
    tasks = waiting(district, "review", "yjj-section")
    address = "/batch/review?department=YJJ"
    assert "代录：应急管理局" in lead.text(address) and "没有可以成批办理的任务" in stranger.text(address)
    ticked = {"task": [t.id for t in tasks], **{f"version-{t.id}": t.version for t in tasks}}
    data = {**ticked, "department": "YJJ", "decision": "同意"}
    scan = {"upload-paper_attachment_id": (io.BytesIO(PDF), "审核意见.pdf", "application/pdf")}
    refused = lead.post("/batch/review", {**data, **scan}, page=address)
    kept = re.search(r'name="paper_attachment_id" value="([^"]+)"', refused.text)
    assert refused.status_code == 422 and "请填写文号" in refused.text and "审核意见.pdf" in refused.text and kept
    paper = {
        "paper_attachment_id": kept[1], "paper_document_number": "天应急检〔2026〕9号", "paper_signed_by": "王某",
        "paper_signed_on": "2026-03-02",
    }  # fmt: skip
    done = lead.post("/batch/review", {**data, **paper}, page=address)
    assert f"已办结 {len(tasks)} 项" in done.text
    with district.engine.read() as session:
        closed = session.scalars(sa.select(UserTask).where(UserTask.id.in_([t.id for t in tasks]))).all()
        papers = [t.paper or {} for t in closed]
        assert {p["document_number"] for p in papers} == {"天应急检〔2026〕9号"}
        assert {p["sha256"] for p in papers} == {hashlib.sha256(PDF).hexdigest()}
    again = stranger.post("/batch/review", {**data, **paper})
    assert "已办结" not in again.text
