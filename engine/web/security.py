"""Request identity, CSRF, Content-Security-Policy and the other security headers, the limits of a request."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, g, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from engine.settings import Settings
from engine.web.cookies import SignedCookie

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def secret_key(settings: Settings) -> str:
    """The key that signs cookies: from the environment, else a private file made on first start.

    Several server processes may start at once: the file is linked into place
    complete, and whoever comes second uses the first one's key.
    """
    if settings.secret_key:
        return settings.secret_key
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    path: Path = settings.data_dir / "session.key"
    if not path.exists():
        temporary = path.with_name(f"session.key.{secrets.token_hex(8)}")
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32))
        try:
            os.link(temporary, path)
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    return path.read_text().strip()


def csp_nonce() -> str:
    """The nonce of this response; ``<script nonce="{{ csp_nonce() }}">`` is the only inline script allowed."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    nonce: str = g.csp_nonce
    return nonce


#: The same on every response, whatever made it.
_ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(self), geolocation=(self), microphone=(), payment=(), usb=()"),
)
_HTTPS_ONLY = (("Strict-Transport-Security", "max-age=31536000"),)


def _policy(scripts: str) -> str:
    """Own scripts only; inline *styles* stay allowed because bpmn-js positions shapes with them."""
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src {scripts}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


_WITHOUT_INLINE_SCRIPTS = _policy("'self'")


def content_security_policy() -> str:
    """The policy of this response; the nonce is part of it when the page asked for one."""
    nonce = g.get("csp_nonce")
    return _WITHOUT_INLINE_SCRIPTS if nonce is None else _policy(f"'self' 'nonce-{nonce}'")


def request_id() -> str:
    """An id shown on error pages and written to the log, to find one in the other."""
    known: str | None = g.get("request_id")
    if known is None:
        known = g.request_id = secrets.token_hex(6)
    return known


def install(app: Flask, settings: Settings) -> None:
    """Configure cookies and limits and add the headers to every response."""
    app.config.update(
        SECRET_KEY=secret_key(settings),
        MAX_CONTENT_LENGTH=32 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=4 * 1024 * 1024,
        MAX_FORM_PARTS=5000,
        # The token lives as long as the session it is tied to: a form left open
        # over lunch must still be accepted.
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.session_interface = SignedCookie(app.config["SECRET_KEY"], secure=settings.secure_cookies)

    @app.before_request
    def refuse_unreadable() -> None:
        """Before anything reads the form: one too large, or text with a NUL, which no database keeps."""
        asked = request._get_current_object()  # type: ignore[attr-defined]
        if asked.mimetype == "application/x-www-form-urlencoded" and (
            (asked.content_length or 0) > app.config["MAX_FORM_MEMORY_SIZE"]
        ):
            raise RequestEntityTooLarge  # werkzeug limits only the parts of multipart forms
        # One search of everything together: every submission pays for it.
        texts = [asked.path, *chain.from_iterable(chain(asked.args.listvalues(), asked.form.listvalues()))]
        texts += [file.filename or "" for file in chain.from_iterable(asked.files.listvalues())]
        if "\0" in "".join(texts):
            raise BadRequest

    # The token comes as a form field or, from htmx and fetch, as the header X-CSRFToken.
    CSRFProtect(app)
    app.jinja_env.globals["csp_nonce"] = csp_nonce

    @app.after_request
    def headers(response: Response) -> Response:
        """What depends on the request; what a view has set stays."""
        response.headers.setdefault("Content-Security-Policy", content_security_policy())
        response.headers.add("X-Request-Id", request_id())
        if g.get("actor") is not None or request.method != "GET":
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    app.wsgi_app = _with_headers(  # type: ignore[assignment,method-assign]
        app.wsgi_app, [*_ALWAYS, *(_HTTPS_ONLY if settings.secure_cookies else ())]
    )


def _with_headers(inner: WSGIApplication, always: list[tuple[str, str]]) -> WSGIApplication:
    """Headers that never differ are appended as they are; Flask would look at each of them every time."""

    def outer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *failure: Any) -> Any:
            return start_response(status, headers + always, *failure)

        return inner(environ, start)

    return outer
