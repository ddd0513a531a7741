"""An attacker at the pages: forged posts, foreign ids, scripts in data, files that pretend, mangled addresses.

The routes are taken from the application itself, so a page added later is attacked as well.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from werkzeug.routing import Rule

from engine.commands.add_attachment import AddAttachment
from engine.db import new_id
from engine.models import Attachment, HistoryEvent, UserTask
from engine.settings import Settings
from engine.web.app import create_app
from engine.web.guards import guard_of
from tests.conftest import Clock
from tests.support.http_office import fields
from tests.support.journey import APPROVALS, Office, install, open_campaign, standard_answers, work_plan
from tests.support.pages import Browser, District, engine_on

SCRIPT = "\"'><img src=x onerror=alert(1)><script>alert(1)</script>{{7*7}}javascript:alert(1)"
NUL = "\x00"
#: Values nobody types: no id, no date, no zone, quotes, a number too large, a digit that is none, too long.
MANGLED = (
    "x~y", "2030-01-01T00:00:00~01920000-0000-7000-8000-000000000001", "'\"\\%_", "9" * 40, "²", "界" * 2000,
)  # fmt: skip
QUERY = (
    "after", "before", "year", "q", "state", "process", "department", "step", "lead", "next", "login", "draw", "seen",
)  # fmt: skip
POSTED = (
    "reason", "user_id", "version", "department", "what", "year", "task", "login", "password", "next", "kept",
    "decision", "facts", "paper_attachment_id", "paper_signed_on", "attachments", "back", "current", "new", "action",
    "purpose", "_add", "_remove", "inspector", "applicant",
)  # fmt: skip
#: Registries name every firm to every official; what was done there they do not tell.
REGISTRIES = ("objects", "inspectors.", "enforcement_teams.", "items", "outside_visits.", "registry_import.")
EXPORT = "objects_export.export"
FOREIGN = "01920000-0000-7000-8000-00000000abcd"


def mangled(number: int) -> str:
    return MANGLED[number % len(MANGLED)]


def rules(district: District, method: str) -> Iterator[Rule]:
    for rule in district.app.url_map.iter_rules():
        if method in (rule.methods or set()):
            yield rule


def is_public(district: District, rule: Rule) -> bool:
    guard = guard_of(district.app.view_functions[rule.endpoint])
    return guard is not None and guard.kind == "public"


def address(rule: Rule, ids: dict[str, str]) -> str:
    """The rule's address with ``ids`` for its arguments, as far as the kind of argument lets them through."""

    def value(found: re.Match[str]) -> str:
        kind, name = found[1] or "", found[2]
        if kind.startswith("any("):
            return kind[4:].partition(",")[0].rstrip("):")
        known = {"uuid:": FOREIGN, "int:": "1"}.get(kind) or ids.get(name, "todo")
        return quote(known if kind == "path:" else known.partition("/")[0])

    return re.sub(r"<([^<>]+:)?(\w+)>", value, rule.rule)


@pytest.fixture(params=["sqlite", "postgresql"])
def running(request: pytest.FixtureRequest, tmp_path: Any, clock: Clock) -> District:
    """A campaign whose visits are done, on each database."""
    url: str = request.getfixturevalue(f"new_{request.param}_url")()
    settings = Settings(database_url=url, data_dir=tmp_path / "data", secret_key="for tests only")
    engine = engine_on(settings, clock)
    request.addfinalizer(engine.database.dispose)
    install(engine, objects=300)
    office = Office(engine)
    number = open_campaign(office)
    standard_answers(office, work_plan(engine, "SCJG", ["YJJ"]), problem_in="SCJG")
    office.do_all("draft_work_plan", *APPROVALS, "gate_check", "log_commitment", "reveal", "organ_approval")
    office.do_all("sign_for_receipt", "prepare_visit", "arrive", "site_check")
    return District(create_app(settings, engine), engine, office, number, clock)


# --- forged posts ------------------------------------------------------------------------------


