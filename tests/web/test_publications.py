"""The desk where departments follow what is to be published, and what supervision sees of it."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from engine import accounts
from engine.actor import Actor
from engine.inspection.province import BeginPush, RecordPushTrouble
from engine.models import User
from engine.process_engine import ProcessEngine
from engine.web.app import create_app
from tests.support.publication_gate import PART, PLANTED, Gate

WORD = "a-long-word-2026"
HASH = accounts.hash_password(WORD)


@pytest.fixture
def gate(engine: ProcessEngine) -> Gate:
    gate = Gate(engine)
    with engine.database.write() as session:
        session.execute(sa.update(User).values(password_hash=HASH))
    return gate


def post(client: FlaskClient, page: str, path: str, **data: str) -> tuple[int, str]:
    """Post as the page's form would; returns the status and the page that follows."""
    token = re.search(r'name="csrf-token" content="([^"]+)"', client.get(page).text)
    assert token
    answer = client.post(path, data={"csrf_token": token[1], **data}, follow_redirects=True)
    return answer.status_code, answer.text


def browser(app: Flask, login: str) -> FlaskClient:
    client = app.test_client()
    post(client, "/sign-in", "/sign-in", login=login, password=WORD)
    return client


def test_the_desk_leads_from_the_countdown_to_receipt_correction_and_review(engine: ProcessEngine, gate: Gate) -> None:
    app = create_app(engine.settings, engine)
    officer, other, watch = (browser(app, login) for login in ("officer", "other", "watch"))
    assert "济南植入王氏小吃店" in officer.get("/publications").text
    assert "济南植入王氏小吃店" not in other.get("/publications").text
    gate.start("department-inspection", PART)
    task = officer.get(f"/tasks/{gate.task('publication_preview').id}").text
    marked = re.findall(r'<del class="masked"[^>]*>([^<]+)</del>', task)
    assert {PLANTED["identity"], PLANTED["bank"], PLANTED["home"]} <= set(marked) and "逐处核对" in task
    where = f"/tasks/{gate.task('publication_preview').id}"
    offered = gate.context("publication_preview")["hits"]
    typed = {f"hits-{n}-{key}": value for n, hit in enumerate(offered) for key, value in hit.items()}
    number = next(n for n, hit in enumerate(offered) if hit["found"] == PLANTED["landline"])
    kept = {f"hits-{number}-choice": "保留", f"hits-{number}-why": "单位总机", "masks-0-text": "责令改正"}
    status, drafted = post(
        officer, where, f"{where}/draft", decision="公示", redact_name="照常公示", **{**typed, **kept}
    )
    seen = " ".join(re.findall(r'<td data-label="公众看到">(.*?)</td>', drafted, re.DOTALL))
    assert status == 200 and PLANTED["landline"] in seen and "责令改正，" not in seen and "王氏小吃店" in seen
    gate.do(
        "publication_preview", "officer", **gate.masked(hits=[{**hit, "choice": "隐去"} for hit in offered], masks=[])
    )
    gate.do("second_signoff", "head", decision="同意")
    row = gate.publication()
    engine.execute(BeginPush(row.id), actor=Actor.system())
    engine.execute(RecordPushTrouble(row.id, "无法连接省平台", final=False), actor=Actor.system())
    page = f"/publications/{row.id}"
    assert "无法连接省平台" in officer.get("/publications?tab=unreported").text
    shown = officer.get(page).text
    assert "自动再试" in shown and "申请更正" in shown and "登记纸质回执" in shown
    assert other.get(page).status_code == 404 and other.get("/publications/none").status_code == 404
    assert "申请更正" not in watch.get(page).text and "登记纸质回执" not in watch.get(page).text
    status, again = post(officer, page, f"{page}/receipt", number="纸质第7号", received_on="", note="窗口报送")
    assert status == 422 and "请填写回执日期" in again and "纸质第7号" in again and "窗口报送" in again
    assert post(other, "/publications", f"{page}/receipt", number="1")[0] == 404
    assert post(watch, "/publications", f"{page}/correction", kind="更正")[0] == 403
    status, form = post(officer, page, f"{page}/correction", kind="撤回")
    assert status == 200 and "公开的说明" in form
    assert "正在办理更正或者撤回" in officer.get(page).text
    assert "撤回" in watch.get("/publications?tab=corrections").text
    status, done = post(
        officer, page, f"{page}/receipt", number="纸质第7号", received_on="2026-03-02", note="窗口报送，回执存卷"
    )
    assert status == 200 and "纸质第7号（纸质回执）" in done


def test_what_is_withheld_is_listed_for_supervision_with_its_ground_and_can_be_reviewed_early(
    engine: ProcessEngine, gate: Gate
) -> None:
    gate.start("department-inspection", PART)
    gate.do("publication_preview", "officer", decision="不予公开", legal_ground="privacy", review_on="2026-06-01",
            ground_note="涉及个人隐私，隐去后无法辨认。")  # fmt: skip
    gate.do("second_signoff", "head", decision="同意")
    app = create_app(engine.settings, engine)
    watch = browser(app, "watch")
    listed = watch.get("/publications?tab=withheld").text
    assert "第十五条" in listed and "承办甲、科长乙" in listed and "2026-06-01" in listed
    page = f"/publications/{gate.publication().id}"
    assert "提前复查" in watch.get(page).text and "公众页面" not in watch.get(page).text
    status, again = post(watch, page, f"{page}/review", reason=" ")
    assert status == 422 and "请写明提前复查的原因" in again
    status, _ = post(watch, page, f"{page}/review", reason="当事人同意公开")
    assert status == 200
    assert gate.task("review").name == "复查不予公开"
    assert "第十五条" not in browser(app, "other").get("/publications?tab=withheld").text
