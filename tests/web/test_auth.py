"""Signing in and out, sessions and their limits, passwords and lockout."""

from __future__ import annotations

import sys
from datetime import timedelta
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

import pytest
import sqlalchemy as sa

from engine import accounts
from engine.models import User, UserRole, UserSession
from engine.web.auth import REFUSED, local_path

PASSWORD = "a-long-word-2026"
CREDENTIALS = {"login": "zhang", "password": PASSWORD}


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Sessions, counters and locks are written: both databases."""
    return str(request.getfixturevalue(f"new_{request.param}_url")())


def sessions_of(web: Any) -> list[UserSession]:
    with web.database.read() as session:
        return list(session.scalars(sa.select(UserSession)))


def is_in(client: Any) -> bool:
    return bool(client.get("/account/password").status_code == 200)


def attempt(web: Any, login: str, password: str) -> Any:
    return web.submit(web.client(), "/sign-in", {"login": login, "password": password})


def test_a_page_that_needs_a_session_leads_to_sign_in_and_back(web: Any) -> None:
    client = web.client()
    response = client.get("/account/password?x=1")
    assert response.status_code == 302
    assert response.location == "/sign-in?next=/account/password?x%3D1"
    response = web.submit(client, "/sign-in", {**CREDENTIALS, "next": "/account/password?x=1"}, response.location)
    assert (response.status_code, response.location) == (303, "/account/password?x=1")
    assert "张敏" in client.get(response.location).text


def test_the_cookie_is_closed_to_scripts_and_its_token_is_not_in_the_database(web: Any) -> None:
    client = web.client()
    response = web.submit(client, "/sign-in", CREDENTIALS)
    cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    with client.session_transaction() as kept:
        token = kept["token"]
    (row,) = sessions_of(web)
    assert row.id == accounts.token_id(token) != token


def test_a_wrong_password_an_unknown_login_and_a_leaver_get_the_same_answer(web: Any) -> None:
    web.user("left", active=False)
    pages = [attempt(web, "zhang", "wrong"), attempt(web, "nobody", "wrong"), attempt(web, "left", PASSWORD)]
    assert [page.status_code for page in pages] == [422, 422, 422]
    assert all(REFUSED in page.text for page in pages)
    assert 'value="zhang"' in pages[0].text, "what was typed comes back, except the password"
    assert sessions_of(web) == []


def test_an_unknown_login_costs_a_password_check_too(web: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    checked = []
    verify = accounts._hasher.verify
    monkeypatch.setattr(
        accounts, "_hasher", type("Spy", (), {"verify": lambda _, h, p: checked.append(h) or verify(h, p)})()
    )
    attempt(web, "nobody", "wrong")
    attempt(web, "zhang", "wrong")
    assert len(checked) == 2
    assert checked[0].split("$")[:4] == checked[1].split("$")[:4], "the same argon2 parameters"


def test_a_password_costs_whoever_guesses_sixty_four_megabytes_a_try(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = spec_from_file_location("accounts_in_service", str(accounts.__file__))  # ours here are hashed for less
    assert spec is not None and spec.loader is not None
    in_service = module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, in_service)
    spec.loader.exec_module(in_service)
    assert in_service.hash_password(PASSWORD).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_empty_fields_are_named(web: Any) -> None:
    assert "请输入登录名和密码" in attempt(web, "zhang", "").text


def test_five_failures_lock_the_account_for_fifteen_minutes(web: Any) -> None:
    for _ in range(accounts.MAX_FAILURES):
        attempt(web, "zhang", "wrong")
    assert attempt(web, "zhang", PASSWORD).status_code == 422, "not even the right password opens it"
    web.clock.advance(minutes=14, seconds=59)
    assert attempt(web, "zhang", PASSWORD).status_code == 422
    web.clock.advance(seconds=1)
    assert attempt(web, "zhang", PASSWORD).status_code == 303


def test_a_success_forgets_earlier_failures(web: Any) -> None:
    for _ in range(accounts.MAX_FAILURES - 1):
        attempt(web, "zhang", "wrong")
    assert attempt(web, "zhang", PASSWORD).status_code == 303
    attempt(web, "zhang", "wrong")
    assert attempt(web, "zhang", PASSWORD).status_code == 303


def test_sign_in_changes_the_token_so_that_a_planted_one_is_worthless(web: Any) -> None:
    client = web.sign_in("zhang")
    with client.session_transaction() as kept:
        planted = kept["token"]
    web.submit(client, "/sign-out", {}, "/account/password")
    web.submit(client, "/sign-in", CREDENTIALS)
    with client.session_transaction() as kept:
        assert kept["token"] != planted
    assert len(sessions_of(web)) == 1


def test_signing_out_deletes_the_row_and_a_copied_cookie_stops_working(web: Any) -> None:
    client = web.sign_in("zhang")
    with client.session_transaction() as kept:
        copied = dict(kept)
    response = web.submit(client, "/sign-out", {}, "/account/password")
    assert (response.status_code, sessions_of(web)) == (303, [])
    assert "您已退出登录" in client.get(response.location).text
    thief = web.client()
    with thief.session_transaction() as kept:
        kept.update(copied)
    assert not is_in(thief)


def test_an_idle_session_ends_and_an_active_one_goes_on(web: Any) -> None:
    client = web.sign_in("zhang")
    for _ in range(3):
        web.clock.advance(minutes=web.settings.session_idle_minutes - 1)
        assert is_in(client)
    web.clock.advance(minutes=web.settings.session_idle_minutes)
    assert not is_in(client)
    assert sessions_of(web) == []


def test_even_an_active_session_ends_after_its_absolute_limit(web: Any) -> None:
    client = web.sign_in("zhang")
    end = web.clock() + timedelta(hours=web.settings.session_hours)
    while web.clock() + timedelta(minutes=30) < end:
        web.clock.advance(minutes=30)
        assert is_in(client)
    web.clock.now = end
    assert not is_in(client)


def test_reading_pages_writes_the_session_at_most_once_a_minute(web: Any) -> None:
    client = web.sign_in("zhang")
    start = sessions_of(web)[0].seen_at
    web.clock.advance(seconds=59)
    is_in(client)
    assert sessions_of(web)[0].seen_at == start
    web.clock.advance(seconds=1)
    is_in(client)
    assert sessions_of(web)[0].seen_at == web.clock()


def test_deactivating_an_account_ends_its_sessions_at_once(web: Any) -> None:
    client = web.sign_in("zhang")
    with web.database.write() as session:
        session.execute(sa.update(User).values(active=False))
    assert not is_in(client)


def test_what_one_process_changes_about_a_person_holds_at_once_in_another(make_web: Any) -> None:
    here, there = make_web(modules=["tests.web.sample_pages"]), make_web(modules=["tests.web.sample_pages"])
    there.app.session_interface = here.app.session_interface  # processes of one installation share its key
    user = here.user("wang", "监管督查")
    client = here.sign_in("wang")
    other = there.client()
    other.set_cookie("lianjian", client.get_cookie("lianjian").value)

    def status() -> int:
        return int(other.get("/sample/board").status_code)

    assert status() == 200
    with here.database.write() as session:
        session.execute(sa.delete(UserRole).where(UserRole.user_id == user.id))
    assert status() == 403, "a role that was taken away"
    with here.database.write() as session:
        session.add(UserRole(district_id=user.district_id, user_id=user.id, department="WJJ", role="监管督查"))
    assert status() == 200, "a role given in another department"
    with here.database.write() as session:
        session.execute(sa.update(User).where(User.id == user.id).values(must_change_password=True))
    assert status() == 303, "the password was reset"
    with here.database.write() as session:
        session.execute(sa.update(User).where(User.id == user.id).values(must_change_password=False))
    here.submit(client, "/sign-out", {}, "/account/password")
    assert status() == 302, "signed out"


def test_somebody_signed_in_is_sent_on_from_the_sign_in_page(web: Any) -> None:
    client = web.sign_in("zhang")
    assert client.get("/sign-in").location == "/"
    assert client.get("/sign-in?next=/account/password").location == "/account/password"


@pytest.mark.parametrize(
    "target",
    ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\nb", "x", "", None],
)
def test_only_paths_of_this_server_are_followed(target: str | None) -> None:
    assert local_path(target) == ""


def test_changing_the_password_signs_out_everywhere_else(web: Any) -> None:
    here, elsewhere = web.sign_in("zhang"), web.sign_in("zhang")
    new = "another-word-2027"
    response = web.submit(here, "/account/password", {"current": PASSWORD, "new": new, "repeated": new})
    assert response.status_code == 303
    assert "密码已修改" in here.get(response.location).text
    assert not is_in(elsewhere)
    assert attempt(web, "zhang", PASSWORD).status_code == 422
    assert attempt(web, "zhang", new).status_code == 303


@pytest.mark.parametrize(
    ("current", "new", "repeated", "message"),
    [
        ("wrong", "another-word-2027", "another-word-2027", "原密码不正确"),
        (PASSWORD, "short-1", "short-1", "至少 10 位"),
        (PASSWORD, "onlyletterss", "onlyletterss", "同时含有字母和数字"),
        (PASSWORD, "12345678901", "12345678901", "同时含有字母和数字"),
        (PASSWORD, "my-Zhang-2027", "my-Zhang-2027", "不能包含登录名"),
        (PASSWORD, PASSWORD, PASSWORD, "不能与原密码相同"),
        (PASSWORD, "another-word-2027", "another-word-2028", "两次输入的新密码不一致"),
    ],
)
def test_a_refused_new_password_says_why(web: Any, current: str, new: str, repeated: str, message: str) -> None:
    client = web.sign_in("zhang")
    response = web.submit(client, "/account/password", {"current": current, "new": new, "repeated": repeated})
    assert response.status_code == 422
    assert message in response.text
    assert attempt(web, "zhang", PASSWORD).status_code == 303, "the old password still holds"


def test_guessing_the_current_password_locks_like_guessing_at_sign_in(web: Any) -> None:
    client = web.sign_in("zhang")
    for _ in range(accounts.MAX_FAILURES):
        web.submit(client, "/account/password", {"current": "wrong", "new": "x", "repeated": "x"})
    assert not is_in(client)


def test_demo_logins_are_shown_only_on_a_demo_system(make_web: Any) -> None:
    logins = [{"login": "demo-li", "password": "demo", "name": "李", "department": "市场监督管理局", "role": "承办人"}]
    assert "demo-li" in make_web(demo_logins=logins, demo=True).client().get("/sign-in").text
    assert "demo-li" not in make_web(demo_logins=logins).client().get("/sign-in").text


@pytest.fixture
def sample(make_web: Any) -> Any:
    made = make_web(modules=["tests.web.sample_pages"])
    made.user("zhang", "承办人")
    made.user("li", "承办人", name="李建国")
    return made


def kept_in(page: Any) -> str:
    return str(page.text.split('name="kept" value="')[1].split('"')[0])


def test_a_form_sent_after_the_session_ran_out_is_kept_and_can_be_sent_after_sign_in(sample: Any) -> None:
    client = sample.sign_in("zhang")
    token = sample.token(client.get("/sample/form"))
    sample.clock.advance(hours=2)
    refused = client.post("/sample/form", data={"csrf_token": token, "note": "typed <b>", "way": ["a", "b"]})
    assert refused.status_code == 401
    assert "您填写的内容已保留" in refused.text
    form = {"csrf_token": sample.token(refused), **CREDENTIALS, "kept": kept_in(refused)}
    resumed = client.post("/sign-in", data=form)
    assert 'action="/sample/form' in resumed.text
    assert 'name="note" value="typed &lt;b&gt;"' in resumed.text
    again = {"csrf_token": sample.token(resumed), "note": "typed <b>", "way": ["a", "b"]}
    assert client.post("/sample/form", data=again).json["actor"] == "张敏"


def test_a_kept_form_is_not_shown_to_somebody_else(sample: Any) -> None:
    client = sample.sign_in("zhang")
    token = sample.token(client.get("/sample/form"))
    sample.clock.advance(hours=2)
    refused = client.post("/sample/form", data={"csrf_token": token, "note": "secret"})
    form = {"csrf_token": sample.token(refused), "login": "li", "password": PASSWORD, "kept": kept_in(refused)}
    assert client.post("/sign-in", data=form).status_code == 303


def test_a_form_from_another_site_is_not_kept(sample: Any) -> None:
    client = sample.sign_in("zhang")
    sample.clock.advance(hours=2)
    refused = client.post("/sample/form", data={"note": "from elsewhere"})
    assert refused.status_code == 401
    assert "from elsewhere" not in refused.text and 'name="kept"' not in refused.text


def test_passwords_are_never_kept(sample: Any) -> None:
    client = sample.sign_in("zhang")
    token = sample.token(client.get("/account/password"))
    sample.clock.advance(hours=2)
    refused = client.post("/account/password", data={"csrf_token": token, "current": PASSWORD})
    assert refused.status_code == 401 and 'name="kept"' not in refused.text


def test_a_role_page_is_closed_to_others_and_missing_from_their_menu(sample: Any) -> None:
    sample.user("wang", "监管督查")
    official, supervisor = sample.sign_in("zhang"), sample.sign_in("wang")
    assert official.get("/sample/board").status_code == 403
    assert supervisor.get("/sample/board").status_code == 200
    assert "督查" not in official.get("/sample/form").text
    assert 'href="/sample/board"' in supervisor.get("/sample/form").text


def test_the_first_page_of_the_menu_is_home(sample: Any) -> None:
    assert sample.sign_in("zhang").get("/").location == "/sample/form"
