"""A web application on a real database, people to sign in as, and a browser-like client."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine import accounts
from engine.db import Database
from engine.models import Department, User, UserRole
from engine.process_engine import ProcessEngine
from engine.service_tasks import ServiceRegistry
from engine.settings import Settings
from engine.web.app import MODULES, create_app
from tests.conftest import SHANGHAI, Clock
from tests.support.pages import District, build, open_district

PASSWORD = "a-long-word-2026"
_HASH = accounts.hash_password(PASSWORD)


@dataclass
class Web:
    """An application and the people it knows; ``client()`` is a fresh browser."""

    app: Flask
    database: Database
    clock: Any
    settings: Settings

    def client(self) -> FlaskClient:
        return self.app.test_client()

    def user(self, login: str, *roles: str, name: str = "张敏", department: str = "SCJG", **columns: Any) -> User:
        """Store a person who holds ``roles`` in ``department``."""
        now: datetime = self.clock()
        with self.database.write() as session:
            user = User(
                district_id=self.settings.district_id, login=login, name=name, department=department,
                password_hash=_HASH, created_at=now, **columns,
            )  # fmt: skip
            session.add(user)
            session.flush()
            session.add_all(
                UserRole(district_id=user.district_id, user_id=user.id, department=department, role=role)
                for role in roles
            )
        return user

    def token(self, page: TestResponse) -> str:
        """The CSRF token a page carries."""
        found = re.search(r'name="csrf-token" content="([^"]+)"', page.text)
        assert found, "the page carries no CSRF token"
        return found[1]

    def submit(
        self, client: FlaskClient, path: str, data: dict[str, Any], page: str = "", **options: Any
    ) -> TestResponse:
        """Open ``page`` (default: ``path``) and post its form, as a browser would."""
        token = self.token(client.get(page or path))
        return client.post(path, data={"csrf_token": token, **data}, **options)

    def sign_in(self, login: str, password: str = PASSWORD, **data: str) -> FlaskClient:
        """A browser signed in as ``login``."""
        client = self.client()
        response = self.submit(client, "/sign-in", {"login": login, "password": password, **data})
        assert response.status_code in {200, 303}, response.text
        return client


@pytest.fixture
def database_url(new_sqlite_url: Callable[[], str]) -> str:
    """Pages are tested on one database; the modules that write (test_auth.py) ask for both."""
    return new_sqlite_url()


MakeWeb = Callable[..., Web]


@pytest.fixture
def make_web(database: Database, database_url: str, clock: Any, tmp_path: Path) -> MakeWeb:
    """Make an application; keyword arguments are settings, ``modules`` adds blueprints."""

    def make(modules: Sequence[str] = (), demo_logins: Sequence[Any] = (), **options: Any) -> Web:
        settings = Settings(database_url=database_url, data_dir=tmp_path / "var", **options)
        engine = ProcessEngine(database, settings, ServiceRegistry(), clock=clock)
        app = create_app(settings, engine, demo_logins=demo_logins, modules=(*MODULES, *modules))
        return Web(app, database, clock, settings)

    return make


@pytest.fixture
def web(make_web: MakeWeb) -> Web:
    """The application with its default settings, one department and one official, ``zhang``."""
    made = make_web()
    with made.database.write() as session:
        session.add(Department(district_id=made.settings.district_id, code="SCJG", name="市场监督管理局"))
    made.user("zhang", "承办人")
    return made


@pytest.fixture(scope="session")
def campaign_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of the demo district with a campaign under way; tests copy the file."""
    path = tmp_path_factory.mktemp("campaign") / "campaign.db"
    build(sqlite_template, path, Clock(datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI)))
    return path


@pytest.fixture
def district(campaign_template: Path, tmp_path: Path, clock: Clock) -> Iterator[District]:
    """The demo district behind a web application, a campaign of three departments under way (SQLite only)."""
    path = tmp_path / "district.db"
    shutil.copyfile(campaign_template, path)
    shutil.copytree(campaign_template.parent / "data", tmp_path / "data")
    found = open_district(path, clock)
    yield found
    found.engine.database.dispose()
