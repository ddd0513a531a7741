"""What a view may reach: the process engine, settings, the clock and who is asking.

The only place of the product that uses Flask's ``g``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypedDict

import sqlalchemy as sa
from flask import Response, current_app, g, url_for

from engine.actor import Actor
from engine.db import Database
from engine.errors import NotSignedIn
from engine.models import Department
from engine.settings import Settings

if TYPE_CHECKING:
    from engine.process_engine import ProcessEngine


_DEPARTMENTS = sa.select(Department.code, Department.name).order_by(Department.position)


class DemoLogin(TypedDict):
    """A login shown on the sign-in page of a demo system."""

    login: str
    password: str
    name: str
    department: str
    role: str


@dataclass(frozen=True, slots=True)
class Shell:
    """Everything ``create_app`` was given, kept on the Flask application."""

    engine: ProcessEngine
    settings: Settings
    demo_logins: Sequence[DemoLogin] = ()


def shell() -> Shell:
    found: Shell = current_app.extensions["lianjian"]
    return found


def engine() -> ProcessEngine:
    """The process engine; ``engine().execute(command, actor=actor())`` is how a view changes anything."""
    return shell().engine


def database() -> Database:
    """For queries: ``with database().read() as session``."""
    return shell().engine.database


def settings() -> Settings:
    return shell().settings


def now() -> datetime:
    """The current time in the district's zone; one value for a whole request."""
    moment: datetime | None = g.get("now")
    if moment is None:
        known = shell()
        moment = g.now = known.engine.clock().astimezone(known.settings.timezone)
    return moment


def actor() -> Actor:
    """Who is signed in; raises :class:`NotSignedIn` on public pages without a session."""
    found: Actor | None = g.get("actor")
    if found is None:
        raise NotSignedIn("请先登录。")
    return found


def actor_or_none() -> Actor | None:
    return g.get("actor")


def departments() -> dict[str, str]:
    """Department names by code, in official order; read once a request."""
    if "departments" not in g:
        with database().lookup() as connection:
            g.departments = {code: name for code, name in connection.execute(_DEPARTMENTS)}
    names: dict[str, str] = g.departments
    return names


def department_name(code: str | None) -> str:
    """The department's Chinese name; the code itself when the registry has no such row."""
    return departments().get(code or "", code or "")


def see_other(endpoint: str, **values: Any) -> Response:
    """The way on from a submission to a page; without a text nobody reads, so it is sent in one piece."""
    return Response(status=303, headers=[("Location", url_for(endpoint, **values))])


def template_globals() -> dict[str, Any]:
    """Names every template may use (see docs/how-to/add-a-page.md)."""
    return {"actor": actor_or_none(), "now": now(), "settings": settings(), "department_name": department_name}
