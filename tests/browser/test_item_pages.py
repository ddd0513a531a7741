"""The pages of the item list and of visits outside the draw in Chromium: usable, accessible, never too wide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import expect

from engine.actor import Actor
from engine.commands.deploy import Deploy
from engine.db import new_id
from engine.inspection.demo.accounts import DEMO_PASSWORD
from engine.inspection.demo.loader import load_demo
from engine.inspection.item_models import OutsideVisit
from engine.lint.bundle import read_bundle
from engine.process_engine import ProcessEngine
from engine.web.app import create_app
from tests.browser import shots

PAGES = (
    "/items", "/items/SCJG-001", "/items/province", "/items/province?state=要素不同", "/items/versions",
    "/items/compare", "/items/areas", "/items/adjustments", "/outside-visits", "/outside-visits/new",
    "/outside-visits/import", "/public/items?q=SCJG-00",
)  # fmt: skip


@pytest.fixture
def database_url(new_sqlite_url: Callable[[], str]) -> str:
    """Pages look the same on both databases."""
    return new_sqlite_url()


@pytest.fixture
def base(engine: ProcessEngine, serve: Callable[[Flask], str]) -> str:
    """The demo district, small, with the process of adjustments."""
    load_demo(engine.database, engine.settings, engine.clock(), objects=100, inspectors=90, items=30)
    folder = engine.settings.process_dir / "item-adjustment"
    engine.execute(Deploy("item-adjustment", read_bundle(folder, engine.settings.form_dir)), actor=Actor.system())
    with engine.database.write() as session:
        session.add(
            OutsideVisit(
                id=new_id(), district_id="370105", uscc="91370105MA3C00000K", object_name="示例（虚构）", organ="消防",
                kind="日常检查", visited_on=engine.clock().date(), source="manual", entered_at=engine.clock(),
            )
        )  # fmt: skip
    return serve(create_app(engine.settings, engine))


def test_the_pages_are_accessible_and_never_wider_than_the_screen(
    base: str, watched: Any, faults: Callable[..., list[str]]
) -> None:
    page = watched.page()
    shots.sign_in(page, base, "scjg-officer", DEMO_PASSWORD)
    found = []
    for path in PAGES:
        page.goto(base + path)
        found += faults(page)
    assert found == []


def test_an_officer_ticks_provincial_items_and_withdraws_the_claim(base: str, watched: Any) -> None:
    page = watched.page()
    shots.sign_in(page, base, "scjg-officer", DEMO_PASSWORD)
    page.goto(f"{base}/items/province")
    page.get_by_label("认领 网络直播营销行为的检查").check()
    page.get_by_role("button", name="认领选中的事项").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("选择事项")
    assert page.locator("input[name=codes]:checked").evaluate_all("all => all.map(e => e.value)") == ["SD-902"]
    reason = page.locator("textarea[name=reason]")
    expect(reason).to_be_visible()
    page.locator("input[name=action][value=撤回申请]").check()
    expect(reason).to_be_hidden()
    page.locator("#task-form .form-actions .button-primary").click()
    expect(page.locator("#messages")).to_contain_text("已提交")
    page.goto(f"{base}/items/adjustments")
    expect(page.locator("tbody tr")).to_contain_text("已撤回")
