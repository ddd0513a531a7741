"""Public and office pages in Chromium: verifying a draw, following one live, accessible and never too wide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import expect

from engine.inspection.demo.accounts import DEMO_PASSWORD
from engine.process_engine import ProcessEngine
from engine.web.app import create_app
from tests.browser import shots
from tests.support.journey import (
    APPROVALS,
    RESULTS,
    VISITS,
    Office,
    install,
    open_campaign,
    standard_answers,
    work_plan,
)

DRAW = "CN-370105-SCJG-2026-0001"


@pytest.fixture
def database_url(new_sqlite_url: Callable[[], str]) -> str:
    """Pages look the same on both databases."""
    return new_sqlite_url()


@pytest.fixture
def office(engine: ProcessEngine) -> Office:
    """A campaign of two departments up to the committed lists."""
    install(engine, objects=300, inspectors=90, items=30)
    office = Office(engine)
    open_campaign(office)
    standard_answers(office, work_plan(engine, "SCJG", ["WJJ"], ratio=10))
    office.do_all("draft_work_plan", *APPROVALS, "gate_check")
    return office


@pytest.fixture
def base(engine: ProcessEngine, office: Office, serve: Callable[[Flask], str]) -> str:
    return serve(create_app(engine.settings, engine))


def test_a_citizen_verifies_a_running_and_a_finished_draw_in_the_browser(
    office: Office, base: str, watched: Any
) -> None:
    page = watched.page()

    def verify(level: str) -> None:
        page.goto(f"{base}/public/draws/{DRAW}")
        page.get_by_role("link", name="在浏览器中核验").click()
        page.get_by_role("button", name="核验本次抽取的公开记录").click()
        verdict = page.locator(".verifier-verdict")
        expect(verdict).to_have_attribute("data-ok", "true", timeout=20_000)
        expect(verdict).to_have_attribute("data-level", level)

    verify("commitment")
    office.do_all("log_commitment", "reveal", "organ_approval", "sign_for_receipt", *VISITS, *RESULTS)
    verify("public")


PAGES = {
    "": ("/public", "/public/draws", f"/public/draws/{DRAW}", "/public/verify", "/public/protocol", "/public/results"),
    "supervisor": ("/board", "/board?state=all", "/publications", "/publications?tab=public"),
    "office": ("/conference", "/conference/posts", "/special-inspections", "/publicity", "/publicity/new"),
    "scjg-officer": ("/duty-reviews", "/duty-reviews/new"),
    "designer": ("/processes", "/processes/department-inspection/1", "/processes/deploy"),
    "admin": ("/admin/incidents", "/admin/publications", "/admin/workers", "/admin/users", "/admin/calendar"),
    "auditor": ("/audit/draws", f"/audit/draws/{DRAW}", "/audit/history", f"/draws/{DRAW}/ceremony"),
}


def test_every_page_is_accessible_and_fits_the_screen(
    office: Office, base: str, watched: Any, faults: Callable[..., list[str]]
) -> None:
    found: list[str] = []
    for login, paths in PAGES.items():
        page = watched.page()
        if login:
            shots.sign_in(page, base, login, DEMO_PASSWORD)
        for path in paths:
            answer = page.goto(base + path)
            assert answer is not None and answer.status == 200, path
            if "processes/" in path and path[-1] == "1":
                page.wait_for_selector(".djs-container .djs-shape")
            found += faults(page)
    assert found == []
