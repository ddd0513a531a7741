"""A system to measure: a deployed model, officials, and the process engine as an installation opens it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from engine import accounts
from engine.actor import Actor
from engine.calendar import seed_calendar
from engine.commands.deploy import Deploy
from engine.db import Database
from engine.inspection.installation import open_engine
from engine.lint.bundle import read_bundle
from engine.models import Department, User, UserRole
from engine.process_engine import ProcessEngine
from engine.settings import Settings

MODELS = Path(__file__).parent / "models"
DEPARTMENT, ROLE = "SCJG", "承办人"
SECRET = "only for benchmarks"


def settings_of(url: str, scratch: Path) -> Settings:
    """Settings of a server without background work, which would blur the figures."""
    return Settings(database_url=url, data_dir=scratch / "data", secret_key=SECRET, embedded_worker=False)


def open_system(url: str, scratch: Path, *models: str) -> ProcessEngine:
    """The process engine on a fresh database with ``models`` deployed, a calendar and one department."""
    settings = settings_of(url, scratch)
    engine = open_engine(settings)
    with engine.database.write() as session:
        seed_calendar(session, settings.district_id, engine.clock())
        session.add(Department(district_id=settings.district_id, code=DEPARTMENT, name="市场监督管理局"))
    for name in models:
        engine.execute(Deploy(name, read_bundle(MODELS / name, settings.form_dir)), actor=Actor.system())
    return engine


def hire(database: Database, district_id: str, posts: list[tuple[str, str]]) -> list[Actor]:
    """One new official for each (department, role); nobody can sign in with a password."""
    actors = []
    with database.write() as session:
        first = session.scalar(sa.select(sa.func.count()).select_from(User)) or 0
        for number, (department, role) in enumerate(posts, first):
            user = User(
                district_id=district_id, login=f"official-{number}", name=f"经办{number}", department=department,
                password_hash="!", created_at=datetime.now(UTC),
            )  # fmt: skip
            session.add(user)
            session.flush()
            session.add(UserRole(district_id=district_id, user_id=user.id, department=department, role=role))
            actors.append(Actor(user.id, user.name, department, frozenset({f"{department}/{role}"})))
    return actors


def session_tokens(database: Database, actors: list[Actor]) -> list[str]:
    """A signed-in browser for each official: what the cookie holds."""
    with database.write() as session:
        now = datetime.now(UTC)
        return [accounts.open_session(session, session.get_one(User, a.user_id), now) for a in actors]