def test_no_address_accepts_a_post_without_the_token(district: District) -> None:
    officer = district.sign_in("scjg-officer")
    ids = known_ids(district)
    before = events(district)
    for rule in rules(district, "POST"):
        path = address(rule, ids)
        for reply in (officer.client.post(path, data={"reason": "x"}), officer.client.post(path, json={"reason": "x"})):
            assert reply.status_code == 400 or (reply.status_code == 403 and "仅供" in reply.text), path
    assert events(district) == before


def events(district: District) -> int:
    """What happened so far; that somebody took a list out changes nothing."""
    happened = sa.select(sa.func.count()).select_from(HistoryEvent).where(HistoryEvent.kind != "registry-exported")
    with district.engine.read() as session:
        return session.scalar(happened) or 0


def known_ids(district: District) -> dict[str, str]:
    """Ids of the lead department's work, for everything an address can name."""
    task = district.task("conclude") if district.office.open_tasks("conclude") else district.task("review")
    return {
        "task_id": task.id, "instance_id": task.instance_id, "number": task.business_key.rpartition("/")[0],
        "attachment_id": upload(district, task), "draw_id": task.business_key.split("/")[0], "name": "review",
        "user_id": task.id, "incident_id": task.id, "publication_id": task.id, "kind": "draw", "key": "inspection",
        "version": "1",
    }  # fmt: skip


def upload(
    district: District, task: UserTask, name: str = "照片.png", kind: str = "image/png", content: bytes = b"\x89PNG"
) -> str:
    browser = holder(district, task)
    file = (io.BytesIO(content), name, kind)
    data = {"field": "attachments", "file": file}
    reply = browser.post(f"/tasks/{task.id}/attachments", data, content_type="multipart/form-data")
    assert reply.status_code == 200, reply.text
    found: str = reply.json["id"]  # type: ignore[index]
    return found


def holder(district: District, task: UserTask) -> Browser:
    """Signed in as somebody who may act on the task."""
    district.office.signed_in.clear()
    district.office.who(task)
    return district.sign_in(district.office.signed_in.pop())


def test_a_session_does_not_survive_sign_in_or_sign_out(district: District) -> None:
    client = district.app.test_client()
    page = client.get("/sign-in").text
    planted = client.get_cookie("lianjian")
    browser = district.sign_in("scjg-officer")
    after = browser.client.get_cookie("lianjian")
    assert planted is not None and after is not None and planted.value != after.value
    assert client.get("/inbox").status_code == 302, "a cookie from before the sign-in stays signed out"
    assert 'name="csrf-token"' in page
    assert browser.post("/sign-out", {}).status_code == 303
    thief = district.app.test_client()
    thief.set_cookie("lianjian", after.value)
    assert thief.get("/inbox").status_code == 302, "the row behind a stolen cookie is gone after sign-out"


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
               "javascript:alert(1)", "///evil.example", " //evil.example", "/%0d%0aLocation:https://evil.example"],
)  # fmt: skip
def test_signing_in_never_leads_to_another_server(district: District, target: str) -> None:
    browser = Browser(district.app.test_client())
    data = {"login": "scjg-officer", "password": "demo-2026", "next": target}
    reply = browser.post("/sign-in", data, page="/sign-in")
    assert reply.status_code == 303
    assert re.fullmatch(r"/(?![/\\])[^\s\\]*", reply.location), reply.location


# --- foreign ids -------------------------------------------------------------------------------


