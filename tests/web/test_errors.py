"""Every error becomes a Chinese page or JSON with a stable code."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from engine.web import errors
from tests.web.sample_pages import RAISED

EXPECTED = [
    ("conflict", 409, "conflict"), ("forbidden", 403, "forbidden"), ("not-found", 404, "not_found"),
    ("invalid", 422, "invalid_input"), ("refused", 422, "model_refused"),
    ("unreadable", 500, "state_unreadable"),
]  # fmt: skip


@pytest.fixture
def client(make_web: Any) -> Any:
    return make_web(modules=["tests.web.sample_pages"]).client()


@pytest.mark.parametrize(("name", "status", "code"), EXPECTED)
def test_an_expected_error_is_a_page_with_its_remedy(client: Any, name: str, status: int, code: str) -> None:
    response = client.get(f"/sample/raise/{name}")
    assert response.status_code == status
    assert RAISED[name].args[0] in response.text
    assert response.mimetype == "text/html"


@pytest.mark.parametrize(("name", "status", "code"), EXPECTED)
def test_below_api_and_for_json_clients_it_is_json(client: Any, name: str, status: int, code: str) -> None:
    for response in (
        client.get(f"/api/sample/raise/{name}"),
        client.get(f"/sample/raise/{name}", headers={"Accept": "application/json"}),
    ):
        assert response.status_code == status
        assert set(response.json) == {"code", "message", "details"}
        assert (response.json["code"], response.json["message"]) == (code, RAISED[name].args[0])
        assert response.json["details"]["request_id"] == response.headers["X-Request-Id"]


def test_details_reach_people_too(client: Any) -> None:
    assert "请填写“名称”。" in client.get("/sample/raise/invalid").text
    assert "缺少出口（连线）" in client.get("/sample/raise/refused").text


def test_invalid_fields_are_in_the_json(client: Any) -> None:
    assert client.get("/api/sample/raise/invalid").json["details"]["fields"] == {"name": ["请填写“名称”。"]}


def test_a_defect_tells_its_number_and_nothing_else(
    client: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Tools used by other tests (import-linter, alembic) switch off loggers that exist already.
    monkeypatch.setattr(errors.log, "disabled", False)
    with caplog.at_level(logging.ERROR):
        response = client.get("/sample/raise/defect")
    number = response.headers["X-Request-Id"]
    assert response.status_code == 500
    assert number in response.text and number in caplog.text
    assert "secret detail" not in response.text and "secret detail" in caplog.text


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "/nothing", 404, "没有找到"),
        ("POST", "/health", 405, "不支持的操作"),
        ("GET", "/api/nothing", 404, "不存在"),
    ],
)
def test_what_flask_refuses_is_said_in_chinese(client: Any, method: str, path: str, status: int, words: str) -> None:
    response = client.open(path, method=method)
    assert response.status_code == status
    assert words in (response.json["message"] if path.startswith("/api/") else response.text)


def test_a_file_that_is_too_large_is_refused_with_the_limit(make_web: Any) -> None:
    web = make_web(modules=["tests.web.sample_pages"])
    web.user("zhang", "承办人")
    web.app.config["MAX_CONTENT_LENGTH"] = 1024 * 1024
    client = web.sign_in("zhang")
    token = web.token(client.get("/sample/form"))
    big = {"csrf_token": token, "note": "x" * 1_100_000}
    response = client.post("/sample/form", data=big, headers={"X-CSRFToken": token})
    assert response.status_code == 413
    assert "超过 1 MB" in response.text


def test_an_htmx_request_gets_a_fragment_above_what_was_typed(client: Any) -> None:
    response = client.get("/sample/raise/conflict", headers={"HX-Request": "true"})
    assert response.headers["HX-Retarget"] == "#messages"
    assert "<html" not in response.text and "另一位工作人员已先提交" in response.text


def test_an_htmx_request_without_a_session_goes_to_sign_in(client: Any) -> None:
    response = client.get("/sample/form", headers={"HX-Request": "true"})
    assert (response.status_code, response.headers["HX-Redirect"]) == (401, "/sign-in")


def test_an_api_request_without_a_session_is_401_and_not_a_page(client: Any) -> None:
    response = client.get("/sample/form", headers={"Accept": "application/json"})
    assert (response.status_code, response.json["code"]) == (401, "not_signed_in")
