"""The registries in Chromium: found by several values, changed by proposal, handed over, imported after a preview."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Page, expect

from engine.actor import Actor
from engine.commands.deploy import Deploy
from engine.inspection.demo.accounts import DEMO_PASSWORD
from engine.inspection.demo.loader import load_demo
from engine.inspection.models import InspectedObject
from engine.inspection.object_index import index_objects
from engine.lint.bundle import read_bundle
from engine.process_engine import ProcessEngine
from engine.web.app import create_app
from tests.browser import shots

#: What every official of a department may open here, and what only the conference office may.
PAGES = ("/objects", "/objects/expiring", "/inspectors", "/changes", "/handovers", "/items", "/items/adjustments/file")
OFFICE_PAGES = ("/imports", "/outside-visits", "/items/versions")


@pytest.fixture
def database_url(new_sqlite_url: Callable[[], str]) -> str:
    """Pages look the same on both databases."""
    return new_sqlite_url()


@pytest.fixture
def firms(engine: ProcessEngine) -> list[tuple[str, str]]:
    """Code and name of two firms of the demo district, which any two may be."""
    load_demo(engine.database, engine.settings, engine.clock(), objects=60, inspectors=60, items=30)
    for key in ("registry-change", "permit-handover"):
        folder = engine.settings.process_dir / key
        engine.execute(Deploy(key, read_bundle(folder, engine.settings.form_dir)), actor=Actor.system())
    index_objects(engine.database, engine.settings.district_id, engine.clock())
    with engine.read() as session:
        rows = session.execute(
            sa.select(InspectedObject.uscc, InspectedObject.name)
            .where(InspectedObject.status == "存续", InspectedObject.to_verify == "", InspectedObject.kind == "企业")
            .order_by(InspectedObject.uscc)
            .limit(2)
        )
        return [(uscc, name) for uscc, name in rows]


@pytest.fixture
def base(engine: ProcessEngine, firms: list[tuple[str, str]], serve: Callable[[Flask], str]) -> str:
    return serve(create_app(engine.settings, engine))


@pytest.fixture
def people(base: str, watched: Any) -> Iterator[Callable[..., Page]]:
    """Sign somebody in, in a browser of their own."""

    def enter(login: str, *look: Any) -> Page:
        page: Page = watched.page(*look)
        shots.sign_in(page, base, login, DEMO_PASSWORD)
        return page

    yield enter


def test_the_pages_are_accessible_and_never_wider_than_the_screen(
    base: str, people: Callable[..., Page], faults: Callable[..., list[str]]
) -> None:
    found = []
    for login, paths in (("scjg-officer", PAGES), ("office", OFFICE_PAGES)):
        page = people(login)
        for path in paths:
            page.goto(base + path)
            found += faults(page)
    assert found == []


def test_an_object_is_found_changed_handed_over_and_imported(
    base: str, people: Callable[..., Page], firms: list[tuple[str, str]], tmp_path: Path
) -> None:
    (uscc, name), (_, other) = firms

    # Found: two states at once stand in the address; one is taken away again.
    officer = people("scjg-officer")
    officer.goto(f"{base}/objects")
    officer.get_by_text("更多条件").click()
    states = officer.locator("summary", has_text="登记状态：")
    states.click()
    for state in ("存续", "注销"):
        officer.get_by_role("checkbox", name=state, exact=True).check()
    officer.get_by_role("button", name="查询").click()
    officer.wait_for_url("**status=*status=*")
    expect(states).to_have_text("登记状态：存续、注销")
    officer.get_by_role("link", name="登记状态：注销").click()
    officer.fill("[name=q]", uscc)
    officer.get_by_role("button", name="查询").click()
    officer.get_by_role("link", name=name, exact=True).click()
    expect(officer.get_by_role("heading", name=name)).to_be_visible()

    # Changed: proposed on its page, checked by the head of the section, with both values in its history.
    officer.get_by_role("button", name="提出变更").click()
    officer.get_by_label("联系电话").fill("0531-80000001")
    officer.locator("[name=reason]").fill("企业来函更正联系电话")
    officer.get_by_role("button", name="提交", exact=True).click()
    section = people("scjg-section")
    section.goto(f"{base}/changes?state=在办")
    section.get_by_role("link", name=name).first.click()
    section.get_by_role("link", name="去办理").click()
    expect(section.get_by_text("0531-80000001")).to_be_visible()
    section.get_by_role("radio", name="同意").check()
    section.get_by_role("button", name="提交", exact=True).click()
    section.wait_for_load_state()
    officer.goto(f"{base}/objects/{uscc}")
    history = officer.locator("#history")
    expect(history).to_contain_text("企业来函更正联系电话")
    expect(history).to_contain_text("0531-80000001")

    # Handed over: permits by file from one department, signed for by the other, then they stand on the object's page.
    table = tmp_path / "许可.csv"
    head = "统一社会信用代码,检查对象名称,许可名称,许可编号,发证日期,有效期至,发证机关,接收部门"
    table.write_text(f"{head}\n{uscc},{name},卫生许可证,W-2026-1,2026-02-01,长期,,市场监督管理局\n", "utf-8")
    sender = people("wjj-officer")
    sender.goto(f"{base}/handovers")
    sender.set_input_files("input[type=file]", table)
    sender.get_by_role("button", name="检查并移交").click()
    expect(sender.get_by_text("待签收 1")).to_be_visible()
    officer.goto(f"{base}/handovers")
    officer.get_by_role("link", name="签收", exact=True).click()
    officer.get_by_role("radio", name="全部签收").check()
    officer.get_by_role("button", name="提交", exact=True).click()
    officer.wait_for_load_state()
    officer.goto(f"{base}/objects/{uscc}")
    expect(officer.locator("#permits")).to_contain_text("W-2026-1")

    # Imported: the preview says what would change, and nothing has until it is confirmed.
    file = tmp_path / "检查对象.csv"
    file.write_text(f"统一社会信用代码,检查对象名称,联系人\n{firms[1][0]},{other},演示联系人\n", "utf-8")
    office = people("office", 390)
    office.goto(f"{base}/imports")
    office.set_input_files("input[type=file]", file)
    office.get_by_role("button", name="上传并预览").click()
    expect(office.get_by_text("这是预览，名录还没有改动")).to_be_visible()
    expect(office.get_by_text("演示联系人")).to_be_visible()
    office.locator("[name=reason]").fill("核对联系人")
    office.get_by_role("button", name="确认导入").click()
    expect(office.get_by_text("已完成").first).to_be_visible()
    officer.goto(f"{base}/objects/{firms[1][0]}")
    expect(officer.get_by_role("complementary").get_by_text("演示联系人")).to_be_visible()
    assert shots.overflow(office) == 0