def test_another_department_finds_nothing_of_a_case_under_any_address(running: District) -> None:
    ids = known_ids(running)
    tasks = [t for t in running.office.open_tasks() if t.process_key == "department-inspection"]
    titles, numbers = [t.title for t in tasks], [t.business_key for t in tasks]
    before = events(running)
    for login in ("swj-officer", "swj-section", "swj-head", "swj-inspector1"):
        outsider = running.sign_in(login)
        for rule in rules(running, "GET"):
            if is_public(running, rule) or rule.rule == "/":
                continue
            path = address(rule, ids)
            reply = outsider.get(path)
            open_to_all = rule.endpoint in {"inbox.todo", "batch.show"} or rule.endpoint.startswith(
                ("library.", "definition_files.", *REGISTRIES)
            )
            if rule.arguments and not open_to_all:
                assert reply.status_code in {403, 404}, f"{login} {path}: {reply.status_code}"
            told = numbers if rule.endpoint.startswith(REGISTRIES) else titles + numbers
            assert not any(words.encode() in reply.data for words in told), f"{login} {path}"
        for rule in rules(running, "POST"):
            if is_public(running, rule) or not rule.arguments or rule.endpoint in {"batch.submit", EXPORT}:
                continue
            path = address(rule, ids)
            reply = outsider.post(path, {"reason": "x", "user_id": ids["task_id"], "version": "1"})
            back_to_a_list = rule.endpoint.startswith((*REGISTRIES, "saved_filters."))
            refused = {303, 403, 404, 422} if back_to_a_list else {403, 404}
            assert reply.status_code in refused, f"{login} {path}: {reply.status_code}"
        batch = {"task": ids["task_id"], f"version-{ids['task_id']}": "1", "decision": "同意"}
        outsider.post("/batch/review", batch)
    assert events(running) == before


def test_a_partner_department_sees_the_object_but_not_the_others_part(running: District) -> None:
    task = next(t for t in running.office.open_tasks("conclude") if t.department == "SCJG")
    partner = running.sign_in("yjj-inspector1")
    assert partner.get(f"/tasks/{task.id}").status_code == 404
    before = events(running)
    reply = partner.post(f"/tasks/{task.id}", {"version": str(task.version)})
    assert reply.status_code == 404
    assert events(running) == before


def test_files_of_another_case_or_of_nobody_do_not_count_as_evidence(running: District) -> None:
    task = running.task("conclude")
    other = next(t for t in running.office.open_tasks("conclude", "review") if t.instance_id != task.instance_id)
    foreign, own = upload(running, other), upload(running, task)
    answers: dict[str, Any] = dict(running.office.answers["conclude"])  # type: ignore[arg-type]
    browser = holder(running, task)
    for claimed in (foreign, FOREIGN, "../../etc/passwd", "x"):
        data = fields({**answers, "evidence": [own, claimed]}, version=str(task.version))
        reply = browser.post(f"/tasks/{task.id}", data)
        assert reply.status_code == 422 and "没有上传成功" in reply.text
    data = fields({**answers, "evidence": [own]}, version=str(task.version))
    assert browser.post(f"/tasks/{task.id}", data).status_code == 303


# --- what people type --------------------------------------------------------------------------


class Elements(HTMLParser):
    """Collects what a browser would run."""

    def __init__(self, nonce: str) -> None:
        super().__init__()
        self.nonce, self.found = nonce, []  # type: ignore[var-annotated]
        self._script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._script = tag == "script" and given.get("nonce") != self.nonce and "src" not in given
        self.found += [f"{tag} {name}" for name in given if name.startswith("on")]
        for name in ("href", "src", "action", "formaction"):
            if re.match(r"\s*(javascript|data:text|vbscript)", given.get(name) or "", re.IGNORECASE):
                self.found.append(f"{tag} {name}={given[name]}")

    def handle_data(self, data: str) -> None:
        if self._script and "alert(1)" in data:
            self.found.append("script")

    def handle_endtag(self, tag: str) -> None:
        self._script = False


def harmless(reply: Any) -> None:
    nonce = re.search(r"'nonce-([^']+)'", reply.headers["Content-Security-Policy"])
    seen = Elements(nonce[1] if nonce else "")
    seen.feed(reply.text)
    assert seen.found == []
    assert "49javascript" not in reply.text, "a template was evaluated"


