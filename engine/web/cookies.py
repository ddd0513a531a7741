"""The browser's session: a few values in one cookie, as JSON under a keyed hash, written only when they changed.

The browser may read what it holds but cannot make or change one: itsdangerous signs it.  Flask's own interface writes
a date into every cookie and so sets it with every answer; whether a session still counts is decided here by the row its
token names (:mod:`engine.web.sessions`), not by a date.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
from flask import Flask, Request, Response
from flask.sessions import SecureCookieSession, SessionInterface, SessionMixin
from itsdangerous import BadSignature, Signer
from itsdangerous.encoding import base64_decode, base64_encode

NAME = "lianjian"
_SALT = "lianjian session cookie 1"
_GONE = f"{NAME}=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0"


class SignedCookie(SessionInterface):
    """Flask's session in the cookie :data:`NAME`, closed to scripts and to posts from other sites."""

    def __init__(self, secret: str, *, secure: bool) -> None:
        self._signer = Signer(secret, salt=_SALT, key_derivation="hmac", digest_method=hashlib.sha256)
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
        """The cookie's text: the values in URL-safe base64 and the signature over them."""
        return self._signer.sign(base64_encode(orjson.dumps(dict(values)))).decode()

    def opened(self, text: str) -> dict[str, Any]:
        """The values of a cookie's text; none when this installation did not make it."""
        try:
            values: dict[str, Any] = orjson.loads(base64_decode(self._signer.unsign(text)))
        except (BadSignature, UnicodeEncodeError):
            return {}
        return values
