"""Auditors' full records and the ceremony of a draw, with a campaign carried through the real engine."""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import Any

import pytest
import sqlalchemy as sa

from engine.commands.remind import Remind
from engine.inspection import records
from engine.inspection.demo.accounts import DEMO_PASSWORD
from engine.inspection.draw_record import read_zip
from engine.inspection.draw_verify import verify
from engine.inspection.models import DrawnObject, InspectedObject
from engine.models import HistoryEvent
from engine.process_engine import ProcessEngine
from engine.web.app import create_app
from tests.support.journey import (
    APPROVALS,
    RESULTS,
    VISITS,
    Office,
    install,
    open_campaign,
    standard_answers,
    work_plan,
)
from tests.web.conftest import Web

DRAW = "CN-370105-SCJG-2026-0001"
CEREMONY = f"/draws/{DRAW}/ceremony"


def prepare(engine: ProcessEngine, disclosure: str = "protected") -> tuple[Office, Web]:
    """A campaign of two departments up to the committed lists, and the application on it."""
    install(engine, objects=300, inspectors=90, items=30)
    office = Office(engine)
    open_campaign(office)
    standard_answers(office, work_plan(engine, "SCJG", ["WJJ"], ratio=10, disclosure=disclosure))
    office.do_all("draft_work_plan", *APPROVALS, "gate_check")
    app = create_app(engine.settings, engine)
    return office, Web(app, engine.database, engine.clock, engine.settings)


def sign_in(made: Web, login: str) -> Any:
    return made.sign_in(login, DEMO_PASSWORD)


@pytest.fixture
def prepared(engine: ProcessEngine) -> tuple[Office, Web]:
    return prepare(engine)


def test_an_auditor_gets_the_full_record_after_the_task_for_a_purpose_that_becomes_public(
    engine: ProcessEngine, prepared: tuple[Office, Web]
) -> None:
    office, made = prepared
    office.do_all("log_commitment", "reveal", "organ_approval", "sign_for_receipt")
    auditor = sign_in(made, "auditor")
    path = f"/audit/draws/{DRAW}"
    assert DRAW in auditor.get("/audit/draws").text
    assert "尚未结束" in auditor.get(path).text
    early = made.submit(auditor, path, {"purpose": "专项审计核验"})
    assert early.status_code == 409, "before the visits it names who will visit whom"
    office.do_all(*VISITS, *RESULTS)
    missing = made.submit(auditor, path, {"purpose": "看"})
    assert missing.status_code == 422 and "至少 4 个字" in missing.text and 'value="看"' in missing.text
    done = made.submit(auditor, path, {"purpose": "2026年专项审计"})
    assert done.status_code == 200 and done.mimetype == "application/zip"
    files = read_zip(done.data)
    report = verify(files)
    assert report.ok and report.level == "auditor", report.text()
    with engine.read() as session:
        row = records.draw(session, "370105", DRAW)
        body = session.scalar(sa.select(HistoryEvent.body).where(HistoryEvent.kind == "draw-record-handed-over"))
        assert json.loads(files["result.json"])["key"] == row.key
    assert body is not None and "2026年专项审计" in body
    public = made.client().get(f"/public/draws/{DRAW}").text
    assert "2026年专项审计" in public and "审计领取" in public and row.key not in public
    assert "1 次" in auditor.get("/audit/draws").text


def test_only_auditors_have_these_pages(prepared: tuple[Office, Web]) -> None:
    _, made = prepared
    for login in ("scjg-head", "admin", "supervisor"):
        client = sign_in(made, login)
        assert client.get("/audit/draws").status_code == 403
        assert client.get(f"/audit/draws/{DRAW}").status_code == 403
    assert sign_in(made, "scjg-head").get("/audit/history").status_code == 403


