"""Posts are taken only from our own pages: every form carries a token that belongs to the browser's session.

The session keeps a secret; a page shows it under a mask drawn anew for each page, so that what a
compressed answer's length tells is worth nothing.  Over HTTPS the Referer must be ours as well.
"""

from __future__ import annotations

import hmac
import secrets
from urllib.parse import urlsplit

from flask import Flask, g, request, session
from werkzeug.exceptions import BadRequest

FIELD = "csrf_token"
#: htmx and fetch send the token here.
HEADER = "X-CSRFToken"
#: Where the session keeps the secret, in hexadecimal.
SECRET = "csrf"
_BYTES = 16
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class ForeignPost(BadRequest):
    """The post does not come from a page of this session."""


def csrf_token() -> str:
    """The token for this page's forms."""
    if "csrf_token" not in g:
        if SECRET not in session:
            session[SECRET] = secrets.token_hex(_BYTES)
        mask = secrets.token_bytes(_BYTES)
        g.csrf_token = (mask + _masked(bytes.fromhex(session[SECRET]), mask)).hex()
    token: str = g.csrf_token
    return token


def is_ours(token: str | None) -> bool:
    """True when ``token`` was shown on a page of this session."""
    known = session.get(SECRET)
    if not known or not token or len(token) != 4 * _BYTES:
        return False
    try:
        raw = bytes.fromhex(token)
    except ValueError:
        return False
    return len(raw) == 2 * _BYTES and hmac.compare_digest(_masked(raw[:_BYTES], raw[_BYTES:]), bytes.fromhex(known))


def _masked(value: bytes, mask: bytes) -> bytes:
    return (int.from_bytes(value) ^ int.from_bytes(mask)).to_bytes(_BYTES)


def install(app: Flask) -> None:
    """Refuse what changes something and does not come from us; must be installed after guards."""
    app.jinja_env.globals["csrf_token"] = csrf_token

    @app.before_request
    def refuse_foreign_posts() -> None:
        if request.method in _SAFE or request.endpoint is None:
            return
        if not is_ours(request.form.get(FIELD) or request.headers.get(HEADER)):
            raise ForeignPost
        if request.is_secure and not _is_from_here(request.referrer):
            raise ForeignPost


def _is_from_here(referrer: str | None) -> bool:
    there, here = urlsplit(referrer or ""), urlsplit(request.host_url)
    return (there.scheme, there.hostname, there.port) == (here.scheme, here.hostname, here.port)
