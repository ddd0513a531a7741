"""The session cookie: nobody but this installation makes one, and it is set only when something changed."""

from __future__ import annotations

from typing import Any

import pytest

from engine.web.cookies import NAME, SignedCookie

COOKIES = SignedCookie("one secret", secure=False)
VALUES = {"token": "t" * 43, "uid": "一位", "list": [["success", "已保存"]]}


def test_what_was_sealed_is_what_is_opened() -> None:
    assert COOKIES.opened(COOKIES.sealed(VALUES)) == VALUES


def test_another_installation_does_not_open_it() -> None:
    assert SignedCookie("another secret", secure=False).opened(COOKIES.sealed(VALUES)) == {}


def test_every_changed_character_makes_it_worthless() -> None:
    text = COOKIES.sealed(VALUES)
    for place, letter in enumerate(text[:-1]):  # the last digit holds bits of nothing
        other = "A" if letter != "A" else "B"
        assert COOKIES.opened(text[:place] + other + text[place + 1 :]) == {}, place


@pytest.mark.parametrize(
    "text", ["", ".", "a.", ".a", "x", "中.文", "e30.", "\udcff.x".encode(errors="replace").decode()]
)
def test_anything_else_opens_as_nothing(text: str) -> None:
    assert COOKIES.opened(text) == {}


def test_a_stranger_with_a_made_up_cookie_is_simply_not_signed_in(web: Any) -> None:
    client = web.sign_in("zhang")
    mine = client.get_cookie(NAME).value
    for text in (mine[:-2], mine[1:], "", "a.b", "%00", mine.partition(".")[2] * 3):
        thief = web.client()
        thief.set_cookie(NAME, text)
        assert thief.get("/account/password").status_code == 302, text
    assert client.get("/account/password").status_code == 200


def test_the_cookie_is_set_when_something_changed_and_not_otherwise(web: Any) -> None:
    client = web.sign_in("zhang")
    assert "Set-Cookie" in client.get("/account/password").headers, "the secret behind the first form's token"
    again = client.get("/account/password")
    assert "Set-Cookie" not in again.headers
    assert "Cookie" in again.headers["Vary"]


def test_signing_out_takes_the_cookie_away(web: Any) -> None:
    client = web.sign_in("zhang")
    gone = web.submit(client, "/sign-out", {}, "/account/password").headers["Set-Cookie"]
    assert gone.startswith(f"{NAME}=;") and "Max-Age=0" in gone and "HttpOnly" in gone


def test_over_https_the_cookie_never_leaves_it(make_web: Any) -> None:
    page = make_web(secure_cookies=True).client().get("/sign-in", base_url="https://localhost")
    assert page.headers["Set-Cookie"].endswith("; HttpOnly; Path=/; SameSite=Lax; Secure")