def test_scripts_in_values_and_file_names_are_only_ever_text(district: District) -> None:
    task = district.task("conclude")
    browser = holder(district, task)
    upload(district, task, name=f"{SCRIPT}.png")
    with district.engine.read() as session:
        view = district.engine.task_view(session, session.get_one(UserTask, task.id))
    assert view.form is not None
    everything = {c.key: SCRIPT for c in view.form.components if c.type != "text" and c.key}
    raw = {**everything, "version": str(task.version), "paper_document_number": SCRIPT, "paper": "1"}
    assert browser.post(f"/tasks/{task.id}/draft", raw).status_code == 303
    harmless(browser.get(f"/tasks/{task.id}"))
    harmless(browser.post(f"/tasks/{task.id}", raw))
    answers: dict[str, Any] = dict(district.office.answers["conclude"])  # type: ignore[arg-type]
    answers |= {"facts": SCRIPT * 3, "basis": SCRIPT}
    done = browser.post(f"/tasks/{task.id}", fields(answers, version=str(task.version)))
    assert done.status_code == 303, done.text
    again = browser.post(f"/tasks/{task.id}", raw)
    assert again.status_code == 409
    harmless(again)
    case = f"/cases/{task.instance_id}"
    number = task.business_key.rpartition("/")[0]
    for path in (f"/tasks/{task.id}", f"/tasks/{task.id}/print", f"{case}/progress", f"/inspections/{number}"):
        reply = browser.get(path)
        assert "alert(1)" in reply.text, f"{path} shows nothing of what was typed"
        harmless(reply)
    for path in (f"/inbox?q={quote(SCRIPT)}", f"/inspections?q={quote(SCRIPT)}", f"/campaigns?q={quote(SCRIPT)}"):
        harmless(browser.get(path))
    harmless(district.app.test_client().get(f"/sign-in?next={quote(SCRIPT)}&login={quote(SCRIPT)}"))
    harmless(browser.get(f"/{quote(SCRIPT)}"))


def test_files_keep_their_names_harmless_and_never_run_in_our_origin(district: District) -> None:
    task = district.task("conclude")
    browser = holder(district, task)
    names = ("../../etc/passwd", "..\\..\\boot.ini", 'a"; filename="b.html', "a\r\nSet-Cookie: x=1.png", "a\x00.png")
    for name in names:
        command = AddAttachment(task.id, "evidence", name, "image/png", b"\x89PNG")  # as a client of its own would send
        stored_as = district.engine.execute(command, actor=district.office.who(task))
        reply = browser.get(f"/attachments/{stored_as}")
        assert reply.status_code == 200
        disposition = reply.headers["Content-Disposition"]
        assert "Set-Cookie" not in reply.headers and "/" not in disposition.replace("''", "")
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in reply.headers["Content-Security-Policy"]
    with district.engine.read() as session:
        stored_names = session.scalars(sa.select(Attachment.file_name)).all()
        assert len(stored_names) == len(names)
        for stored in stored_names:
            assert not re.search(r"[/\\\x00-\x1f\x7f]", stored)


@pytest.mark.parametrize(
    "kind", ["text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "application/javascript",
             "multipart/form-data", "", "image/png, text/html", "TEXT/HTML", "application/octet-stream"],
)  # fmt: skip
def test_types_a_browser_would_run_cannot_be_uploaded(district: District, kind: str) -> None:
    task = district.task("conclude")
    browser = holder(district, task)
    data = {"field": "attachments", "file": (io.BytesIO(b"<script>alert(1)</script>"), "a.html", kind)}
    reply = browser.post(f"/tasks/{task.id}/attachments", data, content_type="multipart/form-data")
    assert reply.status_code == 422


def test_a_page_pretending_to_be_a_picture_is_served_as_a_picture_that_runs_nothing(district: District) -> None:
    task = district.task("conclude")
    stored = upload(district, task, "a.png", "image/png;charset=text/html", b"<script>alert(1)</script>")
    reply = holder(district, task).get(f"/attachments/{stored}")
    assert reply.headers["Content-Type"] == "image/png"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert reply.headers["Cache-Control"] == "no-store"


