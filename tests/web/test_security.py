"""CSRF, Content-Security-Policy, cookies, static files and the signing key."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import Any

import pytest

from engine.settings import Settings
from engine.web import assets
from engine.web.security import secret_key


@pytest.fixture
def sample(make_web: Any) -> Any:
    made = make_web(modules=["tests.web.sample_pages"])
    made.user("zhang", "承办人")
    return made


def policy(response: Any) -> dict[str, str]:
    parts = response.headers["Content-Security-Policy"].split("; ")
    return dict(part.split(" ", 1) for part in parts)


def test_a_post_without_the_token_is_refused_and_says_what_to_do(sample: Any) -> None:
    client = sample.sign_in("zhang")
    response = client.post("/sample/form", data={"note": "x"})
    assert response.status_code == 400
    assert "内容没有提交" in response.text


def test_a_token_of_another_session_is_refused(sample: Any) -> None:
    client = sample.sign_in("zhang")
    foreign = sample.token(sample.client().get("/sign-in"))
    assert client.post("/sample/form", data={"csrf_token": foreign}).status_code == 400


def test_the_token_may_come_as_a_header(sample: Any) -> None:
    client = sample.sign_in("zhang")
    token = sample.token(client.get("/sample/form"))
    assert client.post("/sample/form", headers={"X-CSRFToken": token}).status_code == 200


def test_a_form_left_open_for_hours_is_still_accepted(sample: Any) -> None:
    client = sample.sign_in("zhang")
    token = sample.token(client.get("/sample/form"))
    for _ in range(4):
        sample.clock.advance(minutes=50)
        client.get("/sample/form")
    assert client.post("/sample/form", data={"csrf_token": token}).status_code == 200


def test_even_signing_in_needs_the_token(sample: Any) -> None:
    response = sample.client().post("/sign-in", data={"login": "zhang", "password": "a-long-word-2026"})
    assert response.status_code == 400


def test_scripts_run_only_from_this_server_or_with_the_nonce_of_this_answer(sample: Any) -> None:
    client = sample.sign_in("zhang")
    first, second = client.get("/sample/form"), client.get("/sample/form")
    nonce = re.search(r'<script nonce="([^"]+)">', first.text)
    assert nonce and policy(first)["script-src"] == f"'self' 'nonce-{nonce[1]}'"
    assert policy(first)["script-src"] != policy(second)["script-src"]
    assert policy(first)["object-src"] == "'none'"
    assert policy(first)["frame-ancestors"] == "'none'"


def test_no_page_has_an_inline_handler_or_a_foreign_address() -> None:
    for path in (Path(assets.STATIC).parent / "templates").rglob("*.html"):
        text = path.read_text()
        assert not re.search(r"\son[a-z]+=", text), path.name
        assert not re.search(r"(?:src|href)=[\"']https?:", text), path.name
        # Only a literal attribute may be marked safe, never a value.
        assert "|safe" not in re.sub(r"'class=\"[\w-]+\"'\|safe", "", text.replace(" ", "")), path.name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
    ],
)
def test_every_answer_carries_the_header(sample: Any, name: str, value: str) -> None:
    client = sample.client()
    for path in ("/sign-in", "/nothing-here", "/sample/raise/defect", "/health"):
        assert client.get(path).headers[name] == value


def test_pages_of_a_signed_in_person_are_not_stored(sample: Any) -> None:
    assert sample.sign_in("zhang").get("/sample/form").headers["Cache-Control"] == "no-store"


def test_cookies_are_secure_and_https_is_remembered_when_told_so(make_web: Any) -> None:
    response = make_web(secure_cookies=True).client().get("/sign-in", base_url="https://localhost")
    assert "Secure" in response.headers["Set-Cookie"]
    assert "max-age" in response.headers["Strict-Transport-Security"]


def test_hashed_files_are_kept_for_a_year_and_sent_compressed(web: Any) -> None:
    url = assets.Manifest().url("app.js")
    assert assets.is_hashed(url)
    response = web.client().get(url, headers={"Accept-Encoding": "gzip"})
    assert "immutable" in response.headers["Cache-Control"]
    assert response.headers["Content-Encoding"] == "gzip"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" not in web.client().get("/static/icon.svg").headers["Cache-Control"]


def test_files_beside_the_static_folder_cannot_be_read(web: Any) -> None:
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py"):
        assert web.client().get(path).status_code == 404


def test_the_signing_key_is_made_once_and_private(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "var")
    key = secret_key(settings)
    assert len(key) == 64 and secret_key(settings) == key
    assert stat.S_IMODE((tmp_path / "var" / "session.key").stat().st_mode) == 0o600
    assert list((tmp_path / "var").iterdir()) == [tmp_path / "var" / "session.key"]


def test_a_key_from_the_environment_wins(tmp_path: Path) -> None:
    assert secret_key(Settings(data_dir=tmp_path / "var", secret_key="given")) == "given"
    assert not (tmp_path / "var").exists()
