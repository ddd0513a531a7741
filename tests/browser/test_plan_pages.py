"""The pages of plans in Chromium: usable, accessible, never too wide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import expect

from engine.actor import Actor
from engine.commands.complete_task import CompleteTask
from engine.commands.deploy import Deploy
from engine.inspection.demo.accounts import DEMO_PASSWORD
from engine.inspection.demo.loader import load_demo
from engine.inspection.models import Item
from engine.inspection.opening import OpenCampaign, OpenPlan
from engine.inspection.plan_versions import OpenAdjustment
from engine.lint.bundle import read_bundle
from engine.process_engine import ProcessEngine
from engine.web.app import create_app
from tests.browser import shots
from tests.support.journey import Office

OFFICERS_PAGES = (
    "/plans", "/plans/2026/SCJG", "/plans/2026/SCJG/compare", "/plans/2026/SCJG/preview", "{plan}", "{work_plan}",
    "{work_plan}/preview", "{adjustment}",
)  # fmt: skip
OFFICE_PAGES = ("/plans/2026/joint", "/plans/2026/joint/merges", "/plans/filing?year=2026", "/visit-alarms")
AGREE = {"decision": "同意"}


@pytest.fixture
def database_url(new_sqlite_url: Callable[[], str]) -> str:
    """Pages look the same on both databases."""
    return new_sqlite_url()


@pytest.fixture
def addresses(engine: ProcessEngine) -> dict[str, str]:
    """Two departments' plans in force, a joint one being written, a campaign of a row and an adjustment."""
    load_demo(engine.database, engine.settings, engine.clock(), objects=200, inspectors=90, items=30)
    for key in ("annual-plan", "plan-adjustment", "joint-inspection"):
        folder = engine.settings.process_dir / key
        engine.execute(Deploy(key, read_bundle(folder, engine.settings.form_dir)), actor=Actor.system())
    office = Office(engine)
    for department in ("SCJG", "WJJ"):
        login = department.lower()
        key = engine.execute(OpenPlan(department, 2026), actor=office.login(f"{login}-officer"))
        with engine.read() as session:
            items = session.scalars(
                sa.select(Item.code).where(Item.department == department).order_by(Item.code).limit(2)
            )
            row = {
                "name": "餐饮单位检查", "items": list(items), "initiator": department, "industries": ["H"],
                "quota": "按风险等级", "start_date": "2026-04-01", "end_date": "2026-06-30", "form": "综合联查",
                "methods": ["实地核查"], "publish": "公布",
            }  # fmt: skip
        for element, person, values in (
            ("draft_plan", "officer", {"name": "2026年度抽查计划", "tasks": [row]}), ("head_approval", "head", AGREE)
        ):  # fmt: skip
            task = office.open_tasks(element, business_key=key)[0]
            engine.execute(CompleteTask(task.id, task.version, values), actor=office.login(f"{login}-{person}"))
    officer = office.login("scjg-officer")
    engine.execute(OpenPlan("SCJG", 2026, "联合"), actor=office.login("office"))
    engine.execute(OpenCampaign("SCJG", "plan/2026/SCJG", "01"), actor=officer)
    engine.execute(OpenAdjustment("plan/2026/SCJG"), actor=officer)
    steps = {"plan": "draft_plan", "work_plan": "draft_work_plan", "adjustment": "draft_adjustment"}
    return {name: f"/tasks/{office.open_tasks(element)[0].id}" for name, element in steps.items()}


@pytest.fixture
def base(engine: ProcessEngine, addresses: dict[str, str], serve: Callable[[Flask], str]) -> str:
    return serve(create_app(engine.settings, engine))


def test_the_pages_are_accessible_and_never_wider_than_the_screen(
    base: str, addresses: dict[str, str], watched: Any, faults: Callable[..., list[str]]
) -> None:
    found = []
    for login, paths in (("scjg-officer", OFFICERS_PAGES), ("office", OFFICE_PAGES)):
        page = watched.page()
        shots.sign_in(page, base, login, DEMO_PASSWORD)
        for path in paths:
            page.goto(base + path.format(**addresses))
            found += faults(page)
    assert found == []


def test_an_officer_tries_figures_and_comes_back_to_what_was_typed(
    base: str, addresses: dict[str, str], watched: Any
) -> None:
    page = watched.page()
    shots.sign_in(page, base, "scjg-officer", DEMO_PASSWORD)
    page.goto(base + addresses["work_plan"])
    page.locator("input[name=name]").fill("餐饮单位检查（上半年）")
    page.get_by_role("button", name="测算").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("测算")
    expect(page.get_by_text("人力测算")).to_be_visible()
    page.get_by_role("link", name="返回起草抽查工作方案").click()
    expect(page.locator("input[name=name]")).to_have_value("餐饮单位检查（上半年）")


def test_the_office_merges_two_departments_rows(base: str, watched: Any) -> None:
    page = watched.page()
    shots.sign_in(page, base, "office", DEMO_PASSWORD)
    page.goto(f"{base}/plans/2026/joint/merges")
    page.get_by_role("button", name="不合并").click()
    expect(page.get_by_text("请写明不合并的理由")).to_be_visible()
    page.get_by_role("button", name="合并为一次检查").click()
    expect(page.locator("#messages")).to_contain_text("已合并为联合计划第 01 项")