# --- sizes, mangled addresses, what errors tell ------------------------------------------------


def test_posts_that_are_too_large_are_refused_before_anything_is_done(district: District) -> None:
    task = district.task("conclude")
    browser = holder(district, task)
    before = events(district)
    file = {"field": "attachments", "file": (io.BytesIO(b"x" * (33 * 1024 * 1024)), "a.png", "image/png")}
    reply = browser.post(f"/tasks/{task.id}/attachments", file, content_type="multipart/form-data")
    assert reply.status_code == 413 and "MB" in reply.text
    reply = browser.post(f"/tasks/{task.id}", {"facts": "x" * (5 * 1024 * 1024)})
    assert reply.status_code == 413
    many = {f"f{n}": "x" for n in range(5001)}
    assert browser.post(f"/tasks/{task.id}", many, content_type="multipart/form-data").status_code == 413
    assert events(district) == before


@pytest.mark.slow
def test_nothing_put_into_an_address_or_a_form_makes_the_server_fail(running: District) -> None:
    """Neither database nor code may stumble: a mangled value is ignored, not found or refused."""
    ids = known_ids(running)
    insider, admin = running.sign_in("scjg-officer"), running.sign_in("admin")
    failed: list[str] = []

    def tried(what: str, reply: Any) -> None:
        if reply.status_code >= 500:
            failed.append(what)

    # Every place gets another mangled value in each turn and at each address, so that all of them meet.
    # A NUL goes alone: it has the whole request refused.
    for turn in range(3):
        for number, rule in enumerate(rules(running, "GET"), turn):
            tried(f"GET {rule} NUL", insider.get(f"{address(rule, dict.fromkeys(ids, NUL))}?{QUERY[turn]}=%00"))
            query = "?" + "&".join(f"{name}={quote(mangled(number + place))}" for place, name in enumerate(QUERY))
            path = address(rule, ids)
            tried(f"GET {path} {number % len(MANGLED)}", (admin if "/admin" in path else insider).get(path + query))
            if rule.arguments:
                path = address(rule, dict.fromkeys(ids, mangled(number)))
                tried(f"GET {path[:80]}", insider.get(path))
        token = {"csrf_token": insider.token()}
        for number, rule in enumerate(rules(running, "POST"), turn):
            if rule.endpoint in {"auth.sign_out", "auth.change_password"}:
                continue  # these end the session, as they should
            path = address(rule, ids)
            post = {name: mangled(number + place) for place, name in enumerate(POSTED)}
            reply = insider.client.post(path, data=token | post)
            assert reply.status_code != 303 or "/sign-in" not in reply.location, f"{path} never got past the session"
            tried(f"POST {path} {number % len(MANGLED)}", reply)
    assert failed == []


def test_an_unforeseen_error_tells_nothing_but_a_number(make_web: Any) -> None:
    made = make_web(modules=["tests.web.sample_pages"])
    client = made.client()
    for accept in ("text/html", "application/json"):
        reply = client.get("/sample/raise/defect", headers={"Accept": accept})
        assert reply.status_code == 500
        assert not re.search(r"Traceback|File \"|\.py|Error\b|sqlalchemy|SELECT", reply.text), reply.text
        assert reply.headers["X-Request-Id"] in reply.text


def test_a_foreign_id_and_an_unknown_id_get_the_same_answer(district: District) -> None:
    outsider = district.sign_in("swj-officer")
    task = district.task("conclude")

    def said(path: str) -> str:
        text = outsider.get(path).text
        return re.sub(r"[0-9a-f]{12}|nonce=\"[^\"]+\"|content=\"[^\"]+\"|value=\"[^\"]+\"", "", text)

    assert said(f"/tasks/{task.id}") == said(f"/tasks/{new_id()}")
    assert said(f"/cases/{task.instance_id}/progress") == said(f"/cases/{new_id()}/progress")
