"""The demo district behind a web application: signed-in browsers and officials of one running campaign."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine.db import Database
from engine.inspection.demo.accounts import DEMO_PASSWORD
from engine.inspection.facts import context_provider
from engine.inspection.installation import roles, services
from engine.models import UserTask
from engine.process_engine import ProcessEngine
from engine.settings import Settings
from engine.web.app import create_app
from tests.support.journey import APPROVALS, VISITS, Office, install, open_campaign, standard_answers, work_plan

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
#: The department that finds a problem at every object of the prepared campaign.
PROBLEM_IN = "WJJ"


@dataclass
class District:
    """One system; ``campaign`` is the number of the campaign it starts with."""

    app: Flask
    engine: ProcessEngine
    office: Office
    campaign: str
    clock: Any

    def sign_in(self, login: str) -> Browser:
        """A browser signed in as ``login``."""
        browser = Browser(self.app.test_client())
        page = browser.post("/sign-in", {"login": login, "password": DEMO_PASSWORD}, page="/sign-in")
        assert page.status_code == 303, page.text
        return browser

    def task(self, element: str, department: str = "", position: int = 0) -> UserTask:
        """An open task of a step, in a department if one is named."""
        found = [t for t in self.office.open_tasks(element) if not department or t.department == department]
        return found[position]


@dataclass
class Browser:
    """A client that posts forms with the token of the page they stand on."""

    client: FlaskClient

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def text(self, path: str) -> str:
        """The page's text; it must exist."""
        page = self.client.get(path)
        assert page.status_code == 200, f"{path}: {page.status_code}"
        return page.text

    def post(self, path: str, data: dict[str, Any], page: str = "/inbox", **options: Any) -> TestResponse:
        return self.client.post(path, data={"csrf_token": self.token(page), **data}, **options)

    def token(self, page: str = "/inbox") -> str:
        """The token a page carries; it serves the whole session."""
        token = re.search(r'name="csrf-token" content="([^"]+)"', self.client.get(page).text)
        assert token, f"{page} carries no CSRF token"
        return token[1]


def settings_for(path: Path) -> Settings:
    return Settings(database_url=f"sqlite:///{path}", data_dir=path.parent / "data", secret_key="for tests only")


def engine_on(settings: Settings, clock: Any) -> ProcessEngine:
    return ProcessEngine(
        Database(settings.url),
        settings,
        services(),
        form_context=context_provider(settings),
        roles=roles(),
        clock=clock,
    )


def build(template: Path, path: Path, clock: Any) -> None:
    """Write a database at ``path``: three departments, every object but the last visited, nothing reviewed yet."""
    shutil.copyfile(template, path)
    settings_for(path).data_dir.mkdir(exist_ok=True)
    engine = engine_on(settings_for(path), clock)
    install(engine)
    office = Office(engine)
    open_campaign(office)
    standard_answers(office, work_plan(engine, "SCJG", ["WJJ", "YJJ"]), problem_in=PROBLEM_IN)
    office.do_all("draft_work_plan", *APPROVALS, "gate_check")
    office.do_all("log_commitment")
    office.do_all("reveal")
    office.do_all("organ_approval")
    office.do_all("sign_for_receipt")
    last = max(t.business_key.rpartition("/")[0] for t in office.open_tasks("prepare_visit"))
    for step in VISITS:
        for task in office.open_tasks(step):
            if step != "site_check" or not task.business_key.startswith(last):
                office.do(task)
    with engine.database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.database.dispose()


def open_district(path: Path, clock: Any) -> District:
    """The system on a copy of what :func:`build` wrote."""
    settings = settings_for(path)
    engine = engine_on(settings, clock)
    office = Office(engine)
    standard_answers(office, work_plan(engine, "SCJG", ["WJJ", "YJJ"]), problem_in=PROBLEM_IN)
    return District(create_app(settings, engine), engine, office, "SCJG-抽查-2026-0001", clock)
