"""A visit on a telephone: the firm confirms by its own, nothing typed is lost with the network."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from engine.inspection.demo.accounts import DEMO_PASSWORD
from engine.inspection.models import DepartmentInspection
from engine.models import Attachment, User, UserTask
from engine.web import assets
from engine.web.app import create_app
from engine.web.visit_codes import address_of
from tests.browser import shots
from tests.conftest import Clock
from tests.support.journey import APPROVALS, CAMPAIGN, PNG, Office, install, open_campaign, standard_answers, work_plan
from tests.support.pages import District, engine_on, settings_for
from tests.support.people import fill

PHONE = 390
#: Smallest side of what a finger must hit, in CSS pixels.
TOUCH = 40


@pytest.fixture
def district(sqlite_template: Path, tmp_path: Path, clock: Clock) -> Iterator[District]:
    """A campaign of one department whose teams stand at the doors."""
    assets.build()
    path = tmp_path / "field.db"
    shutil.copyfile(sqlite_template, path)
    settings = settings_for(path)
    engine = engine_on(settings, clock)
    install(engine, objects=400, processes=CAMPAIGN)
    office = Office(engine)
    number = open_campaign(office)
    standard_answers(office, work_plan(engine, "SCJG", []))
    office.do_all("draft_work_plan", *APPROVALS, "gate_check", "log_commitment", "reveal", "organ_approval")
    office.do_all("sign_for_receipt", "prepare_visit")
    yield District(create_app(settings, engine), engine, office, number, clock)
    engine.database.dispose()


def is_sound(page: Page, axe: Callable[[Page], list[str]]) -> None:
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert axe(page) == [], page.url
    assert shots.overflow(page) <= 0, page.url
    small = page.evaluate(
        """least => [...document.querySelectorAll('#task-form button, #task-form .choice, #task-form select')]
        .filter(e => e.offsetParent && e.getBoundingClientRect().height < least).map(e => e.textContent.trim())""",
        TOUCH,
    )
    assert small == [], small


def login(district: District, task: UserTask) -> str:
    with district.engine.read() as session:
        return str(session.get_one(User, district.office.who(task).user_id).login)


def submit(page: Page) -> None:
    page.click("#task-form .form-actions .button-primary")
    page.wait_for_url("**/inbox")


def test_a_visit_is_recorded_on_a_telephone_and_survives_a_lost_network(
    district: District, serve: Callable[[Flask], str], watched: Any, axe: Callable[[Page], list[str]]
) -> None:
    base = serve(district.app)
    task = district.task("arrive")
    page = watched.page(PHONE)
    shots.sign_in(page, base, login(district, task), DEMO_PASSWORD)
    page.goto(f"{base}/tasks/{task.id}")
    code = page.get_by_alt_text("本次检查的入企码")
    expect(code).to_be_visible()
    assert code.evaluate("e => e.complete && e.naturalWidth > 0")
    is_sound(page, axe)

    # The firm opens the code with its own telephone, without an account.
    with district.app.test_request_context(base_url=base):
        address = address_of(task.business_key)
    firm = watched.page(PHONE)
    firm.goto(address)
    is_sound(firm, axe)
    expect(firm.get_by_text("执法证", exact=False).first).to_be_visible()
    firm.get_by_role("button", name="确认检查人员已到场").click()
    expect(firm.get_by_text("已确认", exact=True)).to_be_visible()
    assert firm.goto(address + "x").status == 404

    arrival = {
        "present_person": "王示例", "certificates_shown": True, "notice_served": True, "entry_code": "本系统入企码",
        "rights_told": True, "acknowledgement": "签名确认", "acknowledgement_signature": "__sign__",
    }  # fmt: skip
    fill(page, arrival)
    # Without a network the official stays on the form and is told what happened to it.
    here, said = page.url, page.locator("[data-offline-state]")
    page.context.set_offline(True)
    expect(said).to_contain_text("网络已断开")
    for name in ("暂存", "提交"):
        page.get_by_role("button", name=name, exact=True).click()
        expect(said).to_contain_text(f"“{name}”没有送出。填写的内容已存在本机")
    expect(page.locator("[data-offline]")).to_be_hidden()  # it would lie over the buttons
    assert page.url == here
    is_sound(page, axe)
    page.context.set_offline(False)
    expect(said).to_have_text("网络已恢复，请再按“提交”。")
    submit(page)

    check = district.task("site_check")
    page.goto(f"{base}/tasks/{check.id}")
    page.route("**/draft", lambda route: route.abort())  # the network is gone
    page.fill('[name="statement"]', "冷藏柜昨日报修，维修单在店内。")
    page.locator('[name="findings-0-problem"][value="是"]').check()
    page.fill('[name="findings-0-clause"]', "食品安全法第三十四条")
    page.get_by_role("button", name="添加一行").last.click()
    page.locator('[name="samples-0-testing"][value="否"]').check()
    page.fill('[name="samples-0-name"]', "散装熟肉")
    fill(page, {"inspector_signature": "__sign__"})
    expect(page.get_by_text("内容已留在本机")).to_be_visible(timeout=10_000)
    page.get_by_role("button", name="暂存", exact=True).click()  # the browser still believes in a network
    expect(page.locator("[data-offline-state]")).to_contain_text("没有连上服务器，“暂存”没有送出")
    page.reload()
    expect(page.locator('[name="statement"]')).to_have_value("冷藏柜昨日报修，维修单在店内。")
    expect(page.locator('[name="findings-0-clause"]')).to_have_value("食品安全法第三十四条")
    expect(page.locator('[name="samples-0-name"]')).to_have_value("散装熟肉")
    expect(page.locator('[data-field="inspector_signature"] img')).to_be_visible()
    page.unroute("**/draft")
    page.fill('[name="samples-0-quantity"]', "500克")
    expect(page.get_by_text("已暂存", exact=False).first).to_be_visible(timeout=10_000)
    assert page.evaluate("Object.keys(localStorage).filter(k => k.startsWith('draft:'))") == []
    is_sound(page, axe)

    page.locator('[data-field="left_at"]').get_by_role("button", name="填写现在的时间").click()
    page.fill('[name="left_at"]', "2026-03-02 09:00")
    rest = {
        "findings-0-category": "6", "findings-0-handling": "责令改正", "findings-0-note": "冷藏柜温度偏高。",
        "samples-0-seal": "封样18", "signature": "__sign__", "second_inspector_signature": "__sign__",
        "copy_left": True,
    }  # fmt: skip
    fill(page, rest)
    submit(page)
    with district.engine.read() as session:
        part = session.query(DepartmentInspection).filter_by(number=check.business_key).one()
        record = part.record["site_check"]
        assert record["statement"] == "冷藏柜昨日报修，维修单在店内。" and record["samples"][0]["quantity"] == "500克"
        assert part.record["arrival"]["entry_code"] == "本系统入企码" and part.scanned_at is not None
    page.goto(f"{base}/inspections/{check.business_key.rpartition('/')[0]}")
    expect(page.get_by_text("企业已扫码确认")).to_be_visible()
    page.evaluate("for (const fold of document.querySelectorAll('details.lane-details')) fold.open = true")
    is_sound(page, axe)


PIXEL = base64.b64decode(PNG.partition(",")[2])


def test_photos_chosen_without_a_connection_wait_on_the_device_and_are_sent_once_in_order(
    district: District, serve: Callable[[Flask], str], watched: Any, axe: Callable[[Page], list[str]]
) -> None:
    base = serve(district.app)
    arrive = district.task("arrive")
    district.office.do(arrive)
    check = district.task("site_check")
    page = watched.page(PHONE)
    shots.sign_in(page, base, login(district, check), DEMO_PASSWORD)
    page.goto(f"{base}/tasks/{check.id}")

    def photo(name: str, content: bytes) -> dict[str, Any]:
        return {"name": name, "mimeType": "image/png", "buffer": content}

    picker = page.locator('input[name="upload-photos"]')
    page.context.set_offline(True)
    picker.set_input_files([photo("门头.png", PIXEL), photo("后厨.png", PIXEL + b"2")])
    expect(page.get_by_text("没有连接，2 个文件留在本机", exact=False)).to_be_visible()
    expect(page.locator("[data-waiting]")).to_have_count(2)
    expect(page.locator("[data-outbox-state]")).to_contain_text("待上传 2 个文件，共 1 KB")
    too_large = photo("全景.png", b"x" * (20 * 1024 * 1024 + 1))
    picker.set_input_files([too_large])
    expect(page.get_by_text("超过单个文件 20 MB 的上限", exact=False)).to_be_visible()
    page.click("#task-form .form-actions .button-primary")  # nothing leaves before the files do
    expect(page.get_by_text("还有 2 个文件没有上传", exact=False)).to_be_visible()
    is_sound(page, axe)

    # Signing out says what would be lost, and leaves nothing once it is agreed to.
    asked: list[str] = []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.locator(".menu summary").click()
    page.get_by_role("button", name="退出登录").click()
    page.wait_for_function("!document.querySelector('form[data-sign-out]').dataset.cleared")
    expect(page.locator("[data-waiting]")).to_have_count(2)

    # The answer of the first sending is lost: the same key comes again and is kept once.
    lost: list[str] = []

    def lose_once(route: Any) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route.request.headers["idempotency-key"])
        route.fetch()
        route.abort()

    page.route("**/attachments", lose_once)
    with page.expect_event("requestfailed"):
        page.context.set_offline(False)
    expect(page.locator("[data-waiting]")).to_have_count(2)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("[data-waiting]")).to_have_count(0, timeout=30_000)  # at the latest with the next attempt
    assert len(lost) == 1 and "2 个文件" in asked[0] and "不能找回" in asked[0]
    with district.engine.read() as session:
        kept = (
            session.query(Attachment).filter_by(task_id=check.id).order_by(Attachment.uploaded_at, Attachment.id).all()
        )
        assert [row.file_name for row in kept] == ["门头.png", "后厨.png"] and kept[0].meta["key"] == lost[0]
        ids = [row.id for row in kept]
    boxes = page.locator('[data-files="photos"] input[type=checkbox]')
    assert boxes.evaluate_all("all => all.map(one => one.value)") == ids

    page.context.set_offline(True)
    picker.set_input_files([photo("仓库.png", PIXEL + b"3")])
    expect(page.locator("[data-waiting]")).to_have_count(1)
    page.unroute("**/attachments")
    page.route("**/attachments", lambda route: route.abort())
    page.context.set_offline(False)
    page.goto(f"{base}/inbox")
    expect(page.locator("[data-outbox-hint]")).to_contain_text("本机有 1 个文件待上传")
    page.once("dialog", lambda dialog: dialog.accept())
    page.locator(".menu summary").click()
    page.get_by_role("button", name="退出登录").click()
    page.wait_for_url("**/sign-in*")
    left = "() => new Promise(done => { const asked = indexedDB.open('lianjian-outbox'); asked.onsuccess = () => {"
    left += " const all = asked.result.transaction('files').objectStore('files').count();"
    left += " all.onsuccess = () => done(all.result); }; })"
    assert page.evaluate(left) == 0
