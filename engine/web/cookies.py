"""The browser's session: a few values in one cookie, as JSON under a keyed hash, written only when they changed.

The browser may read what it holds but cannot make or change one: it carries HMAC-SHA256 under a key derived from
the installation's.  Whether a session still counts is decided by the row its token names (:mod:`engine.web.sessions`).
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import orjson
from flask import Flask, Request, Response
from flask.sessions import SecureCookieSession, SessionInterface, SessionMixin

NAME = "lianjian"
_PURPOSE = b"lianjian session cookie 1\0"
_GONE = f"{NAME}=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0"


class SignedCookie(SessionInterface):
    """Flask's session in the cookie :data:`NAME`, closed to scripts and to posts from other sites."""

    def __init__(self, secret: str, *, secure: bool) -> None:
        self._key = sha256(_PURPOSE + secret.encode()).digest()
        self._flags = "; HttpOnly; Path=/; SameSite=Lax" + ("; Secure" if secure else "")

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession:
        return SecureCookieSession(self.opened(request.cookies.get(NAME, "")))

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Set the cookie when a value changed, remove it when none is left."""
        if session:
            if session.modified:
                response.headers.add("Set-Cookie", f"{NAME}={self.sealed(session)}{self._flags}")
        elif session.modified:
            response.headers.add("Set-Cookie", _GONE + self._flags)
        response.headers.add("Vary", "Cookie")

    def sealed(self, values: Mapping[str, Any]) -> str:
        """The cookie's text: the values and the HMAC over them, both in URL-safe base64."""
        payload = urlsafe_b64encode(orjson.dumps(dict(values)))
        return f"{payload.decode()}.{self._mark(payload).decode()}"

    def opened(self, text: str) -> dict[str, Any]:
        """The values of a cookie's text; none when this installation did not make it."""
        payload, _, mark = text.encode().rpartition(b".")
        if not payload or not hmac.compare_digest(mark, self._mark(payload)):
            return {}
        values: dict[str, Any] = orjson.loads(urlsafe_b64decode(payload))
        return values

    def _mark(self, payload: bytes) -> bytes:
        return urlsafe_b64encode(hmac.digest(self._key, payload, "sha256"))
