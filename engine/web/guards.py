"""Who may call a view.  Every view declares it; the application refuses to start when one does not.

``@public`` – anybody; ``@signed_in`` – anybody with a session;
``@requires_role("系统管理员", …)`` – somebody holding one of the roles in any
department.  The decorators only mark the function, so their order relative to
``@blueprint.get`` does not matter; :func:`install` enforces the mark before the
view runs.  It also keeps whoever still has an initial password on the page where it
is changed.  What *rows* a person may see is decided by :mod:`engine.scope`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, g, request

from engine.errors import Forbidden, LianjianError, NotSignedIn, PasswordChangeRequired
from engine.web.context import actor_or_none

View = TypeVar("View", bound=Callable[..., Any])
_MARK = "lianjian_guard"
#: All that somebody may do who still has the password an administrator handed out.
CHANGING_PASSWORD = frozenset({"auth.password", "auth.change_password"})


@dataclass(frozen=True, slots=True)
class Guard:
    """``kind`` is public, signed_in or role; ``roles`` are the roles of which one is needed."""

    kind: str
    roles: frozenset[str] = frozenset()


class UnguardedRoute(LianjianError):
    """A view does not say who may call it; the message lists all of them."""

    code = "unguarded_route"
    status = 500


def _mark(view: View, guard: Guard) -> View:
    if guard_of(view) is not None:
        raise UnguardedRoute(f"视图 {view.__module__}.{view.__qualname__} 声明了两次访问权限，请只保留一个。")
    setattr(view, _MARK, guard)
    return view


def public(view: View) -> View:
    """Anybody may call the view, with or without a session."""
    return _mark(view, Guard("public"))


def signed_in(view: View) -> View:
    """Anybody with a valid session may call the view."""
    return _mark(view, Guard("signed_in"))


def requires_role(*roles: str) -> Callable[[View], View]:
    """Somebody who holds one of ``roles`` in any department may call the view."""
    if not roles:
        raise UnguardedRoute("requires_role 至少需要一个角色。")
    return lambda view: _mark(view, Guard("role", frozenset(roles)))


def guard_of(view: Any) -> Guard | None:
    found: Guard | None = getattr(view, _MARK, None)
    return found


def check_routes(app: Flask) -> None:
    """Raise :class:`UnguardedRoute` naming every endpoint without a guard."""
    bare = sorted(
        f"{rule.endpoint} ({rule.rule})"
        for rule in app.url_map.iter_rules()
        if guard_of(app.view_functions.get(rule.endpoint)) is None
    )
    if bare:
        raise UnguardedRoute("以下路由没有声明访问权限（@public、@signed_in 或 @requires_role）：" + "，".join(bare))


def install(app: Flask) -> None:
    """Enforce guards before every view; must be installed after the session is loaded."""

    @app.before_request
    def enforce() -> None:
        endpoint = request.endpoint
        if endpoint is None:
            return  # 404 and 405 are answered by Flask itself
        guard = guard_of(app.view_functions.get(endpoint))
        if guard is None:  # a route added after start-up; closed rather than open
            raise Forbidden("该页面没有声明访问权限，已拒绝访问。")
        if guard.kind == "public":
            return
        person = actor_or_none()
        if person is None:
            raise NotSignedIn("请先登录。")
        if g.user.must_change_password and endpoint not in CHANGING_PASSWORD:
            raise PasswordChangeRequired("请先修改密码：现用的是初始密码或由系统管理员重置的密码。")
        if guard.kind == "role" and not person.roles & guard.roles:
            raise Forbidden(f"该页面仅供{'、'.join(sorted(guard.roles))}使用；如需使用，请联系系统管理员授权。")
