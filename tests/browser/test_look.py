"""The shell and the forms in a real browser: legible, accessible, within the screen, working islands."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from engine import accounts
from engine.db import Database
from engine.models import Department, User, UserRole
from engine.process_engine import ProcessEngine
from engine.service_tasks import ServiceRegistry
from engine.settings import Settings
from engine.web.app import create_app
from tests.browser import shots

PASSWORD = "a-long-word-2026"
PATHS = (
    "/gallery/parts", "/gallery/form/everything", "/gallery/form/site-check", "/gallery/done", "/gallery/official",
    "/account/password", "/nothing-here",
)  # fmt: skip


@pytest.fixture
def address(new_sqlite_url: Callable[[], str], clock: Any, tmp_path: Path, serve: Any) -> str:
    """A server with the gallery and one official, ``zhang``."""
    settings = Settings(database_url=new_sqlite_url(), data_dir=tmp_path / "var")
    database = Database(settings.url)
    with database.write() as session:
        session.add(Department(district_id=settings.district_id, code="SCJG", name="市场监督管理局"))
        user = User(
            district_id=settings.district_id, login="zhang", name="张敏", department="SCJG",
            password_hash=accounts.hash_password(PASSWORD), created_at=clock(),
        )  # fmt: skip
        session.add(user)
        session.flush()
        session.add(UserRole(district_id=user.district_id, user_id=user.id, department="SCJG", role="承办人"))
    engine = ProcessEngine(database, settings, ServiceRegistry(), clock=clock)
    modules = ("engine.web.home", "engine.web.auth", "engine.web.public", "tests.browser.gallery")
    return str(serve(create_app(settings, engine, modules=modules)))


@pytest.fixture
def open_form(address: str, watched: Any) -> Callable[..., Page]:
    """Sign in and open the form with every component."""

    def run(**options: Any) -> Page:
        page: Page = watched.page(**options)
        shots.sign_in(page, address, "zhang", PASSWORD)
        page.goto(f"{address}/gallery/form/everything")
        return page

    return run


def test_every_page_is_accessible_and_fits_the_screen(address: str, watched: Any, faults: Any) -> None:
    page = watched.page()
    page.goto(f"{address}/sign-in")
    assert faults(page, every=True) == []
    shots.sign_in_on_page(page, address, "zhang", PASSWORD)
    found = []
    for path in PATHS:
        page.goto(address + path)
        page.wait_for_load_state("networkidle")
        found += faults(page, every=True)
    assert found == []


def test_controls_are_large_enough_for_fingers_on_a_phone(open_form: Any) -> None:
    page = open_form(width=390)
    small = page.evaluate(
        """() => [...document.querySelectorAll("main .button, main input:not([type=hidden]):not(.visually-hidden):"""
        """not([type=checkbox]):not([type=radio]), main select, .tab-bar a, .choice")]"""
        """.filter(e => e.offsetParent && e.getBoundingClientRect().height < 38).map(e => e.outerHTML.slice(0, 90))"""
    )
    assert small == []
    sizes = page.evaluate(
        """() => [...document.querySelectorAll("main input:not([type=checkbox], [type=radio], [type=file]),"""
        """main select, main textarea")].map(e => parseFloat(getComputedStyle(e).fontSize))"""
    )
    assert min(sizes) >= 16, "a smaller text makes phones zoom in"


def test_a_refused_form_puts_the_focus_on_its_errors_which_lead_to_the_fields(open_form: Any) -> None:
    page = open_form()
    page.get_by_label("情况说明").fill("打过的字要保留")
    page.get_by_role("button", name="提交").click()
    expect(page.locator(".error-summary")).to_be_focused()
    expect(page.get_by_label("情况说明")).to_have_value("打过的字要保留")
    page.get_by_role("link", name="请填写“名称”。").click()
    assert page.url.endswith("#f-name")


def test_a_condition_shows_and_hides_its_field_while_typing(open_form: Any) -> None:
    page = open_form()
    clause = page.get_by_label("涉嫌违反的条款")
    expect(clause).to_be_hidden()
    page.get_by_label("是", exact=True).check()
    expect(clause).to_be_visible()
    expect(clause).to_be_enabled()
    page.get_by_label("否", exact=True).check()
    expect(clause).to_be_hidden()
    expect(clause).to_be_disabled()


def test_rows_are_added_removed_and_renumbered(open_form: Any) -> None:
    page = open_form()
    add = page.get_by_role("button", name="添加一行")
    for code in ("first", "second", "third"):
        add.click()
        page.get_by_label("统一社会信用代码").last.fill(code)
    expect(add).to_be_hidden()  # maxItems is 3
    page.locator('[data-row="removals-0"]').get_by_role("button", name="移除").click()
    expect(add).to_be_visible()
    assert page.locator("main [name$='-uscc']").evaluate_all("all => all.map(e => [e.name, e.value])") == [
        ["removals-0-uscc", "second"],
        ["removals-1-uscc", "third"],
    ]
    page.locator('[name="removals-1-reason"]').select_option("其他")
    expect(page.locator('[name="removals-1-other"]')).to_be_visible()
    expect(page.locator('[name="removals-0-other"]')).to_be_hidden()


def test_rows_work_without_javascript(address: str, watched: Any) -> None:
    page = watched.page(java_script_enabled=False)
    shots.sign_in_on_page(page, address, "zhang", PASSWORD)
    page.goto(f"{address}/gallery/form/everything")
    page.get_by_label("名称", exact=False).first.fill("打过的字要保留")
    page.get_by_role("button", name="添加一行").click()
    page.get_by_label("统一社会信用代码").fill("first")
    page.get_by_role("button", name="添加一行").click()
    assert page.get_by_label("统一社会信用代码").count() == 2
    expect(page.locator('[name="removals-0-uscc"]')).to_have_value("first")
    expect(page.locator('[name="name"]')).to_have_value("打过的字要保留")


def test_the_calendar_is_chinese_and_works_from_the_keyboard(open_form: Any) -> None:
    page = open_form()
    day = page.locator('[name="day"]')
    day.fill("2026-03-02")
    page.get_by_role("button", name="打开日历").first.click()
    expect(page.get_by_role("dialog", name="选择日期")).to_contain_text("2026年3月")
    page.get_by_role("button", name="3月2日").press("ArrowDown")
    page.keyboard.press("Enter")
    expect(day).to_have_value("2026-03-09")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_typing_is_saved_as_a_draft_and_says_so(open_form: Any) -> None:
    page = open_form()
    with page.expect_request(re.compile("/gallery/draft$")) as sent:
        page.get_by_label("情况说明").fill("草稿")
    assert "草稿" in (sent.value.post_data or "")
    expect(page.locator("[data-draft-state]")).to_contain_text("已暂存")


def test_a_failed_draft_says_so_and_typing_goes_on(open_form: Any) -> None:
    page = open_form()
    page.route("**/gallery/draft", lambda route: route.abort())
    page.get_by_label("情况说明").fill("草稿")
    expect(page.locator("[data-draft-state]")).to_contain_text("联网后自动暂存")


def test_a_signature_is_sent_as_a_picture(open_form: Any) -> None:
    page = open_form()
    canvas = page.locator("canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 110, steps=6)
    page.mouse.up()
    value = page.locator('[name="signature"]')
    expect(value).to_have_value(re.compile("^data:image/png;base64,"))
    page.get_by_role("button", name="重新签名").click()
    expect(value).to_have_value("")


def test_the_position_is_filled_in(open_form: Any) -> None:
    page = open_form(geolocation={"latitude": 36.678, "longitude": 116.987}, permissions=["geolocation"])
    page.get_by_role("button", name="获取当前位置").click()
    expect(page.locator('[name="place-lat"]')).to_have_value("36.678000")
    expect(page.locator('[name="place-lng"]')).to_have_value("116.987000")


def test_a_second_click_does_not_send_the_form_twice(open_form: Any) -> None:
    page = open_form()
    posts = []
    page.on("request", lambda request: request.method == "POST" and posts.append(request.url))
    page.evaluate("for (let i = 0; i < 3; i += 1) document.querySelector('.form-actions button').click()")
    page.wait_for_selector(".error-summary")
    assert len(posts) == 1


def test_losing_the_network_is_said(open_form: Any) -> None:
    page = open_form()
    hint = page.get_by_text("网络已断开")
    expect(hint).to_be_hidden()
    page.context.set_offline(True)
    expect(hint).to_be_visible()
    page.context.set_offline(False)
    expect(hint).to_be_hidden()


def test_the_diagram_shows_where_the_case_stands(open_form: Any, address: str) -> None:
    page = open_form()
    page.goto(f"{address}/gallery/parts")
    expect(page.locator('.djs-element.is-current[data-element-id="site_check"]')).to_have_count(1)
    expect(page.locator('.djs-element.is-completed[data-element-id="prepare_visit"]')).to_have_count(1)
    expect(page.get_by_role("button", name="现场检查：1 项待办")).to_be_visible()
    expect(page.locator(".bjs-powered-by")).to_be_visible()


def test_the_witness_page_logs_a_digest_and_reveals_exactly_what_it_covers(address: str, watched: Any) -> None:
    page = watched.page(390)
    page.goto(f"{address}/gallery/witness/log")
    page.get_by_text("加入自己的内容（可不填）").click()
    page.get_by_label("随意几个字或骰子的点数").fill("掷得 3|5;\u00e9")
    page.get_by_role("button", name="生成随机因子").click()
    digest = page.locator('[name="logged_sha256"]').input_value()
    assert re.fullmatch("[0-9a-f]{64}", digest)
    page.goto(f"{address}/gallery/witness/reveal")
    nonce, part = (page.locator(f'[name="{name}"]').input_value() for name in ("nonce", "part"))
    assert hashlib.sha256(f"{nonce}|{part}".encode()).hexdigest() == digest
    assert re.fullmatch("[0-9a-f]{32}", nonce) and re.fullmatch("[0-9a-f]{32}掷得 35\u00e9", part)


def test_a_witness_on_another_device_is_told_what_to_do(address: str, watched: Any) -> None:
    page = watched.page()
    page.goto(f"{address}/gallery/witness/reveal")
    expect(page.get_by_text("请换用登记摘要时的设备")).to_be_visible()


def test_the_menu_on_a_phone_holds_every_entry(open_form: Any) -> None:
    page = open_form(width=390)
    bar = page.get_by_role("navigation", name="快捷导航")
    expect(page.get_by_role("navigation", name="主导航")).to_be_hidden()
    bar.get_by_text("更多").click()
    expect(bar.get_by_role("link", name="流程库")).to_be_visible()
    page.keyboard.press("Escape")
    expect(bar.get_by_role("link", name="流程库")).to_be_hidden()


def test_official_forms_print_on_a4_without_the_shell(open_form: Any, address: str) -> None:
    page = open_form()
    page.goto(f"{address}/gallery/official")
    page.emulate_media(media="print")
    expect(page.locator(".site-header")).to_be_hidden()
    expect(page.locator(".side-nav")).to_be_hidden()
    expect(page.get_by_role("heading", name="行政检查审批表").last).to_be_visible()
    assert page.pdf(format="A4", prefer_css_page_size=True).count(b"/Type /Page\n") <= 1
