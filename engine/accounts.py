"""Accounts of the people who sign in: passwords, lockout, sessions and the Actor they become.

Passwords are kept as argon2id hashes.  A session is a row (:class:`UserSession`)
whose id is the SHA-256 of the token in the browser's cookie: reading the
database does not give anybody a session, and deleting the row signs out.
All functions take the session and the time; they never commit.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from functools import lru_cache

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.errors import InvalidInput
from engine.models import User, UserRole, UserSession

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


def open_session(session: Session, user: User, now: datetime, *, address: str = "", agent: str = "") -> str:
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


def is_live(row: UserSession, now: datetime, *, idle: timedelta, absolute: timedelta) -> bool:
    """True while neither the idle nor the absolute limit has passed."""
    return now < row.created_at + absolute and now < row.seen_at + idle


def user_of_session(
    session: Session, token: str, now: datetime, *, idle: timedelta, absolute: timedelta
) -> tuple[User, UserSession] | None:
    """The active user and row of a live session, or None."""
    found = session.execute(
        sa.select(User, UserSession).join(UserSession, UserSession.user_id == User.id)
        .where(UserSession.id == token_id(token))
    ).one_or_none()  # fmt: skip
    if found is None:
        return None
    user, row = found
    if not user.active or not is_live(row, now, idle=idle, absolute=absolute):
        return None
    return user, row


def actor_of(session: Session, user: User) -> Actor:
    """The :class:`Actor` of a user, with the candidate groups that decide what reaches the inbox."""
    rows = session.execute(sa.select(UserRole.department, UserRole.role).where(UserRole.user_id == user.id))
    return Actor(
        user_id=user.id,
        name=user.name,
        department=user.department,
        groups=frozenset(f"{department}/{role}" for department, role in rows),
    )