def test_the_history_is_verified_exported_and_a_later_change_is_found(
    engine: ProcessEngine, prepared: tuple[Office, Web]
) -> None:
    _, made = prepared
    client = sign_in(made, "admin")
    page = "/audit/history"
    assert "没有被改动" in made.submit(client, "/audit/history/verify", {}, page).text
    root = made.submit(client, "/audit/history/root", {}, page)
    assert root.mimetype == "application/json" and root.json is not None and root.json["size"] > 10

    def check(content: bytes) -> Any:
        return made.submit(client, "/audit/history/verify", {"root": (io.BytesIO(content), "root.json")}, page)

    assert "与 root.json 一致" in check(root.data).text
    assert check(b"{").status_code == 422
    assert check(b'{"format": "other"}').status_code == 422
    with engine.database.write() as session:
        victim = session.scalars(sa.select(HistoryEvent.id).where(HistoryEvent.kind == "task-completed")).first()
        session.execute(sa.update(HistoryEvent).where(HistoryEvent.id == victim).values(actor_name="别人"))
    assert "不符" in check(root.data).text


def test_the_ceremony_is_for_people_of_the_campaign_and_its_witnesses(prepared: tuple[Office, Web]) -> None:
    _, made = prepared
    for login in ("scjg-officer", "wjj-head", "witness1", "witness2", "auditor"):
        assert sign_in(made, login).get(CEREMONY).status_code == 200, login
    for login in ("zjj-officer", "witness3"):
        assert sign_in(made, login).get(CEREMONY).status_code == 404, login
        assert sign_in(made, login).get(f"{CEREMONY}/state").status_code == 404
    assert made.client().get(CEREMONY).status_code == 302


def test_the_ceremony_follows_the_witnesses_and_answers_shortly_when_nothing_changed(
    engine: ProcessEngine, prepared: tuple[Office, Web]
) -> None:
    office, made = prepared
    client = sign_in(made, "witness1")
    page = client.get(CEREMONY).text
    polled = re.search(r'data-hx-get="([^"]+)"', page)
    assert polled and page.count("等待登记") == 2
    address = polled[1].replace("&amp;", "&")
    assert client.get(address).status_code == 204
    first = client.get(f"{CEREMONY}/state")
    assert client.get(f"{CEREMONY}/state", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    assert "no-store" not in first.headers["Cache-Control"]
    office.do(office.open_tasks("log_commitment")[0])
    changed = client.get(address)
    assert changed.status_code == 200 and changed.text.count("等待登记") == 1
    office.do_all("log_commitment", "reveal")
    with engine.read() as session:
        names = session.scalars(
            sa.select(InspectedObject.name).join(DrawnObject, DrawnObject.uscc == InspectedObject.uscc)
        ).all()
    ended = client.get(CEREMONY).text
    assert names and "个检查对象被抽中" in ended and "名单不在此处显示" in ended
    assert [name for name in names if name in ended] == [], "the screen hangs in a room"
    assert "data-hx-get" not in ended, "nothing changes any more"


def test_an_open_draw_shows_its_objects_but_no_pairs(engine: ProcessEngine) -> None:
    office, made = prepare(engine, "open")
    office.do_all("log_commitment", "reveal")
    page = sign_in(made, "witness1").get(CEREMONY).text
    with engine.read() as session:
        drawn = session.scalars(sa.select(DrawnObject)).all()
        names = session.scalars(
            sa.select(InspectedObject.name).where(InspectedObject.uscc.in_([d.uscc for d in drawn]))
        ).all()
    assert names and all(name in page for name in names)
    assert [code for d in drawn for pair in d.pairs.values() for code in pair if code in page] == []


def test_a_reminder_stands_on_the_page_of_its_task(prepared: tuple[Office, Web]) -> None:
    office, made = prepared
    task = office.open_tasks("log_commitment")[0]
    office.engine.execute(Remind([task.id], "请即登记"), actor=office.login("supervisor"))
    page = sign_in(made, "witness1").get(f"/tasks/{task.id}").text
    assert "请即登记" in page and "演示·监管督查" in page


def test_the_zip_holds_every_file_once(engine: ProcessEngine, prepared: tuple[Office, Web]) -> None:
    _, made = prepared
    data = made.client().get(f"/public/draws/{DRAW}/record.zip").data
    names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    assert sorted(names) == sorted(set(names)) and "commitment.json" in names
