"""The signed-in browser: a token in a signed cookie, a row on the server, two time limits.

Idle and absolute limits come from the settings.  The token changes at every
sign-in (no session fixation) and sign-out deletes the row.
"""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from flask import Flask, g, request, session

from engine import accounts
from engine.models import User, UserSession
from engine.web.context import database, now, settings

TOKEN = "token"
#: Who was signed in last, kept when the session runs out so that the same person can go on.
LAST_USER = "uid"


def limits() -> tuple[timedelta, timedelta]:
    """Idle and absolute limit."""
    s = settings()
    return timedelta(minutes=s.session_idle_minutes), timedelta(hours=s.session_hours)


def start(user: User | accounts.SignedIn) -> None:
    """Sign ``user`` in on this browser under a fresh token."""
    forget()
    with database().write() as db:
        token = accounts.open_session(
            db, user, now(), address=request.remote_addr or "", agent=request.headers.get("User-Agent", "")
        )
    session.clear()  # a new CSRF token too
    session[TOKEN] = token
    session[LAST_USER] = user.id


def forget() -> None:
    """Delete this browser's row, if any, and everything in its cookie."""
    token = session.get(TOKEN)
    if token:
        with database().write() as db:
            accounts.close_session(db, token)
    session.clear()


def install(app: Flask) -> None:
    """Load the actor of every request before guards look at it."""

    @app.before_request
    def load() -> None:
        token = session.get(TOKEN)
        if not token:
            return
        idle, absolute = limits()
        with database().lookup() as connection:
            found = accounts.user_of_session(connection, token, now(), idle=idle, absolute=absolute)
            expired = found is None and accounts.has_session(connection, token)
        if found is None:
            session.pop(TOKEN)
            if expired:
                with database().write() as db:
                    accounts.close_session(db, token)
            return
        g.user, g.actor = found, found.actor
        if now() - found.seen_at >= accounts.SEEN_INTERVAL:
            with database().write() as db:
                db.execute(sa.update(UserSession).where(UserSession.id == found.session_id).values(seen_at=now()))
