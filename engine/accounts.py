"""Accounts of the people who sign in: passwords, lockout, sessions and the Actor they become.

Passwords are kept as argon2id hashes.  A session is a row (:class:`UserSession`)
whose id is the SHA-256 of the token in the browser's cookie: reading the
database does not give anybody a session, and deleting the row signs out.
All functions take the session and the time; they never commit.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.errors import InvalidInput
from engine.models import User, UserRole, UserSession
from engine.prepared import Prepared

#: Wrong passwords in a row until the account is locked, and for how long.
MAX_FAILURES = 5
LOCK = timedelta(minutes=15)
MIN_PASSWORD = 10
#: ``seen_at`` is written at most this often, so that reading pages does not keep writing.
SEEN_INTERVAL = timedelta(minutes=1)

#: Letters and digits of initial passwords: none that look alike on paper (0/o, 1/l/i).
_READABLE = "23456789abcdefghjkmnpqrstuvwxyz"

_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """The argon2id hash to store for ``password``."""
    return _hasher.hash(password)


@lru_cache(maxsize=1)
def _nobody() -> str:
    return _hasher.hash(secrets.token_hex(16))


def random_password() -> str:
    """An initial password to hand over on paper: 79 bits, no characters that look alike, easy to type."""
    return "-".join("".join(secrets.choice(_READABLE) for _ in range(4)) for _ in range(4))


def password_matches(password_hash: str | None, password: str) -> bool:
    """True when ``password`` belongs to the hash; an unknown login (None) costs the same work."""
    try:
        return _hasher.verify(password_hash or _nobody(), password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def find_user(session: Session, district_id: str, login: str) -> User | None:
    return session.scalar(sa.select(User).where(User.district_id == district_id, User.login == login))


def admit(session: Session, user_id: str, matched: bool, now: datetime) -> bool:
    """Settle one sign-in attempt whose password was already checked; True when the person may enter.

    The expensive check happens outside this transaction, so the row is read
    again here: a lock that fell meanwhile still holds, and a correct password
    does not open a locked account (else the lock would not stop guessing).
    """
    user = session.get(User, user_id, with_for_update=True, populate_existing=True)
    if user is None or not user.active or (user.locked_until is not None and user.locked_until > now):
        return False
    if matched:
        user.failed_logins = 0
        user.locked_until = None
        return True
    user.failed_logins += 1
    if user.failed_logins >= MAX_FAILURES:
        user.failed_logins = 0
        user.locked_until = now + LOCK
    return False


def check_new_password(login: str, current: str, new: str, repeated: str) -> None:
    """Raise :class:`InvalidInput` naming every rule the new password breaks."""
    fields: dict[str, list[str]] = {}
    problems = []
    if len(new) < MIN_PASSWORD:
        problems.append(f"新密码至少 {MIN_PASSWORD} 位，请加长。")
    if not (any(c.isalpha() for c in new) and any(not c.isalpha() for c in new)):
        problems.append("新密码须同时含有字母和数字（或符号）。")
    if login and login.lower() in new.lower():
        problems.append("新密码不能包含登录名。")
    if new and new == current:
        problems.append("新密码不能与原密码相同。")
    if problems:
        fields["new"] = problems
    if new != repeated:
        fields["repeated"] = ["两次输入的新密码不一致，请重新输入。"]
    if fields:
        raise InvalidInput("密码没有修改，请更正下列内容。", fields)


def token_id(token: str) -> str:
    """The row id that belongs to a cookie's token."""
    return hashlib.sha256(token.encode()).hexdigest()


def open_session(session: Session, user: User | SignedIn, now: datetime, *, address: str = "", agent: str = "") -> str:
    """Create a session row for ``user`` and return the token for the cookie."""
    token = secrets.token_urlsafe(32)
    session.add(
        UserSession(
            id=token_id(token),
            district_id=user.district_id,
            user_id=user.id,
            created_at=now,
            seen_at=now,
            address=address[:64],
            agent=agent[:200],
        )
    )
    return token


def close_session(session: Session, token: str) -> None:
    """Delete the session of ``token``; unknown tokens are ignored."""
    session.execute(sa.delete(UserSession).where(UserSession.id == token_id(token)))


def close_sessions_of(session: Session, user_id: str) -> None:
    """Sign a person out everywhere, e.g. after a password change."""
    session.execute(sa.delete(UserSession).where(UserSession.user_id == user_id))


def is_live(
    created_at: datetime, seen_at: datetime, now: datetime, *, idle: timedelta, absolute: timedelta
) -> bool:  # fmt: skip
    """True while neither the idle nor the absolute limit has passed."""
    return now < created_at + absolute and now < seen_at + idle


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The person of a live session, as far as a request needs to know them."""

    id: str
    district_id: str
    login: str
    must_change_password: bool
    session_id: str
    seen_at: datetime
    actor: Actor


# Written once and run on every request.
_SIGNED_IN = Prepared(
    sa.select(
        User.id, User.district_id, User.login, User.name, User.department, User.must_change_password,
        UserSession.id, UserSession.created_at, UserSession.seen_at, UserRole.department, UserRole.role,
    )
    .join_from(UserSession, User, UserSession.user_id == User.id)
    .outerjoin(UserRole, UserRole.user_id == User.id)
    .where(UserSession.id == sa.bindparam("of_session"), User.active)
)  # fmt: skip


def user_of_session(
    connection: sa.Connection, token: str, now: datetime, *, idle: timedelta, absolute: timedelta
) -> SignedIn | None:
    """Who is signed in by a live session, with the candidate groups that decide what reaches the inbox, or None."""
    rows = _SIGNED_IN.all(connection, {"of_session": token_id(token)})
    if not rows:
        return None
    user_id, district_id, login, name, department, must_change, session_id, created_at, seen_at, *_ = rows[0]
    if not is_live(created_at, seen_at, now, idle=idle, absolute=absolute):
        return None
    groups = frozenset(f"{post}/{role}" for *_, post, role in rows if role is not None)
    actor = Actor(user_id, name, department, groups)
    return SignedIn(user_id, district_id, login, must_change, session_id, seen_at, actor)


def has_session(connection: sa.Connection, token: str) -> bool:
    """True when the session's row exists, live or not."""
    found = sa.exists().where(UserSession.id == token_id(token))
    return bool(connection.scalar(sa.select(found)))
