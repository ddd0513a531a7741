"""One campaign on 100,000 imported objects, by the people who do it, from work plan to archive."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from engine.inspection.models import (
    Campaign,
    DepartmentInspection,
    Draw,
    Finding,
    InspectedObject,
    Inspection,
    Item,
    Publication,
)
from engine.models import User
from tests.support import penalty_case as case
from tests.support.people import People, fill, submit
from tests.support.running import Running, serving
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from tests.browser.conftest import Watched

pytestmark = [pytest.mark.slow, pytest.mark.timeout(840)]
ZONE = ZoneInfo("Asia/Shanghai")
AGREE = {"decision": "同意", "opinion": "同意。"}
LEAD, OTHERS = "SCJG", ("WJJ", "YJJ")
NAME = "2026年餐饮单位部门联合抽查（演示）"
CLEAN_RESULT = {"decision": "公示", "redact_name": "照常公示", "checked": True}


def today(days: int = 0) -> str:
    return (datetime.now(ZONE) + timedelta(days=days)).date().isoformat()


def minute(minutes: int = 0) -> str:
    return (datetime.now(ZONE) + timedelta(minutes=minutes)).strftime("%Y-%m-%d %H:%M")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("journey") / "data") as server:
        yield server


def work_plan(running: Running) -> dict[str, Any]:
    with running.database.read() as session:
        items = [
            code
            for department in (LEAD, *OTHERS)
            for code in session.scalars(
                sa.select(Item.code).where(Item.department == department).order_by(Item.code).limit(1)
            )
        ]
        witnesses = list(session.scalars(sa.select(User.id).where(User.login.in_(["witness1", "witness2"]))))
    return {
        "name": NAME, "form": "综合联查", "methods": ["实地核查"],
        "start_date": today(), "end_date": today(60), "items": items, "participants": list(OTHERS),
        "industries": ["H"], "regions": ["370105009"], "quota": "统一比例", "ratio": "0.4", "draw_source": "本系统",
        "disclosure": "open", "witnesses": witnesses, "cap_per_inspector": "20", "notice_mode": "进门告知",
    }  # fmt: skip


def site_check(problem: bool) -> dict[str, Any]:
    finding: dict[str, Any] = {"checked": "是", "problem": "否"}
    if problem:
        finding = {
            "checked": "是", "problem": "是", "category": "9", "clause": "食品安全法第三十四条", "handling": "违法处罚",
            "note": "发现超过保质期的食品三袋。",
        }  # fmt: skip
    return {
        "findings": [finding], "statement": "无", "left_at": minute(), "signed": "签名", "signature": "__sign__",
        "inspector_signature": "__sign__", "second_inspector_signature": "__sign__", "copy_left": True,
    }  # fmt: skip


ARRIVAL = {
    "outcome": "可以检查", "present_person": "演示负责人", "certificates_shown": True, "notice_served": True,
    "entry_code": "未扫码", "no_code_reason": "对方没有智能手机", "rights_told": True, "acknowledgement": "口头确认",
    "acknowledgement_note": "10时05分音像记录", "recusal_asked": "不申请",
}  # fmt: skip


def test_a_campaign_on_a_hundred_thousand_objects_goes_from_work_plan_to_archive(
    running: Running, watched: Watched, tmp_path: Path
) -> None:
    people = People(running, watched, aside=True)
    number = approve_the_plan(people)
    draw_id = draw(people, number)
    open_the_inspections(people, number)
    visit(people)
    publish(people, number)
    penalise(people)
    archive(people, number)
    verify(people, draw_id, tmp_path)
    assert len(people.pages) >= 12, sorted(people.pages)


def approve_the_plan(people: People) -> str:
    with people.running.database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(InspectedObject)) == 100_000
    page = people.page("scjg-officer")
    page.goto(f"{people.running.url}/campaigns")
    page.get_by_role("button", name="新建抽查任务").click()
    page.wait_for_selector("#task-form")
    fill(page, work_plan(people.running))
    submit(page)
    for element in ("section_review", "deputy_review", "head_approval"):
        assert people.do_all(element, AGREE) == 1
    assert people.do_all("countersign", {**AGREE, "inspectors": "8"}) == 2
    with people.running.database.read() as session:
        return session.scalars(sa.select(Campaign.number).where(Campaign.name == NAME)).one()


def draw(people: People, number: str) -> str:
    assert people.do_all("gate_check", {"confirmed": True}) == 1
    for task in people.open_tasks("log_commitment"):  # each witness on an own phone
        page = people.open(task, width=390)
        page.get_by_role("button", name="生成随机因子").click()
        page.check('[name="confirmed"]', force=True)
        submit(page)
    for task in people.open_tasks("reveal"):
        page = people.open(task, width=390)
        page.get_by_text("已从本机取出随机因子").wait_for()
        submit(page)
    with people.running.database.read() as session:
        row = session.scalars(
            sa.select(Draw).join(Campaign, Campaign.draw_id == Draw.draw_id).where(Campaign.number == number)
        ).one()
        assert row.state == "drawn"
        return row.draw_id


def open_the_inspections(people: People, number: str) -> None:
    approved = people.do_all("organ_approval", {"decision": "同意", "document_number": "检审〔2026〕1号"})
    assert approved == 3
    assert people.do_all("sign_for_receipt", {"decision": "签收"}) >= 3
    with people.running.database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).where(Inspection.campaign == number)) >= 2


def visit(people: People) -> None:
    """All three departments have the same object's record open at once; nothing of anybody's is lost."""
    notice = {"notice_mode": "进门告知", "planned_at": minute(), "no_conflict": True}
    people.do_all("prepare_visit", notice)
    people.do_all("arrive", ARRIVAL)
    first = people.open_tasks("site_check")[0].business_key.rsplit("/", 1)[0]
    together = people.open_tasks("site_check", business_key=first)
    assert {task.department for task in together} == {LEAD, *OTHERS}
    open_pages = []
    for task in together:
        page = people.open(task)
        fill(page, site_check(problem=task.department == LEAD))
        open_pages.append(page)
    for page in open_pages:
        page.evaluate("document.querySelector('#task-form .form-actions .button-primary').click()")
    for page in open_pages:
        page.wait_for_url("**/inbox")
    with people.running.database.read() as session:
        found = session.execute(
            sa.select(Finding.department, Finding.problem).where(Finding.department_inspection.startswith(first))
        ).all()
        assert sorted((d, p) for d, p in found) == [("SCJG", True), ("WJJ", False), ("YJJ", False)]
    people.do_all("site_check", site_check(problem=False))


def publish(people: People, number: str) -> None:
    conclusion = {
        "facts": "现场发现超过保质期的食品三袋，当事人未能提供进货记录。", "basis": "食品安全法第三十四条",
        "category": "9", "handling": "违法处罚", "minor": "否", "disagreement": "否",
    }  # fmt: skip
    assert people.do_all("conclude", conclusion) == 1
    told = {"told_on": today(), "method": "当面告知", "recipient": "演示负责人", "received": "是"}
    batch(people, "review", AGREE)
    people.do_all("review", AGREE)
    batch(people, "result-notice", {k: v for k, v in told.items() if k != "recipient"})
    people.do_all("result_notice", told)
    batch(people, "publication-preview", {"decision": "公示", "checked": True})
    people.do_all("publication_preview", CLEAN_RESULT)
    batch(people, "second-signoff", AGREE)
    people.do_all("second_signoff", AGREE)
    with people.running.database.read() as session:
        ours = sa.select(DepartmentInspection.state).where(DepartmentInspection.campaign == number)
        assert set(session.scalars(ours)) == {"已公示"}

    def received() -> bool:
        with people.running.database.read() as session:
            return set(session.scalars(sa.select(Publication.push_state))) == {"received"}

    wait_until(received, timeout=90, what="receipts of the provincial platform")


def batch(people: People, step: str, values: dict[str, Any]) -> None:
    """Clean results as one list, for the department that has several."""
    element = step.replace("-", "_")
    tasks = [task for task in people.open_tasks(element) if task.department == "WJJ"]
    page = people.page(people.login_for(tasks[0]))
    page.goto(f"{people.running.url}/batch/{step}")
    fill(page, values)
    page.click("main form .button-primary")
    page.wait_for_load_state()
    assert [t for t in people.open_tasks(element) if t.department == "WJJ"] == [], page.inner_text("main")


def penalise(people: People) -> None:
    """The finding becomes a case, is decided and published."""
    handlers = case.officers(people.running.database, LEAD)
    (filing,) = (task for task in people.open_tasks("file_case") if task.department == LEAD)  # the demo's waits as well
    people.do(filing, case.filing(handlers))
    assert people.do_all("approve_filing", {"decision": "立案"}) == 1
    assert people.do_all("investigate", case.investigation(today())) == 1
    assert people.do_all("write_report", case.report(5000)) == 1
    assert people.do_all("case_review", case.REVIEW) == 1
    assert people.do_all("notice", case.notice(5000)) == 1
    served = case.served(today(), handlers, [])
    del served["receipt"]
    served |= {"signed": "屏幕签名", "signature": "__sign__"}
    assert people.do_all("deliver", served) == 1
    assert people.do_all("hear_statement", case.statement(today())) == 1
    page = people.open(people.open_tasks("hear_statement")[0])  # the rest of its days the party waives in writing
    waiver = case.statement(today(), "书面放弃")
    del waiver["content"]
    fill(page, waiver)
    scan = {"name": "放弃声明.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\nwaiver"}
    page.locator('[data-field="attachments"] input[type="file"]').set_input_files(scan)
    page.get_by_text("放弃声明.png").first.wait_for()
    submit(page)
    review = {
        "items": [{"claim": "请求从轻", "adopted": "不予采纳", "reason": "已经从轻。"}], "change": "维持拟处罚",
        "opinion": "维持拟处罚。",
    }  # fmt: skip
    assert people.do_all("review_statement", review) == 1
    assert people.do_all("decide", case.decision(5000, today())) == 1
    assert people.do_all("issue_decision", case.WRITTEN) == 1
    assert people.do_all("deliver", served) == 1
    assert people.do_all("publication_preview", CLEAN_RESULT) == 1
    assert people.do_all("second_signoff", AGREE) == 1
    paid = {
        "action": "登记缴款", "purpose": "罚款", "amount": 5000, "paid_on": today(), "receipt_number": "鲁财 0001",
        "way": "代收银行",
    }  # fmt: skip
    assert people.do_all("collect", paid) == 1
    assert people.do_all("closing_report", case.CLOSING) == 1
    assert people.do_all("approve_closing", AGREE) == 1
    page = people.page("scjg-officer")
    page.goto(f"{people.running.url}/public/penalties")
    assert "罚款" in page.inner_text("main")


def archive(people: People, number: str) -> None:
    summary = {"overview": "各部门检查完毕，市监发现一项问题。", "disagreement": "否"}
    assert people.do_all("object_summary", summary) == 1
    report = {"overview": "本次联合抽查按方案组织实施。", "problems": "见统计表。", "follow_up": "已作出处罚决定。"}
    assert people.do_all("summary", report) == 1
    assert people.do_all("summary_approval", AGREE) == 1
    with people.running.database.read() as session:
        assert session.scalars(sa.select(Campaign.state).where(Campaign.number == number)).one() == "已归档"
    assert people.open_tasks() == []
    page = people.page("scjg-officer")
    page.goto(f"{people.running.url}/campaigns/{number}")
    assert "已归档" in page.inner_text("main")


def verify(people: People, draw_id: str, tmp_path: Path) -> None:
    """A citizen checks the draw in the browser and with the command; the history holds."""
    citizen = people._watched.page()
    citizen.goto(f"{people.running.url}/public/draws/{draw_id}")
    with citizen.expect_download() as download:
        citizen.get_by_role("link", name="下载公开记录").click()
    record = tmp_path / "record.zip"
    download.value.save_as(record)
    code, output = people.running.lianjian("verify-draw", str(record))
    assert code == 0, output
    citizen.goto(f"{people.running.url}/public/verify?draw={draw_id}")
    citizen.get_by_role("button", name="核验本次抽取的公开记录").click()
    verdict = citizen.locator(".verifier-verdict")
    verdict.wait_for(timeout=90_000)
    assert verdict.get_attribute("data-ok") == "true", citizen.inner_text("main")
    root = tmp_path / "root.json"
    code, output = people.running.lianjian("verify-history", "--export", str(root))
    assert code == 0 and json.loads(root.read_text())["size"] > 100, output
    code, output = people.running.lianjian("verify-history", "--root", str(root))
    assert code == 0, output
