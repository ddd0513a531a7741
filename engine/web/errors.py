"""One mapping of errors to answers: a Chinese page for people, JSON for programs.

JSON is sent below ``/api`` and to clients that prefer ``application/json``; its
body is always ``{"code", "message", "details"}``.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from flask import Flask, current_app, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from engine.errors import InvalidInput, LianjianError, NotSignedIn, PasswordChangeRequired
from engine.web import auth
from engine.web.security import request_id

log = logging.getLogger(__name__)

#: Headings of the error page by status.
TITLES = {
    400: "请求无法处理",
    401: "请先登录",
    403: "没有权限",
    404: "没有找到",
    405: "不支持的操作",
    409: "已被他人先行处理",
    413: "文件过大",
    422: "内容需要更正",
    429: "操作过于频繁",
    500: "系统出错",
}
#: What to do about an error that Flask itself raises.
REMEDIES = {
    400: "请求的内容不完整或格式不正确，请返回上一页刷新后重试。",
    403: "您没有权限查看该页面；如需使用，请联系系统管理员授权。",
    404: "该页面不存在或已移动，请核对地址，或返回首页重新进入。",
    405: "该地址不支持这种操作，请从页面上的按钮或链接进入。",
    413: "上传内容超过 {limit} MB，没有保存。请压缩图片或分次上传。",
    500: "系统发生未预期的错误，本次操作没有保存。请稍后重试；如仍出现，请把下方编号告诉系统管理员。",
}
#: ``code`` of an error that Flask itself raises.
CODES = {403: "forbidden", 404: "not_found", 405: "method_not_allowed", 413: "too_large", 500: "internal"}
CSRF_REMEDY = "页面已过期或登录状态已变化，内容没有提交。请返回上一页，刷新后重新提交。"


def wants_json() -> bool:
    """True below /api and when the client prefers JSON to HTML."""
    if request.path.startswith("/api/"):
        return True
    accept = request.accept_mimetypes
    return accept.best_match(["text/html", "application/json"], "text/html") == "application/json"


def answer(status: int, code: str, message: str, details: Mapping[str, object] | None = None) -> ResponseReturnValue:
    """The error as JSON or as a page."""
    if wants_json():
        body = {"code": code, "message": message, "details": {**(details or {}), "request_id": request_id()}}
        return jsonify(body), status
    # A fragment for htmx goes to the top of the page, so what was typed below it stays.
    fragment = request.headers.get("HX-Request") == "true"
    response = make_response(
        render_template(
            "error_fragment.html" if fragment else "error.html",
            status=status,
            title=TITLES.get(status, TITLES[400]),
            message=message,
            details=details or {},
            request_id=request_id(),
        ),
        status,
    )
    if fragment:
        response.headers["HX-Retarget"] = "#messages"
        response.headers["HX-Reswap"] = "innerHTML"
    return response


def _not_signed_in(error: NotSignedIn) -> ResponseReturnValue:
    if wants_json():
        return answer(error.status, error.code, error.message)
    if request.headers.get("HX-Request") == "true":
        response = make_response("", 401)
        response.headers["HX-Redirect"] = url_for("auth.sign_in")
        return response
    if request.method in {"GET", "HEAD"}:
        target = request.full_path.rstrip("?")
        return redirect(url_for("auth.sign_in", next=target if target != "/" else None))
    kept = auth.keep_submission()
    info = "登录已过期。您填写的内容已保留，重新登录后可继续提交。" if kept else "登录已过期，请重新登录。"
    return auth.sign_in_page(status=401, info=info, kept=kept)


def _password_first(error: PasswordChangeRequired) -> ResponseReturnValue:
    """Lead to the page where the password is changed, and from there to what was asked for."""
    if wants_json():
        return answer(error.status, error.code, error.message)
    if request.headers.get("HX-Request") == "true":
        response = make_response("", 403)
        response.headers["HX-Redirect"] = url_for("auth.password")
        return response
    target = request.full_path.rstrip("?") if request.method in {"GET", "HEAD"} else "/"
    return redirect(url_for("auth.password", next=target if target != "/" else None), 303)


def _expected(error: LianjianError) -> ResponseReturnValue:
    if isinstance(error, NotSignedIn):
        return _not_signed_in(error)
    if isinstance(error, PasswordChangeRequired):
        return _password_first(error)
    if error.status >= 500:
        log.error("request %s failed: %s", request_id(), error, exc_info=error)
    details = {"fields": error.fields} if isinstance(error, InvalidInput) else error.details
    return answer(error.status, error.code, error.message, details)


def _http(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None:
        return error.response
    status = error.code or 500
    if isinstance(error, CSRFError):
        return answer(status, "csrf", CSRF_REMEDY)
    limit = current_app.config["MAX_CONTENT_LENGTH"] // (1024 * 1024)
    message = REMEDIES.get(status, REMEDIES[400]).format(limit=limit)
    return answer(status, CODES.get(status, "bad_request"), message)


def _unexpected(error: Exception) -> ResponseReturnValue:
    log.exception("request %s failed", request_id(), exc_info=error)
    return answer(500, "internal", REMEDIES[500])


def install(app: Flask) -> None:
    app.register_error_handler(LianjianError, _expected)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)
