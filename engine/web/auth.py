"""Signing in and out and changing one's password.  Works without JavaScript."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import validate_csrf
from itsdangerous import BadData, URLSafeSerializer
from wtforms import ValidationError

from engine import accounts
from engine.errors import InvalidInput
from engine.models import User
from engine.web import sessions
from engine.web.context import DemoLogin, actor, actor_or_none, database, now, settings, shell
from engine.web.guards import public, signed_in

blueprint = Blueprint("auth", __name__)

#: One text for a wrong password, an unknown login and a locked account: whoever guesses learns nothing.
REFUSED = "登录名或密码不正确，或账号已暂时锁定（连续输错 5 次锁定 15 分钟）。请核对后重试，或联系系统管理员。"
#: Larger submissions are not carried over a new sign-in; the saved draft still has them.
MAX_KEPT = 200_000


def local_path(target: str | None) -> str:
    """``target`` when it is a path on this server, else the empty string (no open redirect)."""
    if not target or not target.startswith("/") or target.startswith("//") or "\\" in target:
        return ""
    if any(ord(c) < 32 for c in target):
        return ""
    parts = urlsplit(target)
    return "" if parts.scheme or parts.netloc else target


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.config["SECRET_KEY"]), salt="kept-form")


def sign_in_page(
    *, status: int = 200, problem: str = "", info: str = "", login: str = "", target: str = "", kept: str = ""
) -> ResponseReturnValue:
    page = render_template(
        "sign_in.html",
        problem=problem,
        info=info,
        login=login,
        target=local_path(target),
        kept=kept,
        demo_logins=_demo_logins() if settings().demo else {},
    )
    return page, status


def _demo_logins() -> dict[str, list[DemoLogin]]:
    """Demo accounts in the order to show them: the lead's and those of no one department ("") open, others folded."""
    found: dict[str, list[DemoLogin]] = {"": []}
    for row in shell().demo_logins:
        folded = "-" in row["login"] and row["department"] != shell().demo_logins[0]["department"]
        found.setdefault(row["department"] if folded else "", []).append(row)
    return found


def keep_submission() -> str:
    """The form a person just sent with an expired session, sealed for after the new sign-in.

    Kept only when it demonstrably came from our own page for the same person:
    the CSRF token matches the cookie, which also names who was signed in.
    """
    if request.method != "POST" or request.blueprint == "auth" or not session.get(sessions.LAST_USER):
        return ""  # forms of this module hold passwords
    try:
        validate_csrf(request.form.get("csrf_token"))
    except ValidationError:
        return ""
    fields = [(name, value) for name, value in request.form.items(multi=True) if name != "csrf_token"]
    if sum(len(name) + len(value) for name, value in fields) > MAX_KEPT:
        return ""
    return str(_serializer().dumps({"user": session[sessions.LAST_USER], "path": request.full_path, "fields": fields}))


def opened_submission(sealed: str, user_id: str) -> dict[str, Any] | None:
    """The kept form, when it is ours and belongs to ``user_id``."""
    if not sealed:
        return None
    try:
        kept: dict[str, Any] = _serializer().loads(sealed)
    except BadData:
        return None
    return kept if kept["user"] == user_id and local_path(kept["path"]) else None


@blueprint.get("/sign-in")
@public
def sign_in() -> ResponseReturnValue:
    target = local_path(request.args.get("next"))
    if actor_or_none() is not None:
        return redirect(target or url_for("home.index"))
    return sign_in_page(
        target=target,
        info="您已退出登录。" if request.args.get("bye") else "",
        login=request.args.get("login", "") if settings().demo else "",
    )


@blueprint.post("/sign-in")
@public
def sign_in_submit() -> ResponseReturnValue:
    login = request.form.get("login", "").strip()
    password = request.form.get("password", "")
    target = local_path(request.form.get("next"))
    sealed = request.form.get("kept", "")
    if not login or not password:
        return sign_in_page(status=422, problem="请输入登录名和密码。", login=login, target=target, kept=sealed)
    user = _admitted(login, password)
    if user is None:
        return sign_in_page(status=422, problem=REFUSED, login=login, target=target, kept=sealed)
    sessions.start(user)
    if user.must_change_password:
        return redirect(url_for("auth.password", next=target or None), 303)
    kept = opened_submission(sealed, user.id)
    if kept is not None:
        return render_template("resume.html", path=kept["path"], fields=kept["fields"])
    return redirect(target or url_for("home.index"), 303)


def _admitted(login: str, password: str) -> User | None:
    """The user who may enter, or None; the slow hash runs outside any write transaction."""
    with database().read() as db:
        user = accounts.find_user(db, settings().district_id, login)
    matched = accounts.password_matches(user.password_hash if user else None, password)
    if user is None:
        return None
    with database().write() as db:
        return user if accounts.admit(db, user.id, matched, now()) else None


@blueprint.post("/sign-out")
@public
def sign_out() -> ResponseReturnValue:
    """Public, so that signing out of an expired session is no error."""
    sessions.forget()
    return redirect(url_for("auth.sign_in", bye=1), 303)


@blueprint.get("/account/password")
@signed_in
def password() -> ResponseReturnValue:
    return _password_page(done=bool(request.args.get("done")))


def _password_page(*, errors: dict[str, list[str]] | None = None, done: bool = False) -> str:
    user: accounts.SignedIn = g.user
    return render_template("password.html", errors=errors or {}, done=done, required=user.must_change_password)


@blueprint.post("/account/password")
@signed_in
def change_password() -> ResponseReturnValue:
    """Store the new password and sign out every other browser of this person.

    Whoever had to change it goes on to the page they asked for.
    """
    current, new = request.form.get("current", ""), request.form.get("new", "")
    user: accounts.SignedIn = g.user
    with database().read() as db:
        known = db.get_one(User, user.id).password_hash
    try:
        if not accounts.password_matches(known, current):
            _count_failure(user)
            raise InvalidInput("密码没有修改，请更正下列内容。", {"current": ["原密码不正确，请重新输入。"]})
        accounts.check_new_password(user.login, current, new, request.form.get("repeated", ""))
    except InvalidInput as error:
        return _password_page(errors=error.fields), 422
    hashed = accounts.hash_password(new)
    with database().write() as db:
        row = db.get_one(User, actor().user_id)
        row.password_hash = hashed
        row.password_changed_at = now()
        row.must_change_password = False
        accounts.close_sessions_of(db, row.id)
    sessions.start(user)
    if user.must_change_password:
        flash("密码已修改。", "success")
        return redirect(local_path(request.args.get("next")) or url_for("home.index"), 303)
    return redirect(url_for("auth.password", done=1), 303)


def _count_failure(user: accounts.SignedIn) -> None:
    """Wrong current passwords count like failed sign-ins; a lock also ends the open sessions."""
    with database().write() as db:
        accounts.admit(db, user.id, False, now())
        row = db.get_one(User, user.id)
        if row.locked_until is not None and row.locked_until > now():
            accounts.close_sessions_of(db, user.id)
