"""Posts from elsewhere: what the token must be, and what HTTPS asks for besides."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def sample(make_web: Any) -> Any:
    made = make_web(modules=["tests.web.sample_pages"])
    made.user("zhang", "承办人")
    return made


def post(client: Any, token: str, **options: Any) -> int:
    return int(client.post("/sample/form", data={"csrf_token": token}, **options).status_code)


def test_every_token_of_the_session_counts(sample: Any) -> None:
    client = sample.sign_in("zhang")
    tokens = [sample.token(client.get("/sample/form")) for _ in range(3)]
    assert [post(client, token) for token in tokens] == [200, 200, 200]


def test_a_token_is_worthless_after_the_next_sign_in(sample: Any) -> None:
    client = sample.sign_in("zhang")
    token = sample.token(client.get("/sample/form"))
    sample.submit(client, "/sign-out", {}, "/sample/form")
    sample.submit(client, "/sign-in", {"login": "zhang", "password": "a-long-word-2026"})
    assert post(client, token) == 400


@pytest.mark.parametrize("spoil", ["", "0", "00" * 32, "zz" * 32, " 0" * 32, "０" * 64], ids=range(6))
def test_what_is_no_token_of_this_session_is_refused(sample: Any, spoil: str) -> None:
    client = sample.sign_in("zhang")
    sample.token(client.get("/sample/form"))
    assert post(client, spoil) == 400


@pytest.mark.parametrize(
    ("referrer", "status"),
    [
        ("https://localhost/sample/form", 200),
        ("https://localhost:444/sample/form", 400),
        ("http://localhost/sample/form", 400),
        ("https://localhost.evil.example/", 400),
        (None, 400),
    ],
)
def test_over_https_the_referer_must_be_ours(make_web: Any, referrer: str | None, status: int) -> None:
    made = make_web(modules=["tests.web.sample_pages"], secure_cookies=True)
    made.user("zhang", "承办人")
    client = made.client()
    options: dict[str, Any] = {"base_url": "https://localhost", "headers": {"Referer": referrer} if referrer else {}}
    ours: dict[str, Any] = {"base_url": "https://localhost", "headers": {"Referer": "https://localhost/sign-in"}}
    token = made.token(client.get("/sign-in", **ours))
    data = {"csrf_token": token, "login": "zhang", "password": "a-long-word-2026"}
    assert client.post("/sign-in", data=data, **ours).status_code == 303
    token = made.token(client.get("/sample/form", **ours))
    assert post(client, token, **options) == status
