"""Whoever still has a password an administrator handed out changes it before anything else."""

from __future__ import annotations

from typing import Any

import pytest

from engine.models import User

NEW = {"current": "a-long-word-2026", "new": "another-word-2027", "repeated": "another-word-2027"}


@pytest.fixture
def new_person(web: Any) -> Any:
    """A browser signed in with an initial password."""
    web.user("new", "承办人", name="李新", must_change_password=True)
    return web.sign_in("new")


def test_signing_in_leads_to_the_password_page_which_says_why(web: Any) -> None:
    web.user("new", "承办人", must_change_password=True)
    client = web.client()
    credentials = {"login": "new", "password": "a-long-word-2026", "next": "/inbox"}
    response = web.submit(client, "/sign-in", credentials)
    assert (response.status_code, response.location) == (303, "/account/password?next=/inbox")
    assert "请先修改密码" in client.get(response.location).text


@pytest.mark.parametrize("path", ["/inbox", "/campaigns", "/admin/users"])
def test_every_other_page_leads_there_too(new_person: Any, path: str) -> None:
    response = new_person.get(path)
    assert response.status_code == 303
    assert response.location.startswith("/account/password")


def test_nothing_can_be_submitted_and_programs_get_a_code(web: Any, new_person: Any) -> None:
    token = web.token(new_person.get("/account/password"))
    posted = new_person.post("/inbox", data={"csrf_token": token})
    assert posted.status_code in {303, 405}
    answer = new_person.get("/inbox", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json["code"]) == (403, "password_change_required")
    fragment = new_person.get("/inbox", headers={"HX-Request": "true"})
    assert fragment.headers["HX-Redirect"] == "/account/password"


def test_after_the_change_the_page_asked_for_opens(web: Any, new_person: Any) -> None:
    page = "/account/password?next=/inbox"
    refused = web.submit(new_person, page, {**NEW, "new": NEW["current"], "repeated": NEW["current"]})
    assert refused.status_code == 422 and "不能与原密码相同" in refused.text
    response = web.submit(new_person, page, NEW)
    assert (response.status_code, response.location) == (303, "/inbox")
    assert new_person.get("/inbox").status_code == 200
    with web.database.read() as session:
        user = session.query(User).filter_by(login="new").one()
        assert not user.must_change_password
    assert web.sign_in("new", NEW["new"]).get("/inbox").status_code == 200


def test_a_foreign_address_to_go_on_to_is_ignored(web: Any, new_person: Any) -> None:
    response = web.submit(new_person, "/account/password?next=//evil.example", NEW)
    assert response.location == "/"


def test_signing_out_and_public_pages_stay_possible(web: Any, new_person: Any) -> None:
    assert new_person.get("/public").status_code in {200, 308}
    response = web.submit(new_person, "/sign-out", {}, "/account/password")
    assert response.status_code == 303
