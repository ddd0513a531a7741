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


def start(user: User) -> None:
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
        with database().read() as db:
            found = accounts.user_of_session(db, token, now(), idle=idle, absolute=absolute)
            if found is None:
                expired = db.get(UserSession, accounts.token_id(token)) is not None
                user = row = None
            else:
                user, row = found
                g.user = user
                g.actor = accounts.actor_of(db, user)
        if user is None or row is None:
            session.pop(TOKEN)
            if expired:
                with database().write() as db:
                    accounts.close_session(db, token)
            return
        if now() - row.seen_at >= accounts.SEEN_INTERVAL:
            with database().write() as db:
                db.execute(sa.update(UserSession).where(UserSession.id == row.id).values(seen_at=now()))
